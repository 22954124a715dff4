"""PluginHost: the plugins of one running program: which there are, which are enabled, what they add.

A plugin is used when the user has enabled it and its files are still those that were enabled. Its code is
imported when something of it is first used. Whatever it does wrong is kept here under its name.
"""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, cast

from latent_studio.core.api_version import API_VERSION
from latent_studio.core.errors import PluginError
from latent_studio.core.registry import Registry
from latent_studio.exporters.formats import FORMATS, Format
from latent_studio.methods.attributes.catalog import BUNDLED, PredictorEntry
from latent_studio.plugin_host.content import read_content
from latent_studio.plugin_host.discover import bundled_plugins_dir, find_plugins
from latent_studio.plugin_host.fence import Fault, Fence
from latent_studio.plugin_host.fenced import FencedDirectionSource, FencedExporter, FencedPredictor
from latent_studio.plugin_host.load import load_object
from latent_studio.plugin_host.panel_watch import PanelWatch
from latent_studio.plugin_host.trust import TrustFile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    import torch

    from latent_studio.exporters.film_settings import FilmSettings
    from latent_studio.exporters.protocol import Exporter
    from latent_studio.plugin_host.content import PluginContent
    from latent_studio.plugin_host.discover import FoundPlugin, Origin
    from latent_studio.plugin_host.manifest import Contribution, ContributionKind, Manifest

log = logging.getLogger(__name__)

#: ``off``: not enabled. ``on``: enabled. ``changed``: enabled with other files than there are now, so off.
#: ``failed``: enabled, and something went wrong. ``unusable``: cannot be enabled.
PluginState = Literal["off", "on", "changed", "failed", "unusable"]

#: How long a plugin's code may take without a sign of life, where the settings do not say.
USUAL_SECONDS = 60.0

_ANY_FPS = (0.01, 1000.0)


@dataclass(frozen=True, slots=True)
class PluginStatus:
    """How a plugin stands, ready to show.

    Attributes:
        id: of the plugin; the folder's name where the manifest cannot be read.
        folder: where it is.
        origin: how it was found.
        manifest: what it says of itself; ``None`` where that cannot be read.
        state: see ``PluginState``.
        problem: one sentence on what is wrong; empty when nothing is.
        details: the traceback, to copy.
        sha256: of its files; empty where they cannot be read.
    """

    id: str
    folder: Path
    origin: Origin
    manifest: Manifest | None
    state: PluginState
    problem: str = ""
    details: str = ""
    sha256: str = ""

    @property
    def name(self) -> str:
        """What the user sees."""
        return self.manifest.name if self.manifest is not None else self.id

    @property
    def is_enabled(self) -> bool:
        """Whether what it adds is offered."""
        return self.state in ("on", "failed")

    @property
    def can_enable(self) -> bool:
        """Whether the user may switch it on."""
        return self.state in ("off", "changed")


@dataclass(frozen=True, slots=True)
class PluginDock:
    """A panel that a plugin adds.

    Attributes:
        plugin: its plugin's id.
        id: unique among all docks.
        title: what the user sees.
        area: ``left``, ``right`` or ``bottom``.
    """

    plugin: str
    id: str
    title: str
    area: str


@dataclass(slots=True)
class _Plugin:
    found: FoundPlugin
    content: PluginContent | None = None
    problem: str = ""
    #: What went wrong since the program began, the latest last.
    faults: list[Fault] = field(default_factory=list)
    is_hung: bool = False


