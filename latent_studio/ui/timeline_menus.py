"""TimelineMenus: the menus of the timeline, filled when they open."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from PySide6.QtCore import QObject, QPoint, Qt, Slot
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QInputDialog, QMenu, QWidget, QWidgetAction

from latent_studio.core.easing import LINEAR, SHAPES, WAYS, Easing
from latent_studio.core.parameters import edit_parameter, value_in
from latent_studio.core.pose import Pose
from latent_studio.core.timeline import Loop, PoseKey, Speed, ValueKey
from latent_studio.core.timeline_course import BASE, MIX, modes_of
from latent_studio.ui.parameter_names import synthesis_labels
from latent_studio.ui.widgets.easing_editor import EasingEditor

if TYPE_CHECKING:
    from collections.abc import Callable

    from latent_studio.core.interpolate import Interpolation
    from latent_studio.ui.api import DockContext
    from latent_studio.ui.timeline_editor import TimelineEditor
    from latent_studio.ui.timeline_sources import TimelineSources
    from latent_studio.ui.widgets.timeline_view import TimelineView

_RATES = (12.0, 15.0, 24.0, 25.0, 30.0, 50.0, 60.0)


class TimelineMenus(QObject):
    """Offers what the editor does.

    Args:
        context: the window's parts.
        editor: does it.
        view: knows what is selected.
        sources: other places that keys come from.
        owner: of the menus.
    """

    def __init__(
        self,
        context: DockContext,
        *,
        editor: TimelineEditor,
        view: TimelineView,
        sources: TimelineSources,
        owner: QWidget,
    ) -> None:
        super().__init__(owner)
        self._context = context
        self._editor = editor
        self._view = view
        self._sources = sources
        self._owner = owner
        #: Other keys than that of the whole picture.
        self.keys = self._menu("timeline-key-menu", self._fill_key_menu)
        #: Easings, and the curve.
        self.ease = self._menu("timeline-ease-menu", self._fill_ease)
        #: What is rarely wanted.
        self.more = self._menu("timeline-more-menu", self._fill_more_menu)
        #: What comes after the last key.
        self.loop = self._loop_menu()

    def _menu(self, name: str, fill: Callable[[], None]) -> QMenu:
        menu = QMenu(self._owner)
        menu.setObjectName(name)
        menu.aboutToShow.connect(fill)
        return menu

    @Slot(object, float, QPoint)
    def show_key_menu(self, key_id: int | None, seconds: float, place: QPoint) -> None:
        """Open the menu of a key, or of a moment."""
        menu = self.key_menu(key_id, seconds)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(place)

    def key_menu(self, key_id: int | None, seconds: float) -> QMenu:
        """What can be done to a key, or at a moment."""
        menu = QMenu(self._owner)
        menu.setObjectName("timeline-key-menu")
        key = None if key_id is None else self._editor.timeline.find(key_id)
        if isinstance(key, PoseKey):
            _add(menu, self.tr("Go to this key"), partial(self._editor.load_key, key.id))
            _add(menu, self.tr("Replace by the picture on the sliders"), self._editor.replace_key)
        elif isinstance(key, ValueKey):
            _add(menu, self.tr("Set value…"), partial(self._ask_for_value, key))
            track = next(track for track in self._editor.timeline.tracks if key in track.keys)
            words = self.tr("Switch the track on") if track.is_muted else self.tr("Switch the track off")
            _add(menu, words, partial(self._editor.mute, track.parameter, not track.is_muted))
            self._add_modes(menu, track.parameter, self.tr("Way from key to key"))
        if key is not None:
            menu.addMenu(self._easing_menu(menu))
            menu.addSeparator()
            _add(menu, self.tr("Copy"), self._editor.copy_keys)
            _add(menu, self.tr("Duplicate"), self._editor.duplicate_keys)
            _add(menu, self.tr("Delete"), self._editor.delete_keys)
        else:
            _add(menu, self.tr("Key here"), partial(self._editor.key_at, seconds))
            _add(menu, self.tr("Paste"), self._editor.paste_keys).setEnabled(self._editor.can_paste)
            _add(menu, self.tr("Show the whole film"), self._view.zoomFit)
        return menu

    def _ask_for_value(self, key: ValueKey) -> None:
        if not isinstance(key.value, int | float):
            return
        value, is_given = QInputDialog.getDouble(
            self._owner, self.tr("Value of the key"), self.tr("Value"), float(key.value), -1e6, 1e6, 3
        )
        track = next((track for track in self._editor.timeline.tracks if key in track.keys), None)
        if is_given and track is not None:
            timeline = self._editor.timeline.with_value(track.parameter, key.seconds, value)
            self._editor.change(timeline, self.tr("Set a key's value"))

    def _easing_menu(self, parent: QMenu) -> QMenu:
        menu = QMenu(self.tr("Easing"), parent)
        self._add_easings(menu)
        return menu

    @Slot()
    def _fill_ease(self) -> None:
        menu = self.ease
        menu.clear()
        self._add_easings(menu)
        menu.addSeparator()
        holder = QWidgetAction(menu)
        box = QWidget()
        layout = QHBoxLayout(box)
        layout.setContentsMargins(10, 6, 10, 8)
        curve = EasingEditor(box)
        curve.easingChanged.connect(self._editor.bend)
        curve.gestureFinished.connect(self._editor.finish_bend)
        layout.addWidget(curve)
        holder.setDefaultWidget(box)
        menu.addAction(holder)
        chosen = self._editor.chosen_keys()
        curve.setEasing(chosen[0].easing if chosen else LINEAR)

    def _add_easings(self, menu: QMenu) -> None:
        current = {key.easing for key in self._editor.chosen_keys()}
        for shape in SHAPES:
            if shape == "bezier":
                continue
            if shape == "linear":
                self._add_easing(menu, LINEAR, current, self.tr("Linear"))
                continue
            ways = menu.addMenu(shape.capitalize())
            for way in WAYS:
                self._add_easing(ways, Easing(shape, way), current, f"{shape.capitalize()} {way}")

    def _add_easing(self, menu: QMenu, easing: Easing, current: set[Easing], words: str) -> None:
        action = _add(menu, words, partial(self._editor.set_easing, easing))
        action.setCheckable(True)
        action.setChecked(current == {easing})

    @Slot()
    def _fill_key_menu(self) -> None:
        menu, session = self.keys, self._context.store.session
        menu.clear()
        menu.addAction(self._context.actions["timeline_key"])
        menu.addAction(self._context.actions["timeline_replace"])
        one = menu.addMenu(self.tr("Key one parameter"))
        one.setObjectName("timeline-parameters")
        for edit in session.edits:
            _add(one, edit.direction.name, partial(self._editor.add_parameter_key, edit_parameter(edit.id)))
        if len(session.edits):
            one.addSeparator()
        for parameter, label in synthesis_labels().items():
            if value_in(Pose.of(session), parameter) is not None:
                _add(one, label, partial(self._editor.add_parameter_key, parameter))
        menu.addSeparator()
        self._sources.fill(menu)

    @Slot()
    def _fill_more_menu(self) -> None:
        menu, timeline = self.more, self._editor.timeline
        menu.clear()
        self._add_modes(menu, BASE, self.tr("Way from key to key"))
        if any(key.pose.mix is not None for key in timeline.keys):
            self._add_modes(menu, MIX, self.tr("Style mix from key to key"))
        speeds: dict[Speed, str] = {
            "keyed": self.tr("As the keys say"),
            "segments": self.tr("Even to the eye, from key to key"),
            "whole": self.tr("Even to the eye, all the way"),
        }
        self._add_choice(
            menu, self.tr("Speed"), [(speed, speeds[speed]) for speed in get_args(Speed)], timeline.speed,
            self._editor.set_speed,
        )  # fmt: skip
        self._add_choice(
            menu,
            self.tr("Frames per second"),
            [(fps, f"{fps:g}") for fps in _RATES],
            timeline.fps,
            self._editor.set_fps,
        )
        menu.addSeparator()
        for name in ("timeline_take", "timeline_in", "timeline_out"):
            menu.addAction(self._context.actions[name])
        _add(menu, self.tr("Play the whole film"), self._editor.clear_span).setEnabled(
            timeline.work is not None
        )
        menu.addAction(self._context.actions["timeline_marker"])
        menu.addAction(self._context.actions["timeline_reverse"])
        snap = _add(menu, self.tr("Snap to keys and frames"), lambda: None)
        snap.setCheckable(True)
        snap.setChecked(self._view.snaps())
        snap.toggled.connect(self._view.setSnap)
        menu.addSeparator()
        _add(menu, self.tr("Export film…"), self._ask_and_export).setEnabled(timeline.duration > 0)
        _add(menu, self.tr("Copy film as command"), self._editor.copy_command).setEnabled(
            timeline.duration > 0
        )
        _add(menu, self.tr("Open timeline…"), self._ask_and_open)
        _add(menu, self.tr("Save timeline…"), self._ask_and_save).setEnabled(not timeline.is_empty)
        _add(menu, self.tr("Clear timeline"), self._editor.clear).setEnabled(not timeline.is_empty)

    def _add_modes(self, menu: QMenu, parameter: str, title: str) -> None:
        modes = modes_of(parameter)
        current = self._editor.timeline.mode(parameter) or modes[0]
        words = [(mode, self._mode_words(mode)) for mode in modes]
        self._add_choice(menu, title, words, current, partial(self._editor.set_mode, parameter))

    def _add_choice(
        self,
        menu: QMenu,
        title: str,
        choices: list[tuple[Any, str]],
        current: object,
        choose: Callable[..., None],
    ) -> None:
        inner = menu.addMenu(title)
        group = QActionGroup(inner)
        for value, words in choices:
            action = _add(inner, words, partial(choose, value))
            action.setCheckable(True)
            action.setChecked(value == current)
            group.addAction(action)

    def _loop_menu(self) -> QMenu:
        menu = QMenu(self._owner)
        group = QActionGroup(menu)
        words: dict[Loop, str] = {
            "once": self.tr("Play once"),
            "closed": self.tr("Loop: on to the first key"),
            "ping-pong": self.tr("Ping-pong: back the same way"),
        }
        for loop in get_args(Loop):
            action = _add(menu, words[loop], partial(self._editor.set_loop, loop))
            action.setCheckable(True)
            action.setData(loop)
            group.addAction(action)
        return menu

    def _ask_and_export(self) -> None:
        kinds = self.tr("MP4 (*.mp4);;GIF (*.gif);;WebP (*.webp);;WebM (*.webm);;Animated PNG (*.apng)")
        chosen, kind = QFileDialog.getSaveFileName(self._owner, self.tr("Export film"), "film.mp4", kinds)
        if chosen:
            path = Path(chosen)
            suffix = kind[kind.rfind("*") + 1 : -1]
            self._editor.export(path if path.suffix else path.with_suffix(suffix))

    def _ask_and_save(self) -> None:
        chosen, _ = QFileDialog.getSaveFileName(
            self._owner, self.tr("Save timeline"), "timeline.json", self.tr("Timelines (*.json)")
        )
        if chosen:
            self._editor.save(Path(chosen))

    def _ask_and_open(self) -> None:
        chosen, _ = QFileDialog.getOpenFileName(
            self._owner,
            self.tr("Open timeline"),
            "",
            self.tr("Timelines and films (*.json *.mp4 *.webm *.gif *.webp *.apng *.png);;All files (*)"),
        )
        if chosen and not self._context.dropped.offer(chosen):
            self._context.messages.warning(
                self.tr("{name} carries no timeline.").format(name=Path(chosen).name),
                hint=self.tr("Choose a timeline that was saved here, or a film that was exported."),
            )

    def _mode_words(self, mode: Interpolation) -> str:
        return {
            "smooth": self.tr("Smooth, through all keys"),
            "linear": self.tr("Straight from key to key"),
            "natural": self.tr("Natural spline, bending least"),
            "spherical": self.tr("Along the sphere, in z"),
            "linear-z": self.tr("Straight in z"),
            "hold": self.tr("Hold, and jump at the key"),
        }[mode]


def _add(menu: QMenu, words: str, do: Callable[..., object]) -> QAction:
    action = menu.addAction(words)
    action.triggered.connect(do)
    return action
