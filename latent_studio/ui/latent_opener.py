"""LatentOpener: latent files, ours and others', with how they are read before anything changes."""

from __future__ import annotations

import zipfile
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QSignalBlocker, Signal, Slot
from PySide6.QtWidgets import QComboBox, QFileDialog, QFormLayout, QLabel, QWidget

from latent_studio.app.direction_sniff import looks_like_directions
from latent_studio.core.errors import LatentStudioError
from latent_studio.core.spaces import Space
from latent_studio.ui.widgets.form_sheet import FormSheet

if TYPE_CHECKING:
    from latent_studio.app.models import LoadedModel
    from latent_studio.app.stored_latents import StoredLatent
    from latent_studio.core.jobs import CancelToken, ProgressSink
    from latent_studio.core.spec import GeneratorSpec
    from latent_studio.ui.api import DockContext
    from latent_studio.ui.failures import Failure

_NPY, _ZIP = b"\x93NUMPY", b"PK\x03\x04"
_PATTERNS = "*.npz *.npy *.pt *.pth *.safetensors"
#: How files of bare latents are called by the programs that write them.
_NAMES = ("latent", "dlatent", "projected", "ws", "w_plus")
#: Latents of one file that are offered by name.
_MOST = 500


class LatentOpener(QObject):
    """Reads a file as a job, says what it took it for, lets that be corrected, and goes there.

    Args:
        context: the window's parts.
        window: sheets and dialogs stand over it.
    """

    def __init__(self, context: DockContext, window: QWidget) -> None:
        super().__init__(window)
        self._context = context
        self._window = window
        context.dropped.add_taker(self.take_file)
        context.actions["open_latent"].triggered.connect(self.ask)

    @Slot()
    def ask(self) -> None:
        """Choose a file."""
        name, _ = QFileDialog.getOpenFileName(
            self._window,
            self.tr("Open latent"),
            "",
            self.tr("Latents ({patterns});;All files (*)").format(patterns=_PATTERNS),
        )
        if name:
            self.read(Path(name))

    def take_file(self, path: Path, head: bytes) -> bool:
        """Whether a dropped file is of arrays and not of weights; then how it is read is shown."""
        # A bare array may as well be a direction, which is what those without a name are taken for.
        is_named = head.startswith(_NPY) and path.stem.lower().startswith(_NAMES)
        is_many = head.startswith(_ZIP) and _holds_arrays(path) and not looks_like_directions(path, head)
        if not (is_named or is_many):
            return False
        self.read(path)
        return True

    def read(self, path: Path, space: Space | None = None, form: LatentForm | None = None) -> None:
        """Read a file, and show how.

        Args:
            path: the file.
            space: what the user says it is; ``None`` guesses.
            form: shows it, if it is open already.
        """
        model = self._context.models.model
        if model is None:
            self._context.messages.warning(
                self.tr("A latent needs a model to show it."),
                hint=self.tr("Open the model it was made with."),
            )
            return
        self._context.jobs.start(
            self.tr("Read {name}").format(name=path.name),
            partial(_read, path, model.spec, space),
            on_done=partial(self._show, path, model, form),
            on_failed=partial(self._fail, form),
            quiet=True,
        )

    def _fail(self, form: LatentForm | None, failure: Failure) -> None:
        if form is not None and form.sheet is not None:
            form.sheet.setReason(failure.title)
        else:
            self._context.messages.failure(failure)

    def _show(
        self, path: Path, model: LoadedModel, form: LatentForm | None, found: tuple[StoredLatent, ...]
    ) -> None:
        if self._context.models.model is not model:
            return
        if form is None:
            form = LatentForm(model.spec, model.ref.sha256, self._window)
            form.spaceWanted.connect(partial(self._read_again, path, form))
            form.sheet = FormSheet(
                self.tr("Open {name}").format(name=path.name),
                "",
                form,
                button=self.tr("Go there"),
                begin=partial(self._go, form),
                parent=self._window,
            )
            form.sheet.dismissed.connect(form.sheet.deleteLater)
            form.sheet.openOverlay()
        form.show_found(found)

    def _read_again(self, path: Path, form: LatentForm, space: object) -> None:
        # Qt hands a space back as its bare text.
        self.read(path, Space(str(space)) if space else None, form)

    def _go(self, form: LatentForm) -> str:
        """Start from the latent as one step; gives the reason if it does not fit."""
        stored, model = form.chosen(), self._context.models.model
        if stored is None or model is None:
            return self.tr("There is no latent to go to.")
        try:
            stored.latent.check_fits(model.spec)
        except LatentStudioError as error:
            return str(error)
        store = self._context.store
        store.close_gesture()
        store.replace(
            replace(store.session, base=stored.latent, noise=stored.noise),
            self.tr("Open latent {name}").format(name=stored.name or self.tr("of a file")),
        )
        return ""


