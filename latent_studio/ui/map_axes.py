"""MapAxes: the two fields that say what the latent map shows, and the axes behind their entries."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QSignalBlocker, Signal, Slot
from PySide6.QtWidgets import QComboBox, QWidget

from latent_studio.app.latent_map import can_be_axis, direction_axis
from latent_studio.core.latent_plane import LatentPlane

if TYPE_CHECKING:
    from latent_studio.app.latent_map import MapSamples
    from latent_studio.core.latent_plane import PlaneAxis
    from latent_studio.ui.direction_shelf import DirectionShelf

#: Directions of one bank that are offered.
_PER_BANK = 12


class MapAxes(QObject):
    """Principal components, straight directions of the map's space, and attributes that were read.

    Args:
        shelf: knows the directions.
        owner: of the fields.
    """

    #: The user wants other axes.
    changed = Signal()
    #: The user wants attributes of this predictor to choose from.
    readerWanted = Signal(str)

    def __init__(self, shelf: DirectionShelf, owner: QWidget) -> None:
        super().__init__(owner)
        self._shelf = shelf
        self._samples: MapSamples | None = None
        self._known: dict[str, PlaneAxis] = {}
        self._readers: list[tuple[str, str]] = []
        self._shown: tuple[str, str] | None = None
        self.fields: list[QComboBox] = []
        for name, text, tip in (
            ("across", self.tr("Across"), self.tr("What the map shows from left to right.")),
            ("up", self.tr("Up"), self.tr("What the map shows from bottom to top.")),
        ):
            field = QComboBox(owner)
            field.setObjectName(f"map-{name}")
            field.setAccessibleName(text)
            field.setToolTip(tip)
            field.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            field.setMinimumContentsLength(3)
            field.activated.connect(partial(self._take_choice, len(self.fields)))
            self.fields.append(field)
        shelf.changed.connect(self._fill)
        self._fill()

    def setSamples(
        self, samples: MapSamples | None, components: list[PlaneAxis], readers: list[tuple[str, str]]
    ) -> None:
        """Offer what suits other samples.

        Args:
            samples: what the map shows; attributes read off the same model stay.
            components: principal axes of the samples.
            readers: id and title of each predictor that knows such pictures.
        """
        is_same = (
            samples is not None
            and self._samples is not None
            and samples.model_sha256 == self._samples.model_sha256
        )
        kept = {id: axis for id, axis in self._known.items() if is_same and id.startswith("read:")}
        self._samples, self._readers = samples, readers
        self._known = {f"pc:{k}": axis for k, axis in enumerate(components)} | kept
        if not is_same:
            self._shown = None
        self._fill()

    def addRead(self, axes: list[PlaneAxis]) -> None:
        """Offer attributes, the surest first, and show the first two."""
        best = sorted(axes, key=lambda axis: -(axis.trust or 0))
        self._known |= {f"read:{axis.title}": axis for axis in best}
        self._fill()
        for field, axis in zip(self.fields, best, strict=False):
            field.setCurrentIndex(field.findData(f"read:{axis.title}"))
        self.changed.emit()

    def plane(self) -> LatentPlane | None:
        """The plane of the chosen axes; ``None`` while there are none.

        Raises:
            InputError: they read the same, or the latents do not vary along one.
        """
        ids = [str(field.currentData() or "") for field in self.fields]
        axes = [self._axis(id) for id in ids]
        if axes[0] is None or axes[1] is None:
            return None
        plane = LatentPlane(axes[0], axes[1])
        self._shown = (ids[0], ids[1])
        return plane

    @Slot()
    def goBack(self) -> None:
        """Let the fields say what the map shows."""
        if self._shown is not None:
            for field, id in zip(self.fields, self._shown, strict=True):
                field.setCurrentIndex(field.findData(id))

    def _axis(self, id: str) -> PlaneAxis | None:
        if id not in self._known and self._samples is not None and id.startswith("dir:"):
            entry = self._shelf.find(id.removeprefix("dir:"))
            return None if entry is None else direction_axis(entry.direction, self._samples)
        return self._known.get(id)

    def _take_choice(self, place: int, index: int) -> None:
        id = str(self.fields[place].itemData(index))
        if id.startswith("reader:"):
            self.goBack()
            self.readerWanted.emit(id.removeprefix("reader:"))
        else:
            self.changed.emit()

    @Slot()
    def _fill(self) -> None:
        offers = self._offers()
        for place, field in enumerate(self.fields):
            chosen = field.currentData()
            blocker = QSignalBlocker(field)
            field.clear()
            for id, title in offers:
                field.addItem(title, id)
            index = field.findData(chosen)
            field.setCurrentIndex(index if index >= 0 else min(place, field.count() - 1))
            field.setEnabled(field.count() > 0)
            blocker.unblock()

    def _offers(self) -> list[tuple[str, str]]:
        """Ids and what they are called."""
        offers = []
        for id, axis in self._known.items():
            sure = "" if axis.trust is None else self.tr(" (R² {trust:.2f})").format(trust=axis.trust)
            offers.append((id, axis.title + sure))
        samples = self._samples
        if samples is None:
            return offers
        for bank in self._shelf.banks:
            if bank.id == "favourites":
                continue
            fitting = [entry for entry in bank.shown if can_be_axis(entry.direction, samples.space)]
            fitting.sort(key=lambda entry: not entry.mark.starred)
            offers += [
                (f"dir:{entry.id}", f"{bank.title}: {entry.direction.name}") for entry in fitting[:_PER_BANK]
            ]
        offers += [
            (f"reader:{id}", self.tr("Read {title}…").format(title=title.lower()))
            for id, title in self._readers
        ]
        return offers
