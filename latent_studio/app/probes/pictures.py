"""Pictures: whether the bundled model opens, draws what it should, and how fast."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING

from latent_studio.app.probes.finding import Finding
from latent_studio.checkpoints.bundled import DEFAULT_MODEL, bundled_models_dir

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray

    from latent_studio.app.probes.finding import Examination
    from latent_studio.app.probes.stored_picture import StoredPicture
    from latent_studio.engine.engine import Engine

#: Pictures timed of each kind.
_ROUNDS = 7
#: First frames later than this make a slider feel slow.
_SLOW_SECONDS = 0.1


def look_at_pictures(examination: Examination) -> Iterator[Finding]:
    """Open the bundled model beside the open one, time its frames and compare one with the stored picture.

    Raises:
        LatentStudioError: the model cannot be opened or rendered.
    """
    from latent_studio.app.probes.stored_picture import FILE_NAME, read_stored_picture
    from latent_studio.engine.engine import Engine

    studio, cancel = examination.studio, examination.cancel
    model = studio.load_model(
        # By its place: a file of the model's name in the current folder must not stand in for it.
        bundled_models_dir() / DEFAULT_MODEL / f"{DEFAULT_MODEL}.safetensors",
        progress=lambda progress: examination.report((progress.fraction or 0.0) / 2, progress.message),
        cancel=cancel,
    )
    # The window goes on showing its own model meanwhile, so both engines pass through one gate.
    engine = Engine(
        studio.engine.choice, coarse_seconds=studio.settings.coarse_ms / 1000, gate=studio.engine.gate
    )
    engine.swap(model.generator)
    spec = model.spec
    yield Finding(
        "bundled model",
        "ok",
        f"{model.ref.name}: {spec.family}, {spec.resolution} px, {spec.num_parameters:,} parameters",
    )
    examination.report(0.5, "Comparing a picture")
    path = bundled_models_dir() / DEFAULT_MODEL / FILE_NAME
    if path.is_file():
        stored = read_stored_picture(path)
        if stored.model_sha256 != model.ref.sha256:
            yield Finding(
                "stored picture",
                "bad",
                "It was drawn by other weights than those of the bundled model.",
                "Install the program again. In a checkout with new weights: python scripts/renew_selftest.py",
            )
        else:
            yield _compared(stored, draw_stored(engine, stored.seed, stored.truncation_psi))
    else:
        yield Finding("stored picture", "warn", "This copy came without one.", "Install the program again.")
    examination.report(0.6, "Timing pictures")
    yield _speed(engine, examination)


def draw_stored(engine: Engine, seed: int, truncation_psi: float) -> NDArray[np.uint8]:
    """The sharp picture that a stored one is compared with, ``(H, W, C)`` uint8."""
    from latent_studio.core.render import RenderRequest
    from latent_studio.core.seed_plane import SeedPoint
    from latent_studio.core.synthesis import SynthesisSettings

    request = RenderRequest(
        0, base=SeedPoint(seed), synthesis=SynthesisSettings(truncation_psi=truncation_psi)
    )
    return engine.render_final(request).pixels


def _compared(stored: StoredPicture, pixels: NDArray[np.uint8]) -> Finding:
    from latent_studio.app.probes.stored_picture import TOLERANCE

    name = "stored picture"
    difference = stored.largest_difference(pixels)
    if difference is None:
        return Finding(name, "bad", "The picture has another size than the stored one.", _WRONG)
    fact = f"differs by {difference:.1f} of 255 grey levels at most; {TOLERANCE:g} are fine"
    if difference > TOLERANCE:
        return Finding(name, "bad", fact, _WRONG)
    return Finding(name, "ok", fact)


_WRONG = (
    "This device computes wrong pictures. Try --device cpu and --threads 1, and install torch again; "
    "please report it if it stays."
)


def _speed(engine: Engine, examination: Examination) -> Finding:
    """Median times of pictures from nothing: a seed each, so that no layer is known already."""
    from latent_studio.core.render import RenderRequest
    from latent_studio.core.seed_plane import SeedPoint

    cancel = examination.cancel
    requests = [RenderRequest(seed, base=SeedPoint(seed)) for seed in range(1, _ROUNDS + 3)]
    sharp = [frame.seconds for frame in engine.render_batch(requests, check_cancel=cancel.check)]
    examination.report(0.9, "Timing pictures")
    first, side = [], 0
    for seed in range(101, 101 + _ROUNDS):
        cancel.check()
        # The frames' iterator is left after the first one, as a fast drag does.
        frame = next(iter(engine.render(RenderRequest(seed, base=SeedPoint(seed)))))
        first.append(frame.seconds)
        side = int(frame.pixels.shape[0])
    # The first two warm caches up and teach the engine how long stages take.
    sharp_ms, first_ms = statistics.median(sharp[2:]) * 1e3, statistics.median(first) * 1e3
    full = engine.spec.resolution if engine.spec is not None else side
    kind = "sharp at once" if side == full else f"coarse, {side} px"
    threads = engine.stats().threads
    fact = f"sharp frame {sharp_ms:.1f} ms, first frame {first_ms:.1f} ms ({kind}); threads: {threads}"
    if first_ms > _SLOW_SECONDS * 1e3:
        return Finding(
            "speed", "warn", fact, "Sliders will feel slow. Close other programs and run the self-test again."
        )
    return Finding("speed", "ok", fact)
