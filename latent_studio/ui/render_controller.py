"""RenderController: turns sessions into render requests, and tells what came of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot

from latent_studio.core.edits import EditStack
from latent_studio.core.pose import Pose
from latent_studio.core.render import Quality, RenderRequest

if TYPE_CHECKING:
    from collections.abc import Callable

    from latent_studio.app.store import SessionStore
    from latent_studio.core.render import Frame
    from latent_studio.core.session import Session
    from latent_studio.ui.failures import Failure
    from latent_studio.ui.render_thread import RenderThread
    from latent_studio.ui.session_bridge import SessionBridge

#: A moment is asked for while the one before is drawn: at less than half of a preview's time each, its
#: picture is there within the time of one preview.
PASSING_SHARE = 0.4


@dataclass(frozen=True, slots=True)
class Timings:
    """How long the latest picture took.

    Attributes:
        revision: of the latest frame.
        coarse_ms: until the coarse frame; ``None`` when there was none.
        coarse_size: its width and height in pixels.
        sharp_ms: until the final frame; ``None`` while it is being made and the picture is a preview.
        sharp_size: its width and height in pixels; ``None`` before the first.
    """

    revision: int = 0
    coarse_ms: float | None = None
    coarse_size: tuple[int, int] = (0, 0)
    sharp_ms: float | None = None
    sharp_size: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class _Question:
    """What a call on the render thread was made for."""

    token: int


class RenderController(QObject):
    """Asks for a picture whenever the session changes, always with a higher revision.

    Args:
        store: whose session to show.
        bridge: tells of changes.
        thread: makes the pictures.
        parent: Qt owner.
    """

    #: A ``Frame`` to show; revisions never go backwards.
    frame_ready = Signal(object)
    #: ``Timings`` of the picture shown.
    timings_changed = Signal(object)
    #: A ``Failure``; the same words are not repeated until a picture succeeds.
    failed = Signal(object)
    #: A picture came after a failure.
    recovered = Signal()
    #: The canvas shows a moment of a film instead of the session, or another one.
    preview_changed = Signal()
    #: The canvas shows the session again.
    preview_ended = Signal()

    def __init__(
        self,
        store: SessionStore,
        *,
        bridge: SessionBridge,
        thread: RenderThread,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._store = store
        self._thread = thread
        self._revision = 0
        self._is_held = True
        self._is_comparing = False
        self._shown: Frame | None = None
        self._timings = Timings()
        self._failure: Failure | None = None
        self._full_ms: float | None = None
        self._preview: Pose | None = None
        self._asked: dict[int, Callable[[object], None]] = {}
        bridge.session_changed.connect(self._follow)
        thread.frame_ready.connect(self._take_frame)
        thread.failed.connect(self._take_failure)
        thread.called.connect(self._take_answer)

    @property
    def frame(self) -> Frame | None:
        """The newest frame, coarse or final."""
        return self._shown

    @property
    def revision(self) -> int:
        """Of the latest request."""
        return self._revision

    @property
    def is_sharp(self) -> bool:
        """Whether the newest frame is the final answer to the latest request."""
        frame = self._shown
        return frame is not None and frame.revision == self._revision and frame.quality is Quality.FINAL

    @property
    def is_comparing(self) -> bool:
        """Whether the pictures are those before all edits."""
        return self._is_comparing

    @property
    def full_ms(self) -> float | None:
        """How long the latest sharp picture took that reused nothing; ``None`` before the first."""
        return self._full_ms

    def request(self, *, is_passing: bool = False) -> None:
        """Ask for the current session's picture, or for a quick preview where another moment follows soon."""
        if self._is_held:
            return
        pose = self._preview or Pose.of(self._store.session)
        if self._is_comparing:
            pose = replace(pose, edits=EditStack())
        self._revision += 1
        request = RenderRequest.of_pose(pose, revision=self._revision, coarse_only=is_passing)
        self._thread.submit(replace(request, preview_share=PASSING_SHARE) if is_passing else request)

    @property
    def preview(self) -> Pose | None:
        """The moment of a film that is shown instead of the session."""
        return self._preview

    def show_pose(self, pose: Pose, *, is_passing: bool = False) -> int:
        """Show a moment of a film until the session's picture changes.

        Args:
            pose: of the moment.
            is_passing: a quick preview is enough, since another moment follows soon.

        Returns:
            the revision of its frames.
        """
        self._begin_preview(pose)
        self.request(is_passing=is_passing)
        return self._revision

    def show_picture(self, pose: Pose, frame: Frame) -> None:
        """Show a moment by a frame that was rendered before; what is still being rendered comes too late."""
        if self._is_held:
            return
        self._begin_preview(pose)
        self._revision += 1
        self._shown = replace(frame, revision=self._revision)
        self.frame_ready.emit(self._shown)

    def end_preview(self) -> None:
        """Show the session again."""
        if self._preview is not None:
            self._preview = None
            self.preview_ended.emit()
            self.preview_changed.emit()
            self.request()

    def ask(self, work: Callable[[], object], then: Callable[[object], None]) -> None:
        """Run something short on the render thread between two pictures.

        Args:
            work: such as asking the engine for a latent.
            then: called on the GUI thread with what it gives, or with a ``Failure``.
        """
        token = len(self._asked) + 1
        while token in self._asked:
            token += 1
        self._asked[token] = then
        self._thread.call(_Question(token), work)

    def _begin_preview(self, pose: Pose) -> None:
        began = self._preview is None
        self._preview = pose
        if began:
            self.preview_changed.emit()

    @Slot(object, object)
    def _take_answer(self, question: object, outcome: object) -> None:
        if isinstance(question, _Question):
            then = self._asked.pop(question.token, None)
            if then is not None:
                then(outcome)

    def set_comparing(self, comparing: bool) -> None:
        """Show the picture before all edits, or the session's own again."""
        if comparing != self._is_comparing:
            self._is_comparing = comparing
            self.request()

    def hold(self) -> None:
        """Ask for nothing: the model is being exchanged."""
        self._is_held = True
        self._thread.forget()

    def release(self) -> None:
        """The model is ready; the next change of the session asks again."""
        self._is_held = False

    @Slot(object, object)
    def _follow(self, old: Session, new: Session) -> None:
        if new.model is None or (old.model == new.model and Pose.of(old) == Pose.of(new)):
            # A timeline, a name: nothing that a picture shows.
            return
        if self._preview is None:
            self.request()
        else:
            self.end_preview()

    @Slot(object)
    def _take_frame(self, frame: Frame) -> None:
        if self._shown is not None and (frame.revision, frame.quality) < (
            self._shown.revision,
            self._shown.quality,
        ):
            return
        self._shown = frame
        if self._failure is not None:
            self._failure = None
            self.recovered.emit()
        self.frame_ready.emit(frame)
        if frame.quality is Quality.FINAL and frame.stages_run == frame.stages_total:
            self._full_ms = 1000 * frame.seconds
        self._timings = _timings_with(self._timings, frame)
        self.timings_changed.emit(self._timings)

    @Slot(object)
    def _take_failure(self, failure: Failure) -> None:
        said = self._failure
        self._failure = failure
        if said is None or (said.title, said.hint) != (failure.title, failure.hint):
            self.failed.emit(failure)


def _timings_with(timings: Timings, frame: Frame) -> Timings:
    milliseconds = 1000 * frame.seconds
    high, wide = frame.pixels.shape[:2]
    if frame.quality is Quality.COARSE:
        return Timings(frame.revision, milliseconds, (wide, high), None, timings.sharp_size)
    if frame.revision != timings.revision:
        # It was so fast that it needed no coarse frame.
        timings = Timings(frame.revision)
    return replace(timings, sharp_ms=milliseconds, sharp_size=(wide, high))
