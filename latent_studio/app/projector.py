"""Projector: searches latents on the open model; remembers what every search needs again."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from latent_studio.core.errors import InputError
from latent_studio.core.jobs import Progress
from latent_studio.core.latent import Latent
from latent_studio.core.noise_maps import FoundNoise
from latent_studio.core.render import Frame, Quality, RenderRequest
from latent_studio.core.spaces import Space
from latent_studio.core.spec import require_square
from latent_studio.methods.projection.rungs import Start

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    from latent_studio.app.models import LoadedModel
    from latent_studio.app.paths import Paths
    from latent_studio.app.stored_latents import StoredLatent
    from latent_studio.core.jobs import CancelToken, ProgressSink
    from latent_studio.core.session import Session
    from latent_studio.engine.engine import Engine
    from latent_studio.generators.protocol import NoiseMaps
    from latent_studio.methods.projection.latent_stats import LatentStats
    from latent_studio.methods.projection.loss_weights import LossWeights
    from latent_studio.methods.projection.lpips_net import LossName
    from latent_studio.methods.projection.objective import FaceNet, PictureNet
    from latent_studio.methods.projection.pivotal import Tuned, TuneStep
    from latent_studio.methods.projection.published import PublishedSettings
    from latent_studio.methods.projection.rungs import Look, Projection, Rung
    from latent_studio.methods.projection.settings import ProjectionSettings

#: A preview crosses to whoever watches this often at most.
_PREVIEW_SECONDS = 0.25
#: Side at most of the pictures of the way.
FRAME_SIDE = 512


@dataclass(frozen=True, slots=True)
class Aim:
    """What a search took for a good picture.

    Attributes:
        loss: which perceptual network.
        weights: what counted how much; ``None`` for a published method, which has its own.
        has_face: the crop shows a face, so that likeness of the person means something.
    """

    loss: LossName = "st-lpips"
    weights: LossWeights | None = None
    has_face: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """What a search found for a crop.

    Attributes:
        projection: all its rungs.
        crop: ``(R, R, 3)`` uint8, the target.
        model_sha256: of the model it was found on.
        frames: pictures on the way, ``(r, r, 3)`` uint8, if they were asked for.
        aim: what counted, so that tuning goes on in the same way.
    """

    projection: Projection
    crop: NDArray[np.uint8]
    model_sha256: str
    frames: tuple[NDArray[np.uint8], ...] = ()
    aim: Aim = field(default_factory=lambda: Aim())


class Projector:
    """Searches on one engine.

    Args:
        engine: its background steps do the work, so that sliders stay live.
        paths: where the user's encoders are.
        loss: which perceptual network; values of two cannot be compared.
    """

    def __init__(self, engine: Engine, paths: Paths, *, loss: LossName = "st-lpips") -> None:
        self._engine = engine
        self._paths = paths
        self._loss: LossName = loss
        self._net: PictureNet | None = None
        self._face_net: FaceNet | None = None
        self._stats: dict[tuple[str, int], LatentStats] = {}

    def project(
        self,
        model: LoadedModel,
        crop: NDArray[np.uint8],
        settings: ProjectionSettings | PublishedSettings,
        *,
        class_idx: int = 0,
        start: Start | None = None,
        frames: int = 0,
        has_face: bool = False,
        progress: ProgressSink,
        cancel: CancelToken,
    ) -> Found:
        """Search for a crop's latent. A cancel returns the best so far, if there is any.

        Args:
            model: the one to search on; it may be closed in the window meanwhile.
            crop: ``(S, S, 3)`` uint8 RGB; brought to the model's size.
            settings: of our own search, or a published one.
            class_idx: label of a conditional model.
            start: an earlier result to go on from.
            frames: keep about this many pictures of the way.
            has_face: the crop was made from a face, so that likeness of the person means something.
            progress: told about ten times a second, with a preview.
            cancel: stops the search.

        Raises:
            LatentStudioError: the search cannot begin.
            Cancelled: a stop was asked for before there was anything to keep.
        """
        from latent_studio.methods.projection.ladder import project
        from latent_studio.methods.projection.latent_stats import latent_stats
        from latent_studio.methods.projection.objective import Target
        from latent_studio.methods.projection.published import PublishedSettings, project_published

        generator = model.generator
        require_square(generator.spec)
        step = self._engine.job_step
        progress(Progress(None, "Looking at the model"))
        key = (model.ref.sha256, class_idx)
        if key not in self._stats:
            self._stats = {key: latent_stats(generator, class_idx=class_idx, step=step)}
        cancel.check()
        target = Target(
            _tensor(crop, generator.spec.resolution, generator.device),
            self._perceptual(),
            self._person(model) if has_face else None,
        )
        if generator.spec.channels == 1:
            target.image = target.image.mean(1, keepdim=True).expand(-1, 3, -1, -1)
        watcher = _Watcher(progress, frames, settings)
        if isinstance(settings, PublishedSettings):
            found = project_published(
                generator, target, settings, step=step, stats=self._stats[key], class_idx=class_idx,
                encoded=self._encoded(model, target.image), report=watcher.see, check_cancel=cancel.check,
            )  # fmt: skip
        else:
            encoded = (
                self._encoded(model, target.image) if settings.start == "encoder" and not start else None
            )
            found = project(
                generator, target, settings, step=step, start=start, encoded=encoded, class_idx=class_idx,
                stats=self._stats[key], report=watcher.see, check_cancel=cancel.check,
            )  # fmt: skip
        pixels = np.asarray(
            ((target.image[0].permute(1, 2, 0) + 1) * 127.5).round().clamp(0, 255).cpu().numpy(), np.uint8
        )
        weights = None if isinstance(settings, PublishedSettings) else settings.weights
        aim = Aim(self._loss, weights, has_face)
        return Found(found, pixels, model.ref.sha256, tuple(watcher.frames), aim)

    def tune(
        self,
        model: LoadedModel,
        found: Found,
        *,
        steps: int,
        class_idx: int = 0,
        progress: ProgressSink,
        cancel: CancelToken,
    ) -> Tuned:
        """Bend the model's weights around the best latent; the model itself stays as it is.

        What counts is what counted in the search.

        Raises:
            UnsupportedOperationError: weights of this family cannot be bent.
        """
        from latent_studio.methods.projection.objective import Target
        from latent_studio.methods.projection.pivotal import TuneSettings, tune

        generator, best = model.generator, found.projection.best
        image = _tensor(found.crop, generator.spec.resolution, generator.device)
        aim = found.aim
        target = Target(image, self._perceptual(), self._person(model) if aim.has_face else None)
        settings = TuneSettings(steps=steps)
        if aim.weights is not None:
            settings = replace(settings, weights=aim.weights)
        latent = best.latent
        if best.space == "z" and generator.spec.has_mapping:
            with self._engine.job_step():
                latent = self._mapped(model, latent, class_idx)

        def report(at: TuneStep) -> None:
            message = f"tuning: {at.per_second:.1f} steps/s, {_duration(at.seconds_left)} left"
            rates = {"steps/s": at.per_second, "seconds left": at.seconds_left}
            progress(Progress(at.done / steps, message, metrics={**at.losses, **rates}))

        return tune(
            generator, target, latent, best.noise, settings, step=self._engine.job_step,
            class_idx=class_idx, report=report, check_cancel=cancel.check,
        )  # fmt: skip

    @staticmethod
    def _mapped(model: LoadedModel, z: Tensor, class_idx: int) -> Tensor:
        import torch

        from latent_studio.methods.projection.latent_stats import one_hot

        generator = model.generator
        with torch.no_grad():
            return generator.map(z[None].to(generator.device), one_hot(generator, class_idx, 1))[0]

    def canvas_start(self, model: LoadedModel, session: Session) -> Start:
        """What a session shows, edits and all, as the start of a search.

        Raises:
            LatentStudioError: the session does not fit the model.
        """
        import torch

        from latent_studio.engine.resolve import Resolver

        with self._engine.job_step(), torch.no_grad():
            ws = Resolver(model.generator).ws(RenderRequest.of(session, revision=0))
        return Start("w+", torch.from_numpy(ws), _maps_of(session.noise))

    def encode(self, model: LoadedModel, crop: NDArray[np.uint8]) -> NDArray[np.float32] | None:
        """What the model's encoder sees in a crop, ``(w_dim,)``; ``None`` if it has none."""
        generator = model.generator
        seen = self._encoded(model, _tensor(crop, generator.spec.resolution, generator.device))
        return None if seen is None else np.asarray(seen.cpu().numpy(), dtype=np.float32)

    def _encoded(self, model: LoadedModel, image: Tensor) -> Tensor | None:
        from pathlib import Path

        import torch

        from latent_studio.app.encoder_files import find_encoder

        found = find_encoder(Path(model.ref.path), model.ref.sha256, model.spec.w_dim, self._paths)
        if found is None:
            return None
        with self._engine.job_step(), torch.no_grad():
            seen: Tensor = found[0].to(image.device)(image)[0]
        return seen

    def _person(self, model: LoadedModel) -> FaceNet | None:
        from latent_studio.app.face_net import face_net_for

        if self._face_net is None:
            self._face_net = face_net_for(model.ref, self._engine.choice.device)
        return self._face_net

    def _perceptual(self) -> PictureNet:
        from latent_studio.methods.projection.lpips_net import load_picture_net

        if self._net is None:
            self._net = load_picture_net(self._loss, self._engine.choice.device)
        return self._net


