"""DocumentController: new, open, save and recover; the window's title; what quitting must not lose."""

from __future__ import annotations

import logging
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QFileDialog, QMainWindow, QMenu

from latent_studio.app.document_files import (
    Leftover,
    backups_of,
    discard_leftover,
    find_leftovers,
    forget_old_leftovers,
    save_document,
    suffixed,
)
from latent_studio.app.model_places import ModelNotFoundError, find_place
from latent_studio.app.recents import SESSIONS, Recent, load_recents, remember_recent
from latent_studio.core.errors import DamagedSessionError, LatentStudioError
from latent_studio.core.file_lock import FileLock
from latent_studio.core.seed_plane import SeedPoint
from latent_studio.core.session_file import SUFFIX, Document, read_document
from latent_studio.core.session_record import directions_of
from latent_studio.ui.autosaver import Autosaver
from latent_studio.ui.failures import Failure, describe_failure
from latent_studio.ui.widgets.notes_sheet import NotesSheet
from latent_studio.ui.widgets.recover_sheet import RecoverEntry, RecoverSheet

if TYPE_CHECKING:
    from latent_studio.app.models import LoadedModel
    from latent_studio.app.paths import Paths
    from latent_studio.core.jobs import CancelToken, ProgressSink
    from latent_studio.core.session import ModelRef
    from latent_studio.core.spec import GeneratorSpec
    from latent_studio.ui.api import DockContext
    from latent_studio.ui.document_writer import DocumentWriter
    from latent_studio.ui.widgets.latent_canvas import LatentCanvas

log = logging.getLogger(__name__)

_ZIP = b"PK\x03\x04"


@dataclass(frozen=True, slots=True)
class _Read:
    """A document that was read, before its model is open.

    Attributes:
        source: the file it was read from.
        document: what is in it.
        model: which model it needs.
        place: where that is now; ``None`` when it is nowhere.
        missing: what to say then.
        path: the file it goes on with; ``None`` makes it a copy without one.
        leftover: thrown away once the document is safe again.
    """

    source: Path
    document: Document
    model: ModelRef
    place: Path | None
    missing: Failure | None
    path: Path | None
    leftover: Leftover | None = None


@dataclass(frozen=True, slots=True)
class _Saving:
    path: Path
    changes: int
    lock: FileLock


@dataclass(frozen=True, slots=True)
class _Listing:
    """A look for documents that can be recovered.

    Attributes:
        is_asked_for: by the user; else it is the look at the start.
    """

    is_asked_for: bool