class PluginHost:
    """Finds plugins when first asked; safe to ask from any thread.

    Args:
        trust: file that remembers which plugins are enabled.
        user: folder of the user's own plugins; ``None`` for none.
        given: further folders: a plugin each, or with one folder per plugin.
        bundled: folder of those that come with the program.
        seconds: how long a plugin's code may take without a sign of life.
    """

    def __init__(
        self,
        trust: Path,
        *,
        user: Path | None = None,
        given: Sequence[Path] = (),
        bundled: Path | None = None,
        seconds: float = USUAL_SECONDS,
    ) -> None:
        self._trust = TrustFile(trust)
        self._user = user
        self._given = tuple(given)
        self._bundled = bundled if bundled is not None else bundled_plugins_dir()
        self._seconds = seconds
        self._lock = threading.RLock()
        self._plugins: dict[Path, _Plugin] | None = None
        self._listeners: list[Callable[[], None]] = []
        self._said: set[str] = set()
        #: Who is at work where nothing can stop it.
        self.panels = PanelWatch(trust.with_name("plugin-panel.json"))

    @property
    def user_folder(self) -> Path | None:
        """Where the user's own plugins are; it need not exist."""
        return self._user

    # What there is

    def statuses(self) -> tuple[PluginStatus, ...]:
        """How every plugin stands, in the order of searching."""
        enabled = self._trust.read()
        with self._lock:
            return tuple(_status(plugin, enabled) for plugin in self._all())

    def status(self, id: str) -> PluginStatus:
        """How one stands.

        Raises:
            PluginError: there is none of that id; lists those there are.
        """
        statuses = self.statuses()
        for one in statuses:
            if one.id == id:
                return one
        known = ", ".join(sorted({one.id for one in statuses})) or "none"
        raise PluginError(id, f"There is no plugin {id!r}.", hint=f"There are: {known}.")

    def rescan(self) -> None:
        """Look for plugins again; what went wrong before is forgotten, but for those that hang."""
        with self._lock:
            before = self._plugins or {}
            self._plugins = None
            for plugin in self._all():
                old = before.get(plugin.found.folder)
                if old is not None and old.is_hung:
                    plugin.is_hung, plugin.faults = True, old.faults
        self._tell()

    def listen(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Hear when a plugin is enabled, disabled or fails, on whichever thread that happens.

        Returns:
            A function that stops it.
        """
        self._listeners.append(listener)

        def unlisten() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)

        return unlisten

    # Enabling

    def enable(self, id: str, *, check_cancel: Callable[[], None] | None = None) -> PluginStatus:
        """Enable a plugin with the files it has now, and import what it adds, to find out whether it works.

        From here on its code runs with the user's rights.

        Args:
            id: of the plugin.
            check_cancel: asked while it is imported; raises to stop waiting.

        Returns:
            How it stands: ``failed`` when it cannot be imported; it stays enabled, so that it can be mended
            and tried again.

        Raises:
            PluginError: there is none of that id, it cannot be used, or the choice cannot be remembered.
        """
        plugin = self._plugin(id)
        # Anew: what is enabled is what is there now, not what was there at the start.
        self._read(plugin)
        if plugin.content is None or plugin.found.manifest is None:
            raise PluginError(id, plugin.problem, hint="It cannot be enabled.")
        if plugin.is_hung:
            raise PluginError(
                id, f"The plugin {plugin.found.manifest.name} hangs.", hint="Start the program again first."
            )
        try:
            self._trust.remember(id, plugin.content.sha256)
        except OSError as error:
            raise _cannot_remember(id, error) from error
        plugin.faults.clear()
        self._said.discard(id)
        log.info("Plugin %s enabled, %s, from %s", id, plugin.content.sha256[:12], plugin.found.folder)
        self.check(id, check_cancel=check_cancel)
        self._tell()
        return self.status(id)

    def check(self, id: str, *, check_cancel: Callable[[], None] | None = None) -> None:
        """Import everything an enabled plugin adds; what goes wrong is in its status afterwards."""
        plugin = self._plugin(id)
        for one in _contributions(plugin):
            fence = self._fence(plugin)
            try:
                fence.call("was imported", self._callable(plugin, one), check_cancel=check_cancel)
            except PluginError:
                break
            finally:
                fence.close()

    def disable(self, id: str) -> PluginStatus:
        """Disable a plugin. What it added is no longer offered; code that is already running goes on.

        Raises:
            PluginError: there is none of that id, or the choice cannot be remembered.
        """
        plugin = self._plugin(id)
        try:
            self._trust.forget(id)
        except OSError as error:
            raise _cannot_remember(id, error) from error
        if not plugin.is_hung:
            plugin.faults.clear()
        log.info("Plugin %s disabled", id)
        self._tell()
        return self.status(id)

    def changed_since_enabled(self) -> tuple[PluginStatus, ...]:
        """Plugins that are off because their files are no longer those that were enabled; each told once."""
        if not self._trust.read():
            return ()
        fresh = [one for one in self.statuses() if one.state == "changed" and one.id not in self._said]
        self._said |= {one.id for one in fresh}
        return tuple(fresh)

    def disable_crashed(self) -> PluginStatus | None:
        """Switch off the plugin whose panel was being made when a program ended, and say which it was."""
        id = self.panels.left_behind()
        if id is None or id not in self._trust.read():
            return None
        try:
            return self.disable(id)
        except PluginError as error:
            log.warning("%s", error)
            return None

    # What the enabled ones add

    def formats(self) -> tuple[Format, ...]:
        """The program's file formats, then those of plugins."""
        return (*FORMATS, *(made for made, _ in self._plugin_formats()))

    def predictors(self) -> Registry[PredictorEntry]:
        """The program's attribute predictors and those of plugins."""
        registry: Registry[PredictorEntry] = Registry("attribute predictor")
        for entry in BUNDLED:
            registry.register(entry.id, entry)
        for plugin, one in self._enabled("attributes", taken=set(registry)):

            def make(
                *, device: torch.device, plugin: _Plugin = plugin, one: Contribution = one
            ) -> FencedPredictor:
                return FencedPredictor(self._fence(plugin), make=self._callable(plugin, one), device=device)

            registry.register(
                one.id,
                PredictorEntry(
                    one.id,
                    one.title,
                    one.details["scope"],
                    make,
                    one.summary or f"added by the plugin {plugin.found.id}",
                    plugin.content.sha256 if plugin.content is not None else "",
                ),
            )
        return registry

    def direction_sources(self) -> tuple[FencedDirectionSource, ...]:
        """What finds directions, beside the program's own methods."""
        sources = []
        for plugin, one in self._enabled("direction_sources", taken=set()):
            make = partial(_made, self._callable(plugin, one))
            sources.append(FencedDirectionSource(self._fence(plugin), id=one.id, title=one.title, make=make))
        return tuple(sources)

    def direction_source(self, id: str) -> FencedDirectionSource:
        """One of them.

        Raises:
            PluginError: there is none of that id; lists those there are.
        """
        sources = {one.id: one for one in self.direction_sources()}
        if id not in sources:
            known = ", ".join(sorted(sources))
            raise PluginError(
                id,
                f"There is no direction source {id!r}.",
                hint=f"There are: {known}." if known else "Enable a plugin that has one: plugin list.",
            )
        return sources[id]

    def docks(self) -> tuple[PluginDock, ...]:
        """Panels for the window."""
        return tuple(
            PluginDock(plugin.found.id, one.id, one.title, one.details["area"])
            for plugin, one in self._enabled("docks", taken=set())
        )

    def load_dock(
        self, id: str, *, check_cancel: Callable[[], None] | None = None
    ) -> Callable[[object], object]:
        """Import a panel's maker, off the calling thread; it is called with a ``DockContext``, unfenced.

        Raises:
            PluginError: it is not there any more, or its import failed or hung.
        """
        for plugin, one in self._enabled("docks", taken=set()):
            if one.id == id:
                fence = self._fence(plugin)
                try:
                    made = fence.call("was imported", self._callable(plugin, one), check_cancel=check_cancel)
                finally:
                    fence.close()
                return cast("Callable[[object], object]", made)
        raise PluginError(id, f"The panel {id!r} is of a plugin that is not enabled.", hint="See: Plugins.")

    def report(self, plugin_id: str, error: BaseException, *, what: str) -> PluginError:
        """Name a plugin whose code failed where no fence stands, as its panels' does.

        Args:
            plugin_id: of the plugin.
            error: what it raised.
            what: what it was doing, as in "failed while it {what}".
        """
        plugin = self._plugin(plugin_id)
        told = self._fence(plugin).told(error, what)
        return told if isinstance(told, PluginError) else PluginError(plugin_id, str(told))

    def culprit(self, error: BaseException) -> str | None:
        """Id of the plugin whose code stands in a traceback, if one does."""
        frames = []
        trace = error.__traceback__
        while trace is not None:
            frames.append(trace.tb_frame.f_code.co_filename)
            trace = trace.tb_next
        with self._lock:
            for plugin in self._all():
                prefix = f"{plugin.found.folder}/"
                if plugin.found.manifest is not None and any(name.startswith(prefix) for name in frames):
                    return plugin.found.id
        return None

    # Inside

    def _all(self) -> tuple[_Plugin, ...]:
        with self._lock:
            if self._plugins is None:
                found = find_plugins(bundled=self._bundled, user=self._user, given=self._given)
                self._plugins = {one.folder: _Plugin(one) for one in found}
                enabled = self._trust.read()
                for plugin in self._plugins.values():
                    self._read(plugin)
                    status = _status(plugin, enabled)
                    if status.state == "changed":
                        log.warning("%s Enable it again if you trust the change.", status.problem)
            return tuple(self._plugins.values())

    def _read(self, plugin: _Plugin) -> None:
        """Read and hash its files, unless its manifest says already that it cannot be used."""
        plugin.content, plugin.problem = None, plugin.found.problem
        manifest = plugin.found.manifest
        if plugin.problem or manifest is None:
            return
        if manifest.api != API_VERSION:
            plugin.problem = (
                f"The plugin {manifest.name} is for version {manifest.api} of the plugin interface; this "
                f"program has version {API_VERSION}."
            )
            return
        try:
            plugin.content = read_content(plugin.found.folder)
        except PluginError as error:
            plugin.problem = error.title

    def _plugin(self, id: str) -> _Plugin:
        """The plugin of an id that counts: the first found.

        Raises:
            PluginError: there is none.
        """
        for plugin in self._all():
            if plugin.found.id == id:
                return plugin
        self.status(id)
        raise AssertionError(id)

    def _enabled(self, kind: ContributionKind, *, taken: set[str]) -> Iterator[tuple[_Plugin, Contribution]]:
        """Contributions of a kind whose ids are free; an id that is taken is a fault of the later plugin."""
        enabled = self._trust.read()
        if not enabled:
            # Nobody waits for a search of plugins who uses none.
            return
        taken = set(taken)
        for plugin in self._all():
            if not _status(plugin, enabled).is_enabled or plugin.is_hung:
                continue
            for one in _contributions(plugin):
                if one.kind != kind:
                    continue
                if one.id in taken:
                    title = f"The plugin {plugin.found.id} adds {one.id!r}, but that name is taken."
                    if title not in [fault.title for fault in plugin.faults]:
                        log.warning("%s", title)
                        plugin.faults.append(Fault(title))
                    continue
                taken.add(one.id)
                yield plugin, one

    def _plugin_formats(self) -> Iterator[tuple[Format, _Plugin]]:
        for plugin, one in self._enabled("exporters", taken={known.id for known in FORMATS}):

            def make(settings: FilmSettings, plugin: _Plugin = plugin, one: Contribution = one) -> Exporter:
                return FencedExporter(
                    self._fence(plugin),
                    id=one.id,
                    suffix=one.details["suffixes"][0],
                    make=self._callable(plugin, one),
                    settings=settings,
                )

            yield Format(one.id, one.title, one.details["suffixes"], _ANY_FPS, make), plugin

    def _fence(self, plugin: _Plugin) -> Fence:
        manifest = plugin.found.manifest

        def take(fault: Fault) -> None:
            plugin.faults.append(fault)
            # Told from the thread that waited, which may be any.
            self._tell()

        def hang() -> None:
            plugin.is_hung = True

        return Fence(
            manifest.name if manifest is not None else plugin.found.id,
            seconds=self._seconds,
            on_fault=take,
            on_hang=hang,
        )

    def _loader(self, plugin: _Plugin, one: Contribution) -> Callable[[], object]:
        content = plugin.content

        def load() -> object:
            if content is None:
                raise PluginError(plugin.found.id, plugin.problem)
            return load_object(content, plugin.found.id, one.object)

        return load

    def _callable(self, plugin: _Plugin, one: Contribution) -> Callable[[], Callable[..., Any]]:
        load = self._loader(plugin, one)

        def checked() -> Callable[..., Any]:
            made = load()
            if not callable(made):
                raise TypeError(f"{one.object} is no function or class")
            return made

        return checked

    def _tell(self) -> None:
        for listener in tuple(self._listeners):
            listener()


def _made(load: Callable[[], Callable[..., Any]]) -> object:
    return load()()


def _contributions(plugin: _Plugin) -> tuple[Contribution, ...]:
    return plugin.found.manifest.contributions if plugin.found.manifest is not None else ()


def _status(plugin: _Plugin, enabled: object) -> PluginStatus:
    found, content = plugin.found, plugin.content
    digests = cast("dict[str, str]", enabled)
    state: PluginState
    problem, details = plugin.problem, ""
    if content is None:
        state = "unusable"
    elif found.id not in digests:
        state = "off"
    elif digests[found.id] != content.sha256:
        state = "changed"
        problem = (
            f"The files of the plugin {found.id} are not those that were enabled, so it is switched off."
        )
    elif plugin.faults:
        state, problem, details = "failed", plugin.faults[-1].title, plugin.faults[-1].details
    else:
        state = "on"
    return PluginStatus(
        found.id,
        found.folder,
        found.origin,
        found.manifest,
        state,
        problem,
        details,
        content.sha256 if content is not None else "",
    )


def _cannot_remember(id: str, error: OSError) -> PluginError:
    return PluginError(
        id,
        f"It cannot be remembered which plugins are enabled: {error.strerror or error}.",
        hint="Check the folder of the settings and the free space.",
    )
