"""LoadedModel: a model ready to render, with the directions found on it."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import torch

from latent_studio.app.direction_cache import cache_path, read_directions, write_directions
from latent_studio.app.direction_library import DirectionLibrary
from latent_studio.app.library import find_in_library, origin_of
from latent_studio.app.recents import load_recents
from latent_studio.app.tuning_files import base_of, tuned_checkpoint, tuning_header
from latent_studio.checkpoints.open import open_checkpoint
from latent_studio.checkpoints.room import available_bytes
from latent_studio.core.files import replacing
from latent_studio.core.jobs import CancelToken, Progress, ignore_progress
from latent_studio.core.rows import format_rows
from latent_studio.core.session import ModelRef, Session
from latent_studio.core.synthesis import SynthesisSettings
from latent_studio.engine.calibrate import calibrate
from latent_studio.engine.estimate import estimate, measured_speed
from latent_studio.engine.memory_plan import plan_memory
from latent_studio.generators.catalog import build_generator
from latent_studio.generators.protocol import HalfPrecisionGenerator
from latent_studio.methods.sefa import find_sefa_directions

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from latent_studio.app.paths import Paths
    from latent_studio.app.settings import Settings
    from latent_studio.checkpoints.checkpoint import Checkpoint, Provenance
    from latent_studio.core.directions import LinearDirection
    from latent_studio.core.jobs import ProgressSink
    from latent_studio.core.spec import GeneratorSpec
    from latent_studio.engine.estimate import Estimate
    from latent_studio.engine.memory_plan import MemoryPlan
    from latent_studio.generators.protocol import Generator
    from latent_studio.methods.sefa import SefaVariant

log = logging.getLogger(__name__)

#: Latents drawn to learn how far w spreads along a direction.
_SPREAD_SAMPLES = 2000
#: What principal components are usually made of, and how many are kept.
PCA_SAMPLES = 20_000
PCA_COUNT = 20
#: Truncation a new document starts with where the model has a mapping network.
_START_PSI = 0.7


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """A model ready to render.

    Attributes:
        ref: name, place and hash.
        generator: on the CPU; the engine moves it to its device.
        provenance: where the weights came from and what was ignored.
        directions: SeFa directions over all rows, strongest first, as they were found; a tuned model has
            those of the model it was bent from.
        library: all directions there are for it, in banks; those of SeFa among them.
        start: the session a new document on this model begins with.
        estimate: what it takes in memory and time.
        frame_seconds: of one picture on the CPU, estimated; ``None`` on other devices.
        plan: what is given up for want of memory.
    """

    ref: ModelRef
    generator: Generator
    provenance: Provenance
    directions: tuple[LinearDirection, ...]
    library: DirectionLibrary
    start: Session
    estimate: Estimate
    plan: MemoryPlan
    frame_seconds: float | None = None

    @property
    def spec(self) -> GeneratorSpec:
        """Facts about the generator."""
        return self.generator.spec


def load_model(
    name_or_path: str | Path,
    *,
    family: str | None = None,
    paths: Paths,
    settings: Settings,
    device: torch.device,
    progress: ProgressSink,
    cancel: CancelToken,
) -> LoadedModel:
    """Read a model from a file or the library and get it ready. Slow; belongs in a job.

    Args:
        name_or_path: a file, or a library name such as ``"portraits"``.
        family: id in the generator catalogue to read it as; ``None`` finds out.
        paths: where the library is, and where found directions and measured forms are kept.
        settings: which directions to find, whether to measure.
        device: where the model will run; layers are measured if it is the CPU, where forms differ most.
        progress: told what is going on.
        cancel: checked between steps.

    Raises:
        CheckpointError: the file cannot be used; says why.
        Cancelled: a stop was asked for.
    """

    def report(start: float, end: float) -> Callable[[float, str], None]:
        return lambda fraction, message: progress(Progress(start + (end - start) * fraction, message))

    path = find_in_library(name_or_path, paths)
    seen = known_sha256(path, paths)
    checkpoint, base = _checkpoint_at(
        path, paths, family=family, progress=report(0.0, 0.6), check_cancel=cancel.check
    )
    cancel.check()
    progress(Progress(0.6, "Building the network"))
    generator = build_generator(checkpoint)
    taken = estimate(checkpoint.tensors, generator.spec)
    plan = plan_memory(
        taken,
        generator.spec,
        available=available_bytes() if device.type == "cpu" else free_bytes(device),
        cache_bytes=settings.cache_mb << 20,
        can_halve=device.type == "cuda" and isinstance(generator, HalfPrecisionGenerator),
    )
    cancel.check()
    if settings.measure_forms and device.type == "cpu":
        progress(Progress(0.7, "Measuring the fastest form of each layer"))
        generator = _calibrated(generator, paths)
    cancel.check()
    progress(Progress(0.9, "Finding directions"))
    provenance = checkpoint.provenance
    if seen not in ("", provenance.sha256):
        changed = "The file has changed since it was last opened or kept: its hash is another one."
        provenance = replace(provenance, notes=(changed, *provenance.notes))
    if plan.note:
        provenance = replace(provenance, notes=(*provenance.notes, plan.note))
    # Tuning leaves the mapping network alone, so everything known of the base model's w holds here as well.
    home, origin = provenance, generator
    if base is not None:
        home, origin = base.provenance, build_generator(base)
    directions = sefa_directions(
        origin, home.sha256, paths=paths, variant="genforce", layers=None, count=settings.sefa_count
    )
    seconds = taken.seconds(measured_speed()) if device.type == "cpu" else None
    ref = ModelRef(provenance.name, str(path.absolute()), provenance.sha256)
    components = known_pca_directions(home.sha256, paths=paths)
    library = DirectionLibrary.of_model(
        paths, home.sha256, generator.spec, (*directions, *components), model_file=home.path
    )
    progress(Progress(1.0, f"Opened {ref.name}"))
    start = _start_session(ref, generator.spec)
    return LoadedModel(ref, generator, provenance, directions, library, start, taken, plan, seconds)


def known_sha256(path: Path, paths: Paths) -> str:
    """The hash a file had when it was last opened, or came into the library; empty if it is new here."""
    origin = origin_of(path, paths)
    if origin is not None:
        return origin.weights_sha256
    place = path.absolute()
    return next((recent.sha256 for recent in load_recents(paths) if recent.path == place), "")


def free_bytes(device: torch.device) -> int:
    """Memory that is free on a CUDA device."""
    free, _ = torch.cuda.mem_get_info(device)
    return int(free)


def _checkpoint_at(
    path: Path,
    paths: Paths,
    *,
    family: str | None,
    progress: Callable[[float, str], None],
    check_cancel: Callable[[], None],
) -> tuple[Checkpoint, Checkpoint | None]:
    """The checkpoint in a file; of differences, their model with them added, and that model."""
    header = tuning_header(path)
    if header is None:
        return open_checkpoint(path, family=family, progress=progress, check_cancel=check_cancel), None
    base = open_checkpoint(
        base_of(path, header, paths), family=family, progress=progress, check_cancel=check_cancel
    )
    return tuned_checkpoint(path, base, header), base


def sefa_directions(
    generator: Generator,
    model_sha256: str,
    *,
    paths: Paths,
    variant: SefaVariant,
    layers: tuple[int, ...] | None,
    count: int | None,
) -> tuple[LinearDirection, ...]:
    """SeFa directions of a model, from the cache when they were found before.

    Args:
        generator: the model.
        model_sha256: its hash; the cache's key.
        paths: where the cache is.
        variant: which of the field's three forms of SeFa.
        layers: rows of ws to look at; ``None`` means all.
        count: how many, strongest first; ``None`` means all there are.
    """
    kind = f"sefa-{variant}-{format_rows(layers) if layers else 'all'}-{count or 'full'}"
    path = cache_path(paths, model_sha256, kind)
    found = read_directions(path)
    if found is None:
        found = find_sefa_directions(
            generator,
            model_sha256=model_sha256,
            variant=variant,
            layers=layers,
            count=count,
            ws_samples=sample_w(generator, _SPREAD_SAMPLES),
        )
        try:
            write_directions(found, path)
        except OSError as error:
            log.warning("Directions cannot be cached: %s", error)
    return tuple(found)


def pca_directions(
    generator: Generator,
    model_sha256: str,
    *,
    paths: Paths,
    samples: int = PCA_SAMPLES,
    count: int = PCA_COUNT,
    seed: int = 0,
    progress: ProgressSink = ignore_progress,
    cancel: CancelToken | None = None,
) -> tuple[LinearDirection, ...]:
    """Principal components of a model's latents, from the cache when they were found before.

    Args:
        generator: the model.
        model_sha256: its hash; the cache's key.
        paths: where the cache is.
        samples: latents that are looked at.
        count: how many directions.
        seed: of the latents.
        progress: told the fraction done.
        cancel: looked at between steps.

    Raises:
        OptionError: samples or count is too small.
        Cancelled: a stop was asked for.
    """
    from latent_studio.methods.pca import find_pca_directions

    path = cache_path(paths, model_sha256, f"pca-{samples}-{count}-{seed}")
    found = read_directions(path)
    if found is None:
        token = cancel or CancelToken()
        found = find_pca_directions(
            generator,
            model_sha256=model_sha256,
            samples=samples,
            count=count,
            seed=seed,
            progress=lambda done: progress(Progress(done, f"Looked at {done:.0%} of {samples:,} latents")),
            check_cancel=token.check,
        )
        try:
            write_directions(found, path)
        except OSError as error:
            log.warning("Principal components cannot be cached: %s", error)
    return tuple(found)


def known_pca_directions(model_sha256: str, *, paths: Paths) -> tuple[LinearDirection, ...]:
    """The principal components that were found before with the usual settings; none otherwise."""
    path = cache_path(paths, model_sha256, f"pca-{PCA_SAMPLES}-{PCA_COUNT}-0")
    return tuple(read_directions(path) or ())


def sample_w(generator: Generator, count: int, *, seed: int = 0) -> NDArray[np.float32]:
    """W of random z, without truncation; classes drawn evenly for conditional models.

    Returns:
        ``(count, w_dim)`` float32.
    """
    spec = generator.spec
    drawn = np.random.default_rng(seed)
    z = torch.from_numpy(drawn.standard_normal((count, spec.z_dim), dtype=np.float32)).to(generator.device)
    c = None
    if spec.c_dim:
        labels = torch.from_numpy(drawn.integers(spec.c_dim, size=count))
        c = torch.nn.functional.one_hot(labels, spec.c_dim).to(generator.device, torch.float32)
    with torch.inference_mode():
        w = torch.cat(
            [
                generator.map(z[i : i + 256], None if c is None else c[i : i + 256])[:, 0]
                for i in range(0, count, 256)
            ]
        )
    return np.asarray(w.cpu().numpy(), dtype=np.float32)


def _calibrated(generator: Generator, paths: Paths) -> Generator:
    """The generator with measured forms; the table is kept so that every face of the program agrees."""
    path = paths.cache / "forms.json"
    try:
        table = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        table = {}
    measured, new_table = calibrate(generator, table if isinstance(table, dict) else {})
    if new_table != table:
        try:
            with replacing(path) as file:
                file.write(json.dumps(new_table, indent=1, sort_keys=True).encode())
        except OSError as error:
            # Unsaved measurements might differ next time, and with them the last bit of a picture.
            log.warning("Measured forms cannot be saved, so the usual ones are used: %s", error)
            return generator
    return measured


def _start_session(ref: ModelRef, spec: GeneratorSpec) -> Session:
    synthesis = SynthesisSettings(
        truncation_psi=_START_PSI if spec.has_mapping else 1.0, class_idx=0 if spec.c_dim else None
    )
    return Session(model=ref, synthesis=synthesis)