class DocumentController(QObject):
    """Does what the File menu says about sessions.

    Args:
        context: the window's parts.
        window: its title tells the document; owner of dialogs.
        canvas: asks where a missing model is.
        writer: reads and writes off the GUI thread.
    """

    def __init__(
        self, context: DockContext, window: QMainWindow, *, canvas: LatentCanvas, writer: DocumentWriter
    ) -> None:
        super().__init__(window)
        self._context = context
        self._window = window
        self._canvas = canvas
        self._writer = writer
        self._paths: Paths = context.studio.paths
        self._document = context.document
        self._lock: FileLock | None = None
        self._found: tuple[Leftover, ...] = ()
        self._waiting: _Read | None = None
        self._sheet = RecoverSheet(window)
        self._sheet.restoreRequested.connect(self._restore)
        self._sheet.discardRequested.connect(self._discard)
        self._locate = QAction(self.tr("Locate…"), self)
        self._locate.setObjectName("action-locate-model")
        self._locate.triggered.connect(self._ask_for_place)
        self.autosaver = Autosaver(
            self._document, writer=writer, paths=self._paths, messages=context.messages, parent=self
        )
        self._follow_settings("autosave_seconds")
        context.preferences.changed.connect(self._follow_settings)
        #: Sessions opened and saved lately.
        self.recent_menu = QMenu(self.tr("Recent sessions"), window)
        self.recent_menu.setObjectName("menu-recent-sessions")
        self.recent_menu.setToolTipsVisible(True)
        self.recent_menu.aboutToShow.connect(self._fill_recents)
        self.recent_menu.triggered.connect(self._open_recent)
        actions = context.actions
        actions["new_document"].triggered.connect(self.begin)
        actions["open_document"].triggered.connect(self._ask_and_open)
        actions["save_document"].triggered.connect(self.save)
        actions["save_document_as"].triggered.connect(self.save_as)
        actions["recover"].triggered.connect(self.show_leftovers)
        self._notes = NotesSheet(window)
        self._notes.notesChanged.connect(self._document.set_notes)
        actions["notes"].triggered.connect(self.show_notes)
        context.models.model_changed.connect(self.autosaver.hand_over)
        context.bridge.session_changed.connect(self._show_title)
        context.dropped.add_taker(self._take_file)
        writer.done.connect(self._take_done)
        self._document.listen(self._show_title)
        self._show_title()
        writer.run(_Listing(False), partial(_tidy_and_find, self._paths))

    # Beginning and opening

    @Slot(str)
    def _follow_settings(self, name: str) -> None:
        if name == "autosave_seconds":
            self.autosaver.setInterval(self._context.preferences.settings.autosave_seconds)

    @Slot()
    def begin(self) -> None:
        """A new document from the picture shown."""
        if self._context.store.session.model is not None:
            self.autosaver.hand_over()
            self._release()
            self._document.begin()

    @Slot()
    def _ask_and_open(self) -> None:
        chosen, _ = QFileDialog.getOpenFileName(
            self._window, self.tr("Open session"), self._folder(), self.tr("Sessions (*.lstudio)")
        )
        if chosen:
            self.open(Path(chosen))

    def open(self, path: Path, *, leftover: Leftover | None = None) -> None:
        """Open a session file, its model first if another one is open.

        Args:
            path: the file.
            leftover: where an autosave or backup comes from; it then goes on with the file it belongs to.
        """
        model = self._context.models.model
        self._context.jobs.start(
            self.tr("Open {name}").format(name=path.name),
            partial(_read, path, self._paths, "" if model is None else model.ref.sha256, leftover),
            on_done=self._take_read,
            on_failed=self._context.messages.failure,
            quiet=True,
        )

    def _take_file(self, path: Path, head: bytes) -> bool:
        is_session = path.suffix.lower() == SUFFIX or (head.startswith(_ZIP) and b"summary.json" in head[:64])
        if is_session:
            self.open(path)
        return is_session

    def _take_read(self, read: _Read) -> None:
        if read.place is not None:
            self._open_with(read, read.place)
        elif read.missing is not None:
            self._waiting = read
            self._canvas.showMessage(
                read.missing.title, read.missing.hint, kind="warn", actions=[self._locate]
            )

    @Slot()
    def _ask_for_place(self) -> None:
        read, self._waiting = self._waiting, None
        if read is None:
            return
        chosen, _ = QFileDialog.getOpenFileName(
            self._window,
            self.tr("Where is {name}?").format(name=read.model.name),
            str(Path(read.model.path).parent) if read.model.path else "",
            self.tr("Models (*.safetensors *.pkl *.pt *.pth *.bin);;All files (*)"),
        )
        if chosen:
            self._canvas.hideMessage()
            self._open_with(read, Path(chosen))
        else:
            self._waiting = read

    def _open_with(self, read: _Read, place: Path) -> None:
        model = self._context.models.model
        if model is not None and model.ref.sha256 == read.model.sha256:
            self.autosaver.hand_over()
            self._begin_read(read, model)
        else:
            self._context.models.open(str(place), begin=partial(self._begin_read, read))

    def _begin_read(self, read: _Read, model: LoadedModel) -> None:
        """Put a document into the store; its model, or what the user says is its model, is open."""
        messages = self._context.messages
        is_other = model.ref.sha256 != read.model.sha256
        try:
            if is_other:
                _check_fits(read.document, model.spec)
        except LatentStudioError as error:
            messages.failure(describe_failure(error))
            self._context.store.open_model(model.ref, model.start)
            return
        self._release()
        path, document = read.path, read.document
        if is_other:
            document = _moved_to(document, model.ref)
            messages.warning(
                self.tr("{name} is another model than the session was made with, so pictures differ.").format(
                    name=model.ref.name
                )
            )
        if path is not None:
            lock = FileLock(path)
            if lock.acquire():
                self._lock = lock
            else:
                path = None
                messages.warning(
                    self.tr("{name} is open in another window, so this is a copy of it.").format(
                        name=read.source.name
                    ),
                    hint=self.tr("Save it under another name to keep your changes."),
                )
        is_same_file = path is not None and read.leftover is None
        self._document.open(document, model.ref, path=path if is_same_file else None)
        if path is not None and not is_same_file:
            self._document.path = path
            self._show_title()
        if read.leftover is not None:
            self.autosaver.write()
            if not read.leftover.is_backup:
                self._writer.run(None, partial(_discard_if_safe, read.leftover, self.autosaver.path))
            messages.success(self.tr("The document is back."), hint=self.tr("It is not saved yet."))
        elif path is not None:
            self._remember(path)

    # Saving

    @Slot()
    def save(self) -> None:
        """Save where it was saved before, else ask."""
        if self._document.path is None:
            self.save_as()
        else:
            self.save_to(self._document.path)

    @Slot()
    def save_as(self) -> None:
        """Ask for a file and save there."""
        model = self._context.store.session.model
        if model is None:
            return
        path = self._document.path or Path(self._folder()) / f"{model.name}{SUFFIX}"
        chosen, _ = QFileDialog.getSaveFileName(
            self._window, self.tr("Save session"), str(path), self.tr("Sessions (*.lstudio)")
        )
        if chosen:
            self.save_to(suffixed(Path(chosen)))

    def save_to(self, path: Path) -> None:
        """Save into a file, off the GUI thread."""
        lock = self._lock if self._lock is not None and self._lock.path == path else FileLock(path)
        if not lock.acquire():
            self._context.messages.failure(
                Failure(
                    self.tr("{name} is open in another window.").format(name=path.name),
                    self.tr("Save under another name, or close it there."),
                )
            )
            return
        token = _Saving(path, self._document.changes, lock)
        self._writer.run(token, partial(save_document, self._document.snapshot(), path, self._paths))

    @Slot(object, object)
    def _take_done(self, token: object, outcome: object) -> None:
        if isinstance(token, _Saving):
            self._take_saved(token, outcome)
        elif isinstance(token, _Listing) and isinstance(outcome, tuple):
            self._take_found(outcome, is_asked_for=token.is_asked_for)

    def _take_saved(self, saving: _Saving, outcome: object) -> None:
        messages = self._context.messages
        if isinstance(outcome, Failure):
            if saving.lock is not self._lock:
                saving.lock.release()
            messages.failure(outcome)
            return
        if saving.lock is not self._lock:
            self._release()
            self._lock = saving.lock
        self._document.mark_saved(saving.path, saving.changes)
        self.autosaver.settle()
        self._remember(saving.path)
        # What does something with the file: its picture is rendered.
        self._context.commands.add(None)
        messages.success(self.tr("Saved {name}.").format(name=saving.path.name), hint=str(saving.path.parent))

    # Recovering

    @Slot()
    def show_leftovers(self) -> None:
        """List what can be recovered."""
        self._writer.run(_Listing(True), partial(_find, self._paths, self._document.path))

    def _take_found(self, found: tuple[Leftover, ...], *, is_asked_for: bool) -> None:
        self._found = found
        if is_asked_for or any(leftover.is_crash for leftover in found):
            self._show_sheet(after_crash=not is_asked_for)
        elif found:
            self._context.messages.news(
                self.tr("Documents of earlier sittings are kept."),
                hint=self.tr("File > Recover… lists them."),
            )

    def _show_sheet(self, *, after_crash: bool) -> None:
        words = self.tr("Nothing waits to be recovered: every document was saved.")
        if self._found:
            words = self.tr("Safety copies of documents that were not saved, and backups of this one.")
        if after_crash:
            words = self.tr("The program did not close in order. Here is what it was working on.")
        self._sheet.setEntries([self._entry(leftover) for leftover in self._found], words)
        self._sheet.openOverlay()

    def _entry(self, leftover: Leftover) -> RecoverEntry:
        summary = leftover.summary
        name = Path(summary.origin).name if summary.origin else self.tr("Not saved yet")
        if leftover.is_backup:
            name = self.tr("Backup of {name}").format(name=leftover.path.name[7:])
        facts = self.tr("{model} · {steps} steps · {when}").format(
            model=summary.model or self.tr("no model"),
            steps=summary.steps,
            when=time.strftime("%d %b %Y, %H:%M:%S", time.localtime(summary.saved_seconds)),
        )
        return RecoverEntry(name, facts, can_discard=not leftover.is_backup)

    @Slot(int)
    def _restore(self, number: int) -> None:
        leftover = self._found[number]
        self.open(leftover.path, leftover=leftover)

    @Slot(int)
    def _discard(self, number: int) -> None:
        discard_leftover(self._found[number])
        self._found = tuple(each for place, each in enumerate(self._found) if place != number)
        if self._found:
            self._show_sheet(after_crash=False)
        else:
            self._sheet.closeOverlay()

    # The rest

    @Slot()
    def show_notes(self) -> None:
        """Show the page with the user's own words."""
        self._notes.setNotes(self._document.notes)
        self._notes.openOverlay()

    def finish(self) -> Failure | None:
        """The window wants to close: make sure that nothing is lost; what went wrong, if it would be."""
        return self.autosaver.finish()

    def close(self) -> None:
        """Let go of files; the writer has ended."""
        self.autosaver.close()
        self._release()

    @Slot()
    def _show_title(self) -> None:
        model, path = self._context.store.session.model, self._document.path
        parts = [path.stem] if path is not None else []
        parts += [model.name] if model is not None else []
        first = f"{parts[0]}[*]" if parts else ""
        title = " – ".join([*([first] if first else []), *parts[1:], self.tr("Latent Studio")])
        if title != self._window.windowTitle():
            self._window.setWindowTitle(title)
        self._window.setWindowModified(
            bool(parts) and self._document.has_steps and self._document.is_modified
        )
        for name in ("new_document", "save_document", "save_document_as"):
            self._context.actions[name].setEnabled(model is not None)

    def _release(self) -> None:
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    def _remember(self, path: Path) -> None:
        with suppress(OSError):
            remember_recent(Recent(path.stem, path), self._paths, SESSIONS)

    def _folder(self) -> str:
        recents = load_recents(self._paths, SESSIONS)
        return str(recents[0].path.parent if recents else Path.home())

    @Slot()
    def _fill_recents(self) -> None:
        self.recent_menu.clear()
        for recent in load_recents(self._paths, SESSIONS):
            action = self.recent_menu.addAction(recent.name.replace("&", "&&"))
            action.setData(str(recent.path))
            action.setToolTip(str(recent.path))
        if self.recent_menu.isEmpty():
            self.recent_menu.addAction(self.tr("Nothing saved yet")).setEnabled(False)

    @Slot(object)
    def _open_recent(self, action: QAction) -> None:
        if action.data():
            self.open(Path(action.data()))


