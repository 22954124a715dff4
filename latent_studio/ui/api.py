"""DockContext: what a dock is given, ours and those of plugins alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from latent_studio.app.open_document import OpenDocument
    from latent_studio.app.store import SessionStore
    from latent_studio.app.studio import Studio
    from latent_studio.ui.actions import Actions
    from latent_studio.ui.command_log import CommandLog
    from latent_studio.ui.comparison import Comparison
    from latent_studio.ui.direction_shelf import DirectionShelf
    from latent_studio.ui.dropped_files import DroppedFiles
    from latent_studio.ui.job_thread import JobThread
    from latent_studio.ui.messages import Messages
    from latent_studio.ui.model_menus import ModelMenus
    from latent_studio.ui.model_opener import ModelOpener
    from latent_studio.ui.navigation import Navigation
    from latent_studio.ui.pad_axes import PadAxes
    from latent_studio.ui.photo_desk import PhotoDesk
    from latent_studio.ui.plugin_bridge import PluginBridge
    from latent_studio.ui.preferences import Preferences
    from latent_studio.ui.render_controller import RenderController
    from latent_studio.ui.session_bridge import SessionBridge
    from latent_studio.ui.small_pictures import SmallPictures
    from latent_studio.ui.thumbnails import Thumbnails


@dataclass(frozen=True, slots=True)
class DockContext:
    """The parts of the window a dock may talk to; docks never talk to each other.

    Attributes:
        store: the session; changed on the GUI thread only.
        document: the file it belongs to, ratings, notes and pictures of steps.
        bridge: ``session_changed(old, new)``.
        models: the open model, and opening another.
        renders: pictures as they come.
        thumbnails: small pictures of slider ends.
        pictures: other small pictures, when there is time.
        jobs: long work.
        messages: news for the message bar.
        actions: everything the menus offer, by name.
        directions: the directions of the open model, with what the user says of them.
        pad: two directions that are moved together.
        comparison: which states are looked at side by side.
        dropped: who takes files dropped on the window.
        navigation: asking for other parts of the window to be shown.
        model_menus: recent and bundled models.
        photos: photos dropped so far, and searches for them.
        plugins: which are enabled, and what they add.
        studio: what jobs are given.
        preferences: the settings, and who is told when one changes.
        commands: what was done last that a verb can do too.
    """

    store: SessionStore
    document: OpenDocument
    bridge: SessionBridge
    models: ModelOpener
    renders: RenderController
    thumbnails: Thumbnails
    pictures: SmallPictures
    jobs: JobThread
    messages: Messages
    actions: Actions
    directions: DirectionShelf
    pad: PadAxes
    comparison: Comparison
    dropped: DroppedFiles
    navigation: Navigation
    model_menus: ModelMenus
    photos: PhotoDesk
    plugins: PluginBridge
    studio: Studio
    preferences: Preferences
    commands: CommandLog
