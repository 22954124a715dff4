"""model info: what a model file holds."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

from latent_studio.app.tasks.picture_options import family_option, model_option
from latent_studio.core.jobs import Progress
from latent_studio.core.options import check_options, option

if TYPE_CHECKING:
    from latent_studio.app.class_names import ClassNames
    from latent_studio.app.library import Origin
    from latent_studio.app.studio import Studio
    from latent_studio.checkpoints.checkpoint import Checkpoint, Provenance
    from latent_studio.core.jobs import CancelToken, ProgressSink
    from latent_studio.core.spec import GeneratorSpec
    from latent_studio.engine.estimate import Estimate


@dataclass(frozen=True, slots=True)
class ModelInfoOptions:
    """Which model, and how to say it."""

    model: str = model_option()
    json: bool = option(False, help="As JSON, for other programs.")
    family: str | None = family_option()


@dataclass(frozen=True, slots=True)
class ModelInfoResult:
    """A model's facts: the verdict on a file.

    Attributes:
        provenance: the file.
        spec: the generator in it.
        estimate: what it takes in memory and time.
        seconds: of one picture on this computer's CPU, estimated.
        precision: of the numbers stored, such as ``"float32"``.
        names: of its classes, if they are known.
        origin: where a model of the library came from.
        as_json: what ``lines`` should look like.
    """

    provenance: Provenance
    spec: GeneratorSpec
    estimate: Estimate
    seconds: float
    precision: str
    names: ClassNames | None = None
    origin: Origin | None = None
    as_json: bool = False

    @property
    def facts(self) -> dict[str, object]:
        """Everything, as JSON knows it."""
        provenance = self.provenance
        return {
            "name": provenance.name,
            "path": str(provenance.path),
            "format": provenance.format,
            "sha256": provenance.sha256,
            "size_bytes": provenance.size_bytes,
            "licence": provenance.licence,
            "notes": list(provenance.notes),
            "averaged": provenance.averaged,
            "precision": self.precision,
            "spaces": ["z", "w", "ws"] if self.spec.has_mapping else ["z", "ws"],
            "class_names": None if self.names is None else list(self.names.names),
            "class_names_guessed": self.names is not None and self.names.is_guessed,
            "origin": None if self.origin is None else asdict(self.origin),
            "estimate": {
                "weights_bytes": self.estimate.weights_bytes,
                "frame_bytes": self.estimate.frame_bytes,
                "multiply_adds": self.estimate.multiply_adds,
                "seconds_per_frame": self.seconds,
            },
            **asdict(self.spec),
        }

    @property
    def lines(self) -> tuple[str, ...]:
        """A table for people, or one JSON object."""
        if self.as_json:
            return (json.dumps(self.facts, indent=2, ensure_ascii=False),)
        provenance, spec = self.provenance, self.spec
        family = f"{spec.family}, {spec.variant}" if spec.variant else spec.family
        channels = {1: "grey", 3: "RGB", 4: "RGBA"}.get(spec.channels, f"{spec.channels} channels")
        average = {True: "yes, the average over training (EMA)", False: "no, the network in training"}
        rows = [
            ("name", provenance.name),
            ("family", family),
            ("picture", f"{spec.picture_size[1]} x {spec.picture_size[0]} {channels}"),
            ("z", str(spec.z_dim)),
            (
                "ws",
                f"{spec.num_ws} rows of {spec.w_dim}" + ("" if spec.has_mapping else ", no mapping network"),
            ),
            ("classes", self._classes_text()),
            ("stages", ", ".join(str(side) for side in spec.stage_resolutions)),
            *self._drawing_rows(),
            ("parameters", f"{spec.num_parameters:,} in {self.precision}"),
            (
                "average",
                "the file does not say" if provenance.averaged is None else average[provenance.averaged],
            ),
            (
                "memory",
                f"about {self.estimate.weights_bytes / 1e6:.0f} MB, and {self.estimate.frame_bytes / 1e6:.0f}"
                " MB for a picture, estimated",
            ),
            ("time", f"about {_time_text(self.seconds)} for a picture on this CPU, estimated"),
            ("file", f"{provenance.path} ({provenance.size_bytes / 1e6:.1f} MB)"),
            ("format", f"{provenance.format}, read as data"),
            ("sha256", provenance.sha256),
            ("licence", provenance.licence or "not stated"),
            *([] if self.origin is None else [("from", f"{self.origin.source} ({self.origin.sha256})")]),
            *(("note", note) for note in provenance.notes),
        ]
        return tuple(f"{name:<11} {value}" for name, value in rows)

    def _classes_text(self) -> str:
        if not self.spec.c_dim:
            return "none"
        if self.names is None:
            return str(self.spec.c_dim)
        shown = ", ".join(self.names.names[:3]) + (", …" if len(self.names.names) > 3 else "")
        source = f"{self.names.data_set}'s by their number" if self.names.is_guessed else "named in the file"
        return f"{self.spec.c_dim}, {source}: {shown}"

    def _drawing_rows(self) -> list[tuple[str, str]]:
        spec = self.spec
        rows = []
        if spec.can_move:
            rows.append(("input", "can be moved and turned"))
        if spec.highest_lod:
            rows.append(("lod", f"{spec.lod:g}, up to {spec.highest_lod}"))
        if spec.sizes:
            rows.append(("sizes", f"{spec.sizes[0]} to {spec.sizes[-1]} px in {len(spec.sizes)} steps"))
        return rows


def run_model_info(
    studio: Studio, options: ModelInfoOptions, progress: ProgressSink, cancel: CancelToken
) -> ModelInfoResult:
    """Read a model file and describe it. Nothing in the file is run.

    Raises:
        CheckpointError: the file cannot be used, or is of another family than asked; says why.
        OptionError: there is no such family.
        Cancelled: a stop was asked for.
    """
    from latent_studio.app.class_names import class_names
    from latent_studio.app.library import find_in_library, origin_of
    from latent_studio.checkpoints.open import open_checkpoint
    from latent_studio.engine.estimate import estimate, measured_speed
    from latent_studio.generators.catalog import build_generator

    check_options(options)
    path = find_in_library(options.model, studio.paths)
    checkpoint = open_checkpoint(
        path,
        family=options.family,
        progress=lambda fraction, message: progress(Progress(fraction, message)),
        check_cancel=cancel.check,
    )
    cancel.check()
    provenance, spec = checkpoint.provenance, build_generator(checkpoint).spec
    origin = origin_of(path, studio.paths)
    if origin is not None and origin.weights_sha256 != provenance.sha256:
        changed = "The file has changed since it came into the library: its hash is another one."
        provenance = replace(provenance, notes=(changed, *provenance.notes))
    wanted = estimate(checkpoint.tensors, spec)
    return ModelInfoResult(
        provenance,
        spec,
        wanted,
        wanted.seconds(measured_speed()),
        precision=_precision(checkpoint),
        names=class_names(spec, provenance.labels),
        origin=origin,
        as_json=options.json,
    )


def _precision(checkpoint: Checkpoint) -> str:
    """What most of the numbers are stored in."""
    counts: Counter[str] = Counter()
    for tensor in checkpoint.tensors.values():
        counts[str(tensor.dtype).removeprefix("torch.")] += tensor.numel()
    return counts.most_common(1)[0][0]


def _time_text(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds >= 1 else f"{1000 * seconds:.0f} ms"
