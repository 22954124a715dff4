"""Timeline: keys of whole pictures and of single parameters, a playhead to scrub with, and playing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QMenu,
    QPushButton,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from latent_studio.core.render import RenderRequest
from latent_studio.core.timeline import Timeline, foreign_keys
from latent_studio.ui.film_preview import FilmPreview
from latent_studio.ui.icons import set_icon
from latent_studio.ui.parameter_names import parameter_label
from latent_studio.ui.timeline_editor import TimelineEditor
from latent_studio.ui.timeline_menus import TimelineMenus
from latent_studio.ui.timeline_sources import TimelineSources
from latent_studio.ui.widgets.elided_label import ElidedLabel
from latent_studio.ui.widgets.empty_state import EmptyAction, EmptyState
from latent_studio.ui.widgets.images import image_of
from latent_studio.ui.widgets.timeline_scale import clock
from latent_studio.ui.widgets.timeline_view import Row, TimelineView

if TYPE_CHECKING:
    from PySide6.QtGui import QHideEvent, QImage, QShowEvent

    from latent_studio.core.pose import Pose
    from latent_studio.core.render import Frame
    from latent_studio.core.session import Session
    from latent_studio.ui.api import DockContext

_CLIENT = "timeline keys"
#: Models that take longer than this show previews as keys.
_SHARP_WITHIN_MS = 2000.0


class TimelineDock(QWidget):
    """The strip with its buttons. Every change goes through the store: one gesture, one undo step.

    Args:
        context: the window's parts.
        parent: Qt owner.
    """

    def __init__(self, context: DockContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._thumbnails: dict[Pose, QImage] = {}
        self.view = TimelineView(self)
        self.preview = FilmPreview(context, self)
        self.editor = TimelineEditor(context, view=self.view, preview=self.preview, parent=self)
        self.sources = TimelineSources(context, self)
        self.sources.set_taker(self.editor.add_places)
        self.menus = TimelineMenus(
            context, editor=self.editor, view=self.view, sources=self.sources, owner=self
        )
        self._empty = EmptyState(self)
        self._stack = QStackedWidget(self)
        self._stack.addWidget(self._empty)
        self._stack.addWidget(self.view)
        self._start = self._tool("timeline-start", "skip-start", self.tr("To the start (Home)"))
        self._play = self._tool("timeline-play", "play", self.tr("Play (L)"))
        self._loop = self._tool("timeline-loop", "loop", self.tr("What comes after the last key"))
        _open_menu(self._loop, self.menus.loop)
        self._clock = QLabel("", self)
        self._clock.setObjectName("timeline-clock")
        self._clock.setToolTip(self.tr("Where the playhead is, and how long the film is"))
        self._status = ElidedLabel("", self)
        self._status.setObjectName("timeline-status")
        self._status.setProperty("muted", True)
        self._rekey = QPushButton(self.tr("Re-key"), self)
        self._rekey.setObjectName("timeline-rekey")
        self._rekey.setAccessibleName(self.tr("Re-key"))
        self._rekey.hide()
        self._key = self._tool("timeline-key", "plus", self.tr("Add a key"))
        self._key.setText(self.tr("Key"))
        self._key.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._key.setToolTip(self.tr("Add a key of the picture you see (K); the arrow has other keys."))
        self._key.setMenu(self.menus.keys)
        self._key.setPopupMode(QToolButton.ToolButtonPopupMode.MenuButtonPopup)
        self._ease = self._text_tool(
            "timeline-ease", self.tr("Ease"), self.tr("How the way after a key goes")
        )
        _open_menu(self._ease, self.menus.ease)
        self._more = self._tool("timeline-more", "more", self.tr("More of the timeline"))
        _open_menu(self._more, self.menus.more)
        self._lay_out()
        self.setFocusProxy(self.view)
        self._connect(context)
        self._show_timeline(context.store.session)

    def _connect(self, context: DockContext) -> None:
        view, preview, editor = self.view, self.preview, self.editor
        self._start.clicked.connect(editor.go_to_start)
        self._play.clicked.connect(editor.toggle_play)
        self._key.clicked.connect(editor.add_key)
        self._rekey.clicked.connect(editor.rekey)
        view.scrubbed.connect(editor.scrub)
        view.keysMoved.connect(editor.move_keys)
        view.moveFinished.connect(editor.finish_move)
        view.spanMoved.connect(editor.move_span)
        view.spanFinished.connect(context.store.close_gesture)
        view.keyActivated.connect(editor.load_key)
        view.menuRequested.connect(self.menus.show_key_menu)
        view.selectionChanged.connect(self._show_selection)
        view.command.connect(editor.run)
        editor.easing_changed.connect(self._show_selection)
        preview.moved.connect(self._show_moment)
        preview.ready_changed.connect(self._show_ready)
        preview.playing_changed.connect(self._show_playing)
        context.renders.preview_changed.connect(self._show_status)
        context.pictures.ready.connect(self._take_picture)
        context.bridge.session_changed.connect(self.show_session)
        context.models.model_changed.connect(self._take_model)
        actions = context.actions
        actions["timeline_key"].triggered.connect(editor.add_key)
        actions["timeline_replace"].triggered.connect(editor.replace_key)
        actions["timeline_play"].triggered.connect(editor.toggle_play)
        actions["timeline_previous"].triggered.connect(editor.go_to_key_before)
        actions["timeline_next"].triggered.connect(editor.go_to_key_after)
        actions["timeline_in"].triggered.connect(editor.set_in)
        actions["timeline_out"].triggered.connect(editor.set_out)
        actions["timeline_marker"].triggered.connect(editor.toggle_marker)
        actions["timeline_take"].triggered.connect(editor.take_moment)
        actions["timeline_reverse"].triggered.connect(editor.reverse)

    @Slot(object, object)
    def show_session(self, old: Session, new: Session) -> None:
        """Show the timeline if it changed."""
        if old.timeline is not new.timeline or old.model != new.model:
            self._show_timeline(new)
        elif self._stack.currentWidget() is self._empty:
            self._show_empty(new)

    def showEvent(self, event: QShowEvent) -> None:
        """Pictures are made while somebody looks."""
        super().showEvent(event)
        self.preview.set_wanted(True)
        self._want_thumbnails()

    def hideEvent(self, event: QHideEvent) -> None:
        """Nobody looks."""
        super().hideEvent(event)
        self.preview.set_wanted(False)
        self.preview.player.stop()

    def _show_timeline(self, session: Session) -> None:
        timeline = session.timeline
        self._stack.setCurrentWidget(self._empty if timeline.is_empty else self.view)
        self._show_empty(session)
        self.view.setTimeline(timeline, _rows(timeline))
        self.preview.set_timeline(session)
        self._want_thumbnails()
        self._show_thumbnails()
        self._show_ready()
        self._show_status()
        has_film = self.preview.can_show and timeline.duration > 0
        for button in (self._play, self._start):
            button.setEnabled(has_film)
        for button in (self._loop, self._ease):
            button.setEnabled(not timeline.is_empty)
        self._key.setEnabled(session.model is not None)
        for action in self.menus.loop.actions():
            action.setChecked(action.data() == timeline.loop)
        self._show_clock()

    def _show_empty(self, session: Session) -> None:
        if session.model is None:
            self._empty.setWords(self.tr("Once a model is open, keys of its pictures make a film here."))
            return
        self._empty.setWords(
            self.tr("Key this picture, change it, key it again: the film goes from one to the next."),
            (
                EmptyAction(
                    "timeline-empty-key",
                    self.tr("Key this picture (K)"),
                    self.tr("Add the first key at the start."),
                    self.editor.add_key,
                ),
                EmptyAction(
                    "timeline-empty-walk",
                    self.tr("Walk through seeds…"),
                    self.tr("Add several keys at once: named seeds, a random walk or a closed loop."),
                    self.sources.ask_for_walk,
                ),
            ),
        )

    @Slot(float)
    def _show_moment(self, seconds: float) -> None:
        self.view.setPlayhead(seconds)
        self._show_clock()
        if self.preview.player.is_playing:
            self._show_status()

    def _show_clock(self) -> None:
        duration = self._timeline.duration
        now = clock(self.preview.seconds, tenths=True)
        self._clock.setText(f"{now} / {clock(duration, tenths=True)}")

    @Slot()
    def _show_ready(self) -> None:
        self.view.setFilm(self.preview.small_picture, self.preview.ready_spans())
        self._show_status()

    @Slot(bool)
    def _show_playing(self, playing: bool) -> None:
        set_icon(self._play, "pause" if playing else "play")
        words = self.tr("Stop (L)") if playing else self.tr("Play (L)")
        self._play.setToolTip(words)
        self._play.setAccessibleName(words)
        self._show_status()

    @Slot()
    def _show_status(self) -> None:
        session = self._context.store.session
        strangers = () if session.model is None else foreign_keys(session.timeline, session.model)
        self._rekey.setVisible(bool(strangers))
        # Nothing plays then, and the names need the room.
        for part in (self._start, self._play, self._clock):
            part.setVisible(not strangers)
        if strangers and strangers[0].model is not None and session.model is not None:
            self._status.setText(
                self.tr("%n key(s) of {other}: this is {name}", "", len(strangers)).format(
                    other=strangers[0].model.name, name=session.model.name
                )
            )
            self._rekey.setToolTip(
                self.tr("Take them for keys of {name}: seeds give its own pictures.").format(
                    name=session.model.name
                )
            )
            return
        self._status.setText(self._status_text())
        self._status.setToolTip(
            self.tr("Frames per second; frames that came late, were skipped, or had no picture yet.")
        )

    def _status_text(self) -> str:
        timeline, player = self._timeline, self.preview.player
        if timeline.is_empty:
            return ""
        if timeline.duration == 0:
            return self.tr("One key: nothing moves yet")
        count = player.count
        if player.is_playing or (count.total and self._context.renders.preview is not None):
            lost = count.skipped + count.missing
            said = (
                self.tr("{lost} of {total} frames dropped").format(lost=lost, total=count.total)
                if lost
                else self.tr("no frame dropped")
            )
            return self.tr("{fps:g} fps · {said}").format(fps=timeline.fps, said=said)
        waiting = self.preview.missing() if self.preview.can_show else 0
        ready = self.tr("{count} to render").format(count=waiting) if waiting else self.tr("plays smoothly")
        return self.tr("{fps:g} fps · {ready}").format(fps=timeline.fps, ready=ready)

    @Slot()
    def _show_selection(self) -> None:
        chosen = self.editor.chosen_keys()
        self._ease.setText(
            chosen[0].easing.name.capitalize()
            if len({key.easing for key in chosen}) == 1
            else self.tr("Ease")
        )

    @Slot(object)
    def _take_model(self, model: object) -> None:
        self._thumbnails.clear()

    def _want_thumbnails(self) -> None:
        session = self._context.store.session
        if session.model is None or not self.isVisible():
            return
        full_ms = self._context.renders.full_ms
        is_slow = full_ms is not None and full_ms > _SHARP_WITHIN_MS
        wishes = [
            (key.pose, RenderRequest.of_pose(key.pose, revision=0, coarse_only=is_slow))
            for key in session.timeline.keys
            if key.pose not in self._thumbnails
            and (key.model is None or key.model.sha256 == session.model.sha256)
        ]
        self._context.pictures.wish(_CLIENT, wishes, priority=1)

    @Slot(str, object, object)
    def _take_picture(self, client: str, pose: Pose, frame: Frame) -> None:
        if client == _CLIENT:
            self._thumbnails[pose] = image_of(frame.pixels).scaledToHeight(
                64, Qt.TransformationMode.SmoothTransformation
            )
            self._show_thumbnails()

    def _show_thumbnails(self) -> None:
        self.view.setThumbnails(
            {
                key.id: self._thumbnails[key.pose]
                for key in self._timeline.keys
                if key.pose in self._thumbnails
            }
        )

    @property
    def _timeline(self) -> Timeline:
        return self._context.store.session.timeline

    def _tool(self, name: str, icon: str, words: str) -> QToolButton:
        button = QToolButton(self)
        button.setObjectName(name)
        button.setAccessibleName(words)
        button.setToolTip(words)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        set_icon(button, icon)
        return button

    def _text_tool(self, name: str, text: str, words: str) -> QToolButton:
        button = QToolButton(self)
        button.setObjectName(name)
        button.setText(text)
        button.setAccessibleName(words)
        button.setToolTip(words)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        return button

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.setSpacing(6)
        for button in (self._start, self._play, self._loop):
            row.addWidget(button)
        row.addSpacing(4)
        row.addWidget(self._clock)
        row.addWidget(self._status, 1)
        row.addWidget(self._rekey)
        for button in (self._key, self._ease, self._more):
            row.addWidget(button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addLayout(row)
        layout.addWidget(self._stack, 1)


def _open_menu(button: QToolButton, menu: QMenu) -> None:
    button.setMenu(menu)
    button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)


def _rows(timeline: Timeline) -> tuple[Row, ...]:
    return tuple(
        Row(track.parameter, parameter_label(track.parameter, timeline), track.is_muted)
        for track in timeline.tracks
    )
