"""A studio without torch: it opens models that are only facts and renders with a ``FakeEngine``."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from latent_studio.app.direction_library import DirectionLibrary
from latent_studio.app.settings import Settings
from latent_studio.checkpoints.checkpoint import Provenance
from latent_studio.core.directions import DirectionInfo, LinearDirection
from latent_studio.core.errors import CorruptFileError, UnknownFormatError
from latent_studio.core.jobs import Progress
from latent_studio.core.session import ModelRef, Session
from latent_studio.core.spaces import Space
from latent_studio.core.spec import GeneratorSpec
from latent_studio.core.synthesis import SynthesisSettings
from latent_studio.engine.estimate import Estimate
from latent_studio.plugin_host.host import PluginHost
from tests.helpers.fake_engine import FakeEngine, pause

if TYPE_CHECKING:
    from latent_studio.app.paths import Paths
    from latent_studio.core.jobs import CancelToken, ProgressSink

SPEC = GeneratorSpec("stylegan2", 64, 3, 8, 8, 10, stage_resolutions=(16, 64), num_parameters=1_340_000)
CONDITIONAL = GeneratorSpec("stylegan2", 64, 3, 8, 8, 10, c_dim=5, stage_resolutions=(16, 64))

ESTIMATE = Estimate(8_000_000, (1_000_000,), 1e9, 8)


@dataclass(frozen=True)
class FakeModel:
    """What the window reads of a loaded model."""

    ref: ModelRef
    spec: GeneratorSpec
    provenance: Provenance
    directions: tuple[LinearDirection, ...]
    start: Session
    library: DirectionLibrary
    generator: object = None
    estimate: Estimate = ESTIMATE
    frame_seconds: float | None = 0.06


def fake_model(
    name: str, *, spec: GeneratorSpec = SPEC, sliders: int = 6, folder: Path | None = None
) -> FakeModel:
    """A model with straight directions ``e0``, ``e1``, … of sigma 2."""
    ref = ModelRef(name, f"{name}.safetensors", f"{name}-sha256")
    vectors = np.eye(sliders, spec.w_dim, dtype=np.float32) + 0.01
    directions = tuple(
        LinearDirection(
            f"sefa:{k}", f"e{k}", Space.W, vectors[k], sigma=2.0, info=DirectionInfo(source="sefa")
        )
        for k in range(sliders)
    )
    provenance = Provenance(Path(ref.path), "safetensors", ref.sha256, 5_550_000, name)
    start = Session(
        model=ref, synthesis=SynthesisSettings(truncation_psi=0.7, class_idx=0 if spec.c_dim else None)
    )
    library = DirectionLibrary(spec, directions, model_sha256=ref.sha256, folder=folder)
    return FakeModel(ref, spec, provenance, directions, start, library)


@dataclass
class FakeStudio:
    """Opens any name but those that begin with ``bad``.

    Attributes:
        plugin_seconds: see ``Settings``.
        load_s: time a model takes to load; it looks at its token meanwhile.
    """

    paths: Paths
    settings: Settings = field(default_factory=Settings)
    engine: FakeEngine = field(default_factory=FakeEngine)
    spec: GeneratorSpec = SPEC
    load_s: float = 0.0
    plugin_seconds: float = 60.0
    model: FakeModel | None = None

    @cached_property
    def plugins(self) -> PluginHost:
        return PluginHost(
            self.paths.config / "plugins.json", user=self.paths.data / "plugins", seconds=self.plugin_seconds
        )

    def load_model(
        self, name_or_path: str, *, family: str | None = None, progress: ProgressSink, cancel: CancelToken
    ) -> FakeModel:
        steps = 20
        for step in range(steps):
            cancel.check()
            pause(self.load_s / steps)
            progress(Progress(step / steps, "Reading"))
        name = Path(name_or_path).stem
        if family is not None and family != self.spec.family:
            raise UnknownFormatError(f"{name} is of another family.", hint="Let the program find out.")
        if name.startswith("bad"):
            raise CorruptFileError(f"{name} is cut short.", hint="Download it again.")
        return fake_model(name, spec=self.spec, folder=self.paths.data / "directions" / name)

    def adopt(self, model: FakeModel) -> None:
        self.engine.swap(model)
        self.model = model