class LatentForm(QWidget):
    """Which latent of the file, and in which space.

    Args:
        spec: of the open model.
        sha256: its hash.
        parent: Qt owner.
    """

    #: A ``Space``, or ``None`` for a guess.
    spaceWanted = Signal(object)

    def __init__(self, spec: GeneratorSpec, sha256: str, parent: QWidget) -> None:
        super().__init__(parent)
        self._spec = spec
        self._sha256 = sha256
        self._found: tuple[StoredLatent, ...] = ()
        self.sheet: FormSheet | None = None
        self._which = QComboBox(self)
        self._which.setObjectName("latent-which")
        self._which.setAccessibleName(self.tr("Latent"))
        self._which.setToolTip(self.tr("Which latent of the file."))
        self._which.currentIndexChanged.connect(self._describe)
        self._space = QComboBox(self)
        self._space.setObjectName("latent-space")
        self._space.setAccessibleName(self.tr("Space"))
        self._space.setToolTip(self.tr("What the numbers are; a file of bare arrays does not say."))
        for text, space in (
            (self.tr("as guessed"), None),
            (self.tr("z, before the mapping network"), Space.Z),
            (self.tr("w, one for all rows"), Space.W),
            (self.tr("w+, one per row"), Space.W_PLUS),
        ):
            self._space.addItem(text, space)
        self._space.currentIndexChanged.connect(self._tell)
        self._warning = QLabel(self)
        self._warning.setObjectName("latent-warning")
        self._warning.setWordWrap(True)
        self._warning.setProperty("tone", "warn")
        layout = QFormLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setVerticalSpacing(8)
        layout.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        layout.addRow(self.tr("Latent"), self._which)
        layout.addRow(self.tr("Space"), self._space)
        layout.addRow(self._warning)
        self.setFocusProxy(self._which)

    def show_found(self, found: tuple[StoredLatent, ...]) -> None:
        """Show what is in the file, and how it was read."""
        self._found = found[:_MOST]
        blocker = QSignalBlocker(self._which)
        chosen = max(0, self._which.currentIndex())
        self._which.clear()
        for index, stored in enumerate(self._found):
            self._which.addItem(stored.name or self.tr("latent {n}").format(n=index))
        self._which.setCurrentIndex(min(chosen, len(self._found) - 1))
        self._which.setEnabled(len(self._found) > 1)
        blocker.unblock()
        self._describe()

    def chosen(self) -> StoredLatent | None:
        """The latent to go to."""
        index = self._which.currentIndex()
        return self._found[index] if 0 <= index < len(self._found) else None

    @Slot()
    def _describe(self, *_: object) -> None:
        stored = self.chosen()
        if stored is None or self.sheet is None:
            return
        self.sheet.setText(stored.how)
        self.sheet.setReason("")
        warning = ""
        if stored.model_sha256 and stored.model_sha256 != self._sha256:
            warning = self.tr("It was made with another model, {name}.").format(
                name=stored.model_name or stored.model_sha256[:8]
            )
        try:
            stored.latent.check_fits(self._spec)
        except LatentStudioError as error:
            warning = error.title
        self._warning.setText(warning)
        self._warning.setVisible(bool(warning))

    @Slot()
    def _tell(self, *_: object) -> None:
        self.spaceWanted.emit(self._space.currentData())


def _holds_arrays(path: Path) -> bool:
    """Whether a zip is NumPy's: its members are arrays; weights of torch have a pickle among them."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (OSError, zipfile.BadZipFile, NotImplementedError, ValueError):
        return False
    return bool(names) and all(name.endswith(".npy") for name in names)


def _read(
    path: Path, spec: GeneratorSpec, space: Space | None, progress: ProgressSink, cancel: CancelToken
) -> tuple[StoredLatent, ...]:
    from latent_studio.app.stored_latents import read_latents

    cancel.check()
    return read_latents(path, spec, space=space)
