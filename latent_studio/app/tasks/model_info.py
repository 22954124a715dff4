"""model info: what a model file holds."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from latent_studio.app.tasks.picture_options import model_option
from latent_studio.core.jobs import Progress
from latent_studio.core.options import check_options, option

if TYPE_CHECKING:
    from latent_studio.app.studio import Studio
    from latent_studio.checkpoints.checkpoint import Provenance
    from latent_studio.core.jobs import CancelToken, ProgressSink
    from latent_studio.core.spec import GeneratorSpec


@dataclass(frozen=True, slots=True)
class ModelInfoOptions:
    """Which model, and how to say it."""

    model: str = model_option()
    json: bool = option(False, help="As JSON, for other programs.")


@dataclass(frozen=True, slots=True)
class ModelInfoResult:
    """A model's facts.

    Attributes:
        provenance: the file.
        spec: the generator in it.
        as_json: what ``lines`` should look like.
    """

    provenance: Provenance
    spec: GeneratorSpec
    as_json: bool = False

    @property
    def lines(self) -> tuple[str, ...]:
        """A table for people, or one JSON object."""
        provenance, spec = self.provenance, self.spec
        if self.as_json:
            facts = {
                "name": provenance.name,
                "path": str(provenance.path),
                "format": provenance.format,
                "sha256": provenance.sha256,
                "size_bytes": provenance.size_bytes,
                "licence": provenance.licence,
                "notes": list(provenance.notes),
                **asdict(spec),
            }
            return (json.dumps(facts, indent=2, ensure_ascii=False),)
        family = f"{spec.family}, {spec.variant}" if spec.variant else spec.family
        channels = {1: "grey", 3: "RGB", 4: "RGBA"}.get(spec.channels, f"{spec.channels} channels")
        rows = [
            ("name", provenance.name),
            ("family", family),
            ("picture", f"{spec.resolution} x {spec.resolution} {channels}"),
            ("z", str(spec.z_dim)),
            (
                "ws",
                f"{spec.num_ws} rows of {spec.w_dim}" + ("" if spec.has_mapping else ", no mapping network"),
            ),
            ("classes", str(spec.c_dim) if spec.c_dim else "none"),
            ("stages", ", ".join(str(side) for side in spec.stage_resolutions)),
            ("parameters", f"{spec.num_parameters:,}"),
            ("file", f"{provenance.path} ({provenance.size_bytes / 1e6:.1f} MB)"),
            ("format", f"{provenance.format}, read as data"),
            ("sha256", provenance.sha256),
            ("licence", provenance.licence or "not stated"),
            *(("note", note) for note in provenance.notes),
        ]
        return tuple(f"{name:<11} {value}" for name, value in rows)


def run_model_info(
    studio: Studio, options: ModelInfoOptions, progress: ProgressSink, cancel: CancelToken
) -> ModelInfoResult:
    """Read a model file and describe it. Nothing in the file is run.

    Raises:
        CheckpointError: the file cannot be used; says why.
        Cancelled: a stop was asked for.
    """
    from latent_studio.app.library import find_in_library
    from latent_studio.checkpoints.open import open_checkpoint
    from latent_studio.generators.catalog import build_generator

    check_options(options)
    checkpoint = open_checkpoint(
        find_in_library(options.model, studio.paths),
        progress=lambda fraction, message: progress(Progress(fraction, message)),
        check_cancel=cancel.check,
    )
    cancel.check()
    return ModelInfoResult(checkpoint.provenance, build_generator(checkpoint).spec, options.json)