def _read(
    path: Path,
    paths: Paths,
    open_sha256: str,
    leftover: Leftover | None,
    progress: ProgressSink,
    cancel: CancelToken,
) -> _Read:
    """Read a file and look for its model. Runs on the job thread."""
    document = read_document(path)
    cancel.check()
    model = document.session.model
    if model is None:
        raise DamagedSessionError(f"{path.name} names no model.", hint="It was saved before one was open.")
    goes_on = path if leftover is None else None
    if leftover is not None and leftover.summary.origin:
        goes_on = Path(leftover.summary.origin)
    place, missing = None, None
    try:
        place = Path(model.path) if model.sha256 == open_sha256 else find_place(model, paths)
    except ModelNotFoundError as error:
        missing = describe_failure(error)
    return _Read(path, document, model, place, missing, goes_on, leftover)


def _check_fits(document: Document, spec: GeneratorSpec) -> None:
    """Refuse a document whose latents or directions are of another shape than the model's."""
    for step in document.history.steps:
        if not isinstance(step.value.base, SeedPoint):
            step.value.base.check_fits(spec)
        for direction in directions_of(step.value):
            direction.check_fits(spec)


def _moved_to(document: Document, model: ModelRef) -> Document:
    history = document.history
    steps = tuple(replace(step, value=replace(step.value, model=model)) for step in history.steps)
    return replace(document, history=replace(history, steps=steps))


def _tidy_and_find(paths: Paths) -> tuple[Leftover, ...]:
    found = find_leftovers(paths)
    forget_old_leftovers(paths)
    return found


def _find(paths: Paths, path: Path | None) -> tuple[Leftover, ...]:
    return (*find_leftovers(paths), *(() if path is None else backups_of(path, paths)))


def _discard_if_safe(leftover: Leftover, copy: Path) -> None:
    if copy.exists():
        discard_leftover(leftover)
