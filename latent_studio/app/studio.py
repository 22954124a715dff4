"""Studio: wires paths, settings, engine and the open model. No globals, no Qt."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from latent_studio.app.paths import Paths
from latent_studio.app.settings import load_settings
from latent_studio.core.errors import ModelError
from latent_studio.core.jobs import CancelToken, ignore_progress

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from latent_studio.app.models import LoadedModel
    from latent_studio.app.settings import Settings
    from latent_studio.core.jobs import ProgressSink
    from latent_studio.engine.engine import Engine
    from latent_studio.plugin_host.host import PluginHost


class Studio:
    """One running program: command line, window and tests each make one.

    Making it is cheap; torch is imported when ``engine`` or a model is first asked for.

    Args:
        paths: where files live; the user's own by default.
        settings: preferences; read from ``paths`` by default.
        plugin_dirs: further folders to look for plugins in.
    """

    def __init__(
        self,
        paths: Paths | None = None,
        settings: Settings | None = None,
        *,
        plugin_dirs: Sequence[Path] = (),
    ) -> None:
        self.paths = paths or Paths.choose()
        self.settings = settings or load_settings(self.paths)
        self._plugin_dirs = tuple(plugin_dirs)
        self._model: LoadedModel | None = None

    @cached_property
    def engine(self) -> Engine:
        """The engine on the device of the settings; imports torch.

        Raises:
            DeviceUnavailableError: CUDA was asked for and is not there.
        """
        # Memory and threads must be set up before torch is imported.
        from latent_studio.engine.process import prepare_process

        prepare_process()
        from latent_studio.engine.device import choose_device
        from latent_studio.engine.engine import Engine

        choice = choose_device(self.settings.device, threads=self.settings.threads or None)
        return Engine(
            choice,
            cache_bytes=self.settings.cache_mb << 20,
            coarse_seconds=self.settings.coarse_ms / 1000,
        )

    @cached_property
    def plugins(self) -> PluginHost:
        """Plugins, and what the enabled ones add. Looks for them at the first question, imports none."""
        from latent_studio.plugin_host.host import PluginHost

        return PluginHost(
            self.paths.config / "plugins.json",
            user=self.paths.data / "plugins",
            given=self._plugin_dirs,
            seconds=self.settings.plugin_seconds,
        )

    @property
    def model(self) -> LoadedModel:
        """The open model.

        Raises:
            ModelError: none is open.
        """
        if self._model is None:
            raise ModelError("No model is open.", hint="Open one first: File > Open model.")
        return self._model

    def load_model(
        self,
        name_or_path: str | Path,
        *,
        family: str | None = None,
        progress: ProgressSink = ignore_progress,
        cancel: CancelToken | None = None,
    ) -> LoadedModel:
        """Read a model and get it ready, leaving the open one as it is.

        Args:
            name_or_path: a file, or a name of the library.
            family: id in the generator catalogue to read it as; ``None`` finds out.
            progress: told what is going on.
            cancel: looked at between steps.

        Raises:
            CheckpointError: the file cannot be used, or is of another family.
            Cancelled: a stop was asked for.
        """
        # Asking for the engine first decides allocator, device and threads before the weights come in.
        device = self.engine.choice.device
        from latent_studio.app.models import load_model

        return load_model(
            name_or_path,
            family=family,
            paths=self.paths,
            settings=self.settings,
            device=device,
            progress=progress,
            cancel=cancel or CancelToken(),
        )

    def adopt(self, model: LoadedModel) -> None:
        """Make a loaded model the open one. The engine waits for the stage it is in, then swaps."""
        self.engine.swap(model.generator, plan=model.plan)
        self._model = model

    def open_model(
        self,
        name_or_path: str | Path,
        *,
        progress: ProgressSink = ignore_progress,
        cancel: CancelToken | None = None,
    ) -> LoadedModel:
        """``load_model`` and ``adopt`` in one, for callers without a window."""
        model = self.load_model(name_or_path, progress=progress, cancel=cancel)
        self.adopt(model)
        return model

    def use_model(
        self,
        name_or_path: str | Path,
        *,
        progress: ProgressSink = ignore_progress,
        cancel: CancelToken | None = None,
    ) -> LoadedModel:
        """The open model if it has that name or is that file, else ``open_model``.

        A job of the window must not exchange the model somebody is looking at.
        """
        model = self._model
        if model is not None and str(name_or_path) in (model.ref.name, model.ref.path):
            return model
        return self.open_model(name_or_path, progress=progress, cancel=cancel)