class _Watcher:
    """Turns every evaluation into a report now and then, and keeps pictures for a film."""

    def __init__(
        self, progress: ProgressSink, frames: int, settings: ProjectionSettings | PublishedSettings
    ) -> None:
        self._progress = progress
        self._wanted = frames
        self._seen = 0
        self._shown = -1.0
        self.frames: list[NDArray[np.uint8]] = []

    def see(self, look: Look) -> None:
        """Take one evaluation."""
        from latent_studio.methods.projection.synthesis import at_side

        if self._wanted and look.fraction * self._wanted >= len(self.frames):
            self.frames.append(pixels_of(at_side(look.picture, min(look.picture.shape[-1], FRAME_SIDE))))
        self._seen += 1
        now = time.monotonic()
        preview = None
        if now - self._shown > _PREVIEW_SECONDS:
            self._shown = now
            preview = Frame(self._seen, Quality.COARSE, pixels_of(look.picture), 0.0)
        message = f"{look.rung}: {look.per_second:.1f} steps/s, {_duration(look.seconds_left)} left"
        self._progress(
            Progress(
                look.fraction,
                message,
                preview,
                {**look.losses, "steps/s": look.per_second, "seconds left": look.seconds_left},
            )
        )


def rung_latent(rung: Rung) -> tuple[Latent, FoundNoise | None]:
    """A rung's latent and noise as values of a session."""
    return latent_of_start(Start(rung.space, rung.latent, rung.noise))


