"""Actions: everything the window can do, each with text, shortcut, tooltip and name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QAction, QActionGroup, QKeySequence

from latent_studio.ui.icons import set_icon

if TYPE_CHECKING:
    from collections.abc import Iterator

    from PySide6.QtWidgets import QWidget


@dataclass(frozen=True, slots=True)
class ActionSpec:
    """One action.

    Attributes:
        name: the object name and the key to find it.
        group: the heading of the shortcuts sheet: the menu it is in.
        text: what the menu says.
        tooltip: one sentence on what it does.
        keys: shortcuts, the first one is shown.
        icon: name of the picture; may be empty.
        checkable: it is a switch.
    """

    name: str
    group: str
    text: str
    tooltip: str
    keys: tuple[str, ...] = ()
    icon: str = ""
    checkable: bool = False


class Actions(QObject):
    """Makes the actions and finds them by name. What they do is connected by the controllers.

    Args:
        window: owner of the actions; their shortcuts work all over it.
    """

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._actions: dict[str, QAction] = {}
        self._groups: dict[str, str] = {}
        for spec in self._specs():
            action = QAction(spec.text, window)
            action.setObjectName(f"action-{spec.name}")
            action.setToolTip(spec.tooltip)
            action.setStatusTip(spec.tooltip)
            action.setCheckable(spec.checkable)
            action.setShortcuts([QKeySequence(key) for key in spec.keys])
            action.setShortcutContext(Qt.ShortcutContext.WindowShortcut)
            window.addAction(action)
            self._actions[spec.name] = action
            self._groups[spec.name] = spec.group
            if spec.icon:
                set_icon(action, spec.icon)
        self._themes = QActionGroup(self)
        for name in ("theme_system", "theme_dark", "theme_light"):
            self._themes.addAction(self._actions[name])

    def __getitem__(self, name: str) -> QAction:
        return self._actions[name]

    def __iter__(self) -> Iterator[QAction]:
        return iter(self._actions.values())

    def by_group(self) -> dict[str, list[QAction]]:
        """The actions by heading, in the order of the menus."""
        found: dict[str, list[QAction]] = {}
        for name, action in self._actions.items():
            found.setdefault(self._groups[name], []).append(action)
        return found

    def _specs(self) -> tuple[ActionSpec, ...]:
        file, edit, view = self.tr("File"), self.tr("Edit"), self.tr("View")
        model, directions = self.tr("Model"), self.tr("Directions")
        export, help = self.tr("Export"), self.tr("Help")
        timeline = self.tr("Timeline")
        return (
            ActionSpec(
                "new_document",
                file,
                self.tr("New session"),
                self.tr("Begin a new history from the picture shown; the old one can be recovered."),
                ("Ctrl+N",),
                "plus",
            ),
            ActionSpec(
                "open_document",
                file,
                self.tr("Open session…"),
                self.tr("Open a session file with its picture, its sliders and its history."),
                ("Ctrl+Shift+O",),
                "folder",
            ),
            ActionSpec(
                "save_document",
                file,
                self.tr("Save session"),
                self.tr("Save picture, sliders, history and notes in one file."),
                ("Ctrl+S",),
                "save",
            ),
            ActionSpec(
                "save_document_as",
                file,
                self.tr("Save session as…"),
                self.tr("Save under another name and go on with that file."),
                ("Ctrl+Shift+S",),
            ),
            ActionSpec(
                "notes",
                file,
                self.tr("Session notes…"),
                self.tr("Your own words about this session, saved with it."),
            ),
            ActionSpec(
                "recover",
                file,
                self.tr("Recover…"),
                self.tr("Documents that were never saved, and earlier states of this one."),
                (),
                "recent",
            ),
            ActionSpec(
                "open_model",
                file,
                self.tr("Open model…"),
                self.tr("Open a generator from a file of any of the usual formats; no code in it is run."),
                ("Ctrl+O",),
                "open",
            ),
            ActionSpec(
                "open_latent",
                file,
                self.tr("Open latent…"),
                self.tr("Start from a latent out of a file, ours or another program's."),
            ),
            ActionSpec(
                "project_photo",
                file,
                self.tr("Project photo…"),
                self.tr("Choose photos, find their faces and search their latents."),
                ("Ctrl+Shift+P",),
                "image",
            ),
            ActionSpec(
                "library",
                file,
                self.tr("Library…"),
                self.tr("Models that came with the program, your own, and public ones to download."),
                ("Ctrl+Shift+L",),
                "library",
            ),
            ActionSpec(
                "predictors",
                file,
                self.tr("Predictors…"),
                self.tr("What reads attributes off pictures, and the weights that some of it needs."),
                (),
                "library",
            ),
            ActionSpec(
                "save_picture",
                file,
                self.tr("Save picture…"),
                self.tr("Save the sharp picture as PNG, with the recipe that made it inside."),
                ("Ctrl+Alt+S",),
                "image",
            ),
            ActionSpec(
                "copy_picture",
                file,
                self.tr("Copy picture"),
                self.tr("Put the sharp picture on the clipboard."),
                ("Ctrl+C",),
                "copy",
            ),
            ActionSpec(
                "copy_command",
                edit,
                self.tr("Copy as command"),
                self.tr("Put a command line that renders the picture shown on the clipboard."),
                ("Ctrl+Shift+C",),
                "copy",
            ),
            ActionSpec(
                "copy_python",
                edit,
                self.tr("Copy as Python"),
                self.tr("Put Python that makes the picture shown on the clipboard, for a notebook."),
                ("Ctrl+Alt+C",),
            ),
            ActionSpec(
                "copy_deed_command",
                edit,
                self.tr("Copy last action as command"),
                self.tr("Put the command line that does again what was done last on the clipboard."),
            ),
            ActionSpec(
                "copy_deed_python",
                edit,
                self.tr("Copy last action as Python"),
                self.tr("Put Python that does again what was done last on the clipboard."),
            ),
            ActionSpec("quit", file, self.tr("Quit"), self.tr("Close the window and all work."), ("Ctrl+Q",)),
            ActionSpec(
                "undo",
                edit,
                self.tr("Undo"),
                self.tr("Take the last change back; one gesture is one step."),
                ("Ctrl+Z",),
                "undo",
            ),
            ActionSpec(
                "redo",
                edit,
                self.tr("Redo"),
                self.tr("Do the change again that was taken back."),
                ("Ctrl+Shift+Z", "Ctrl+Y"),
                "redo",
            ),
            ActionSpec(
                "reset_edits",
                edit,
                self.tr("Reset all sliders"),
                self.tr("Take all edits away; undo brings them back."),
                ("Ctrl+Backspace",),
                "reset",
            ),
            ActionSpec(
                "settings",
                edit,
                self.tr("Settings…"),
                self.tr("Colours, language, size of text, computing and keys; every change holds at once."),
                ("Ctrl+,",),
                "gear",
            ),
            ActionSpec(
                "zoom_in",
                view,
                self.tr("Zoom in"),
                self.tr("Enlarge the picture."),
                ("Ctrl++", "Ctrl+="),
                "zoom-in",
            ),
            ActionSpec(
                "zoom_out", view, self.tr("Zoom out"), self.tr("Shrink the picture."), ("Ctrl+-",), "zoom-out"
            ),
            ActionSpec(
                "zoom_fit",
                view,
                self.tr("Fit picture"),
                self.tr("Show the whole picture."),
                ("Ctrl+0",),
                "fit",
            ),
            ActionSpec(
                "zoom_actual",
                view,
                self.tr("Actual size"),
                self.tr("One pixel of the picture on one of the screen."),
                ("Ctrl+1",),
                "zoom",
            ),
            ActionSpec(
                "compare",
                view,
                self.tr("Show before edits"),
                self.tr("See the picture without its edits; holding Space on the picture does the same."),
                ("B",),
                "compare",
                checkable=True,
            ),
            ActionSpec(
                "theme_system",
                view,
                self.tr("Theme of the system"),
                self.tr("Dark or light as the desktop is."),
                checkable=True,
            ),
            ActionSpec(
                "theme_dark",
                view,
                self.tr("Dark theme"),
                self.tr("Dark, always."),
                (),
                "moon",
                checkable=True,
            ),
            ActionSpec(
                "theme_light",
                view,
                self.tr("Light theme"),
                self.tr("Light, always."),
                (),
                "sun",
                checkable=True,
            ),
            ActionSpec(
                "full_screen",
                view,
                self.tr("Full screen"),
                self.tr("Give the window the whole screen."),
                ("F11",),
                checkable=True,
            ),
            ActionSpec(
                "reset_layout",
                view,
                self.tr("Reset layout"),
                self.tr("Put all panels back to where they were in the beginning."),
            ),
            ActionSpec(
                "next_panel",
                view,
                self.tr("Next panel"),
                self.tr("Give the keyboard to the next panel that is on the screen."),
                ("F6",),
            ),
            ActionSpec(
                "previous_panel",
                view,
                self.tr("Previous panel"),
                self.tr("Give the keyboard to the panel before."),
                ("Shift+F6",),
            ),
            ActionSpec(
                "random_seed",
                model,
                self.tr("Random seed"),
                self.tr("Jump to a seed drawn at random."),
                ("R",),
                "dice",
            ),
            ActionSpec(
                "next_seed",
                model,
                self.tr("Next seed"),
                self.tr("One seed further."),
                ("N",),
                "chevron-right",
            ),
            ActionSpec("previous_seed", model, self.tr("Previous seed"), self.tr("One seed back."), ("P",)),
            ActionSpec(
                "snap_seed",
                model,
                self.tr("Snap to nearest seed"),
                self.tr("From a place between seeds to the nearest whole one."),
                ("S",),
            ),
            ActionSpec(
                "blend_models",
                model,
                self.tr("Blend two models…"),
                self.tr("Make a model of some rows of one and the other rows of another of its family."),
            ),
            ActionSpec(
                "filter_sliders",
                directions,
                self.tr("Filter sliders"),
                self.tr("Type a part of a name to see only those sliders."),
                ("Ctrl+F",),
                "filter",
            ),
            ActionSpec(
                "sigma_unit",
                directions,
                self.tr("Amounts in σ"),
                self.tr("Show amounts in standard deviations instead of the direction's own unit."),
                ("U",),
                checkable=True,
            ),
            ActionSpec(
                "timeline_key",
                timeline,
                self.tr("Add key"),
                self.tr("Add a key of the picture you see to the timeline."),
                ("K",),
                "plus",
            ),
            ActionSpec(
                "timeline_replace",
                timeline,
                self.tr("Replace key"),
                self.tr("Give the selected key the picture on the sliders."),
                ("Shift+K",),
            ),
            ActionSpec(
                "timeline_play",
                timeline,
                self.tr("Play or stop"),
                self.tr("Play the timeline in real time; Space does the same on the strip."),
                ("L",),
                "play",
            ),
            ActionSpec(
                "timeline_previous", timeline, self.tr("Key before"), self.tr("To the key before."), ("[",)
            ),
            ActionSpec("timeline_next", timeline, self.tr("Next key"), self.tr("To the next key."), ("]",)),
            ActionSpec(
                "timeline_take",
                timeline,
                self.tr("Take this moment"),
                self.tr("Bring the moment at the playhead to the sliders, to go on from there."),
                ("T",),
            ),
            ActionSpec(
                "timeline_in",
                timeline,
                self.tr("Begin here"),
                self.tr("The part that is played and exported begins at the playhead."),
                ("I",),
            ),
            ActionSpec(
                "timeline_out",
                timeline,
                self.tr("End here"),
                self.tr("The part that is played and exported ends at the playhead."),
                ("O",),
            ),
            ActionSpec(
                "timeline_marker",
                timeline,
                self.tr("Marker"),
                self.tr("Put a marker at the playhead, or take it away."),
                ("M",),
            ),
            ActionSpec(
                "timeline_reverse",
                timeline,
                self.tr("Reverse"),
                self.tr("Let the same film run backwards."),
            ),
            ActionSpec(
                "export_gif",
                export,
                self.tr("Export film…"),
                self.tr("Write a sweep of sliders, the history or the picture as MP4, GIF, PNG and more."),
                ("Ctrl+E",),
                "export",
            ),
            ActionSpec(
                "command_palette",
                help,
                self.tr("Find any action…"),
                self.tr("Type a few letters of what you want to do."),
                ("Ctrl+K",),
            ),
            ActionSpec(
                "shortcuts",
                help,
                self.tr("Keyboard shortcuts"),
                self.tr("All keys on one sheet."),
                ("F1", "?"),
                "keyboard",
            ),
            ActionSpec(
                "plugins",
                help,
                self.tr("Plugins…"),
                self.tr("What adds formats, attributes, directions and panels; enable it or switch it off."),
            ),
            ActionSpec(
                "self_test",
                help,
                self.tr("Self-test…"),
                self.tr("Check this machine and this installation; the text is made for a report."),
            ),
            ActionSpec(
                "about",
                help,
                self.tr("About Latent Studio"),
                self.tr("Version, licence, and the licences of what it is built on."),
            ),
        )