def latent_of_start(start: Start) -> tuple[Latent, FoundNoise | None]:
    """The latent and noise that a search begins with, as values of a session."""
    noise = None
    if start.noise is not None:
        noise = FoundNoise([np.zeros((1, 1)) if one is None else one[0, 0].numpy() for one in start.noise])
    return Latent(Space(start.space), start.latent.numpy()), noise


def start_of(stored: StoredLatent) -> Start:
    """A latent from a file or a session as the start of a search."""
    import torch

    noise = _maps_of(stored.noise)
    latent = torch.from_numpy(np.array(stored.latent.values))
    match stored.latent.space:
        case Space.Z:
            return Start("z", latent, noise)
        case Space.W:
            return Start("w", latent, noise)
        case Space.W_PLUS:
            return Start("w+", latent, noise)
        case other:
            raise InputError(f"A search cannot begin in {other.value}.", hint="Begin in z, w or w+.")


def _maps_of(noise: FoundNoise | None) -> NoiseMaps | None:
    import torch

    if noise is None:
        return None
    return tuple(torch.from_numpy(np.array(one))[None, None] for one in noise.maps)


def pixels_of(picture: Tensor) -> NDArray[np.uint8]:
    """``(1, C, r, r)`` in [-1, 1] as ``(r, r, C)`` uint8, read-only; what is not finite is grey."""
    shown = picture[0].detach().float().nan_to_num(0, 1, -1).permute(1, 2, 0)
    pixels = np.asarray((shown * 127.5 + 128).clamp(0, 255).cpu().numpy(), dtype=np.uint8)
    pixels.flags.writeable = False
    return pixels


def error_map(crop: NDArray[np.uint8], picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Where two pictures differ: ``(H, W, 3)`` uint8, black through red to yellow at a difference of 64."""
    difference = np.abs(crop.astype(np.float32) - picture.astype(np.float32)).mean(2) / 64
    heat = np.stack([difference * 2, difference * 2 - 1, difference * 0], axis=2)
    return np.asarray((heat.clip(0, 1) * 255).round(), dtype=np.uint8)


def _tensor(crop: NDArray[np.uint8], side: int, device: object) -> Tensor:
    """``(1, 3, side, side)`` in [-1, 1]."""
    import torch
    from PIL import Image

    image = Image.fromarray(np.ascontiguousarray(crop))
    if image.size != (side, side):
        image = image.resize((side, side), Image.Resampling.LANCZOS)
    tensor = torch.from_numpy(np.array(image, dtype=np.float32)).permute(2, 0, 1)[None]
    return (tensor / 127.5 - 1).to(device)  # type: ignore[call-overload, no-any-return]


def _duration(seconds: float) -> str:
    whole = round(seconds)
    return f"{whole // 60} min {whole % 60} s" if whole >= 60 else f"{whole} s"
