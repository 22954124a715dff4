"""BankTools: the two menus above the sliders, and what an empty bank says."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QMenu, QToolButton, QWidget

from latent_studio.ui.direction_finder import DirectionFinder
from latent_studio.ui.icons import set_icon
from latent_studio.ui.widgets.empty_state import EmptyAction
from latent_studio.ui.widgets.rows_field import rows_text, zones

if TYPE_CHECKING:
    from collections.abc import Callable

    from latent_studio.ui.api import DockContext


@dataclass(frozen=True, slots=True)
class EmptyWords:
    """What an empty bank says.

    Attributes:
        text: why it is empty.
        actions: what can be done about it.
    """

    text: str
    actions: tuple[EmptyAction, ...] = ()


class BankTools(QObject):
    """The buttons and what they do.

    Args:
        context: the window's parts.
        owner: the widget they stand on.
    """

    #: Whether hidden directions are shown.
    hidden_toggled = Signal(bool)
    #: The safe zones of the bank in front are to be calibrated.
    calibrate_requested = Signal()

    def __init__(self, context: DockContext, owner: QWidget) -> None:
        super().__init__(owner)
        self._context = context
        self._finder = DirectionFinder(context, owner)
        context.dropped.add_taker(self._finder.take_file)
        self.add_button = _menu_button(
            owner, "bank-add", "plus", self.tr("Find or import directions"), self._fill_add
        )
        self.more_button = _menu_button(
            owner, "bank-more", "more", self.tr("How the bank is shown"), self._fill_more
        )
        self._shows_hidden = False

    def calibrate(self, ids: tuple[str, ...]) -> None:
        """Calibrate the sliders of these directions."""
        self._finder.calibrate(ids)

    def empty_words(self, bank: str, *, has_hidden: bool) -> EmptyWords:
        """What an empty bank says.

        Args:
            bank: its id.
            has_hidden: there are directions in it, but all of them are hidden.
        """
        if self._context.models.model is None:
            return EmptyWords(self.tr("Directions appear here once a model is open."))
        if has_hidden:
            show = EmptyAction(
                "bank-show-hidden", self.tr("Show hidden"),
                self.tr("Show the directions you have hidden."), partial(self._toggle_hidden, True),
            )  # fmt: skip
            return EmptyWords(self.tr("All directions of this bank are hidden."), (show,))
        load = self._action("import", self.tr("Import directions…"), self._finder.import_files)
        match bank:
            case "favourites":
                return EmptyWords(
                    self.tr(
                        "Favourites of this model gather here. Click the star of a slider, or choose "
                        "Star in its menu."
                    )
                )
            case "sefa":
                find = self._action(
                    "sefa", self.tr("Find SeFa directions"), partial(self._finder.find_sefa, None)
                )
                return EmptyWords(
                    self.tr("SeFa found nothing in this model: it has no style weights to factorise."),
                    (find, load),
                )
            case "boundaries":
                train = self._action("train", self.tr("Train boundaries…"), self._finder.train_boundaries)
                rate = self._action("rate", self.tr("Rate samples…"), self._finder.rate_samples)
                return EmptyWords(
                    self.tr(
                        "A boundary tells pictures with something from pictures without it, such as a smile. "
                        "Train some from an attribute predictor or a table of scores, rate samples by "
                        "thumbs up and down, or import .npy files."
                    ),
                    (train, rate, load),
                )
            case "pca":
                find = self._action("pca", self.tr("Find PCA directions"), self._finder.find_pca)
                return EmptyWords(
                    self.tr(
                        "The principal components of the model's latents, strongest first. Finding them "
                        "takes some seconds, once per model."
                    ),
                    (find, load),
                )
            case "warp":
                return EmptyWords(
                    self.tr(
                        "Warp paths are curved directions: trained here in the Warp training panel, or "
                        "imported as the support_sets.pt of WarpedGANSpace."
                    ),
                    (load,),
                )
            case _:
                return EmptyWords(self.tr("There are no directions in this bank."), (load,))

    def _action(self, name: str, text: str, do: Callable[[], object]) -> EmptyAction:
        return EmptyAction(f"empty-{name}", text, text.rstrip("…") + ".", do)

    def _fill_add(self, menu: QMenu) -> None:
        model = self._context.models.model
        can_do = model is not None
        sefa = menu.addMenu(self.tr("SeFa"))
        sefa.setObjectName("add-sefa")
        sefa.setEnabled(can_do)
        sefa.setToolTipsVisible(True)
        num_ws = model.spec.num_ws if model is not None else 0
        names = (self.tr("Form"), self.tr("Features"), self.tr("Colour"))
        found = zones(num_ws)
        presets: list[tuple[str, tuple[int, ...] | None]] = [(self.tr("All rows"), None)]
        if len(found) > 1:
            presets += zip(names, found, strict=False)
        for name, rows in presets:
            text = name if rows is None else f"{name}  {rows_text(rows)}"
            tooltip = self.tr("What these layers react to most strongly.")
            _add(menu=sefa, name=f"add-sefa-{name}", text=text, tooltip=tooltip,
                 do=partial(self._finder.find_sefa, rows))  # fmt: skip
        sefa.addSeparator()
        _add(sefa, "add-sefa-more", self.tr("Rows, variant, number…"),
             self.tr("Choose layers, whose SeFa, and how many."), self._finder.ask_sefa)  # fmt: skip
        for name, text, tooltip, do in (
            ("add-pca", self.tr("Find PCA directions"),
             self.tr("Principal components of the model's latents."), self._finder.find_pca),
            ("add-train", self.tr("Train boundaries…"),
             self.tr("From an attribute predictor, a table of scores, or two sets of latents."),
             self._finder.train_boundaries),
            ("add-channel", self.tr("Style channel…"),
             self.tr("One channel of one layer's style, as a slider."), self._finder.add_channel),
            ("add-rate", self.tr("Rate samples…"),
             self.tr("Thumbs up and down: a direction after every ten."), self._finder.rate_samples),
            ("add-import", self.tr("Import directions…"),
             self.tr("From .npy, .npz, .pt, .pth or .safetensors of any of the usual programs."),
             self._finder.import_files),
        ):  # fmt: skip
            _add(menu, name, text, tooltip, do, can_do=can_do)
        for source in self._context.plugins.host.direction_sources():
            _add(
                menu, f"add-plugin-{source.id}", self.tr("{title}…").format(title=source.title),
                self.tr("Directions by a plugin, with its options."),
                partial(self._finder.find_by_plugin, source.id), can_do=can_do,
            )  # fmt: skip

    def _fill_more(self, menu: QMenu) -> None:
        _add(
            menu, "more-sheet", self.tr("Contact sheet"),
            self.tr("What every direction does to this picture, ranked by how much it changes."),
            self._finder.show_sheet, can_do=self._context.models.model is not None,
        )  # fmt: skip
        _add(
            menu, "more-calibrate", self.tr("Calibrate safe zones"),
            self.tr("Walk along each slider of the bank until latents or pictures leave what is usual."),
            self.calibrate_requested.emit, can_do=self._context.models.model is not None,
        )  # fmt: skip
        menu.addSeparator()
        hidden = menu.addAction(self.tr("Show hidden"))
        hidden.setObjectName("more-hidden")
        hidden.setToolTip(self.tr("Show the directions you have hidden, too."))
        hidden.setCheckable(True)
        hidden.setChecked(self._shows_hidden)
        hidden.toggled.connect(self._toggle_hidden)
        menu.addAction(self._context.actions["sigma_unit"])

    def _toggle_hidden(self, shown: bool) -> None:
        self._shows_hidden = shown
        self.hidden_toggled.emit(shown)


def _menu_button(
    owner: QWidget, name: str, icon: str, words: str, fill: Callable[[QMenu], None]
) -> QToolButton:
    """A button whose menu is made anew whenever it opens."""
    button = QToolButton(owner)
    button.setObjectName(name)
    button.setAccessibleName(words)
    button.setToolTip(words)
    button.setProperty("quiet", True)
    button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
    set_icon(button, icon)
    menu = QMenu(button)
    menu.setObjectName(f"{name}-menu")
    menu.setToolTipsVisible(True)
    menu.aboutToShow.connect(partial(_refill, menu, fill))
    button.setMenu(menu)
    return button


def _refill(menu: QMenu, fill: Callable[[QMenu], None]) -> None:
    menu.clear()
    fill(menu)


def _add(
    menu: QMenu, name: str, text: str, tooltip: str, do: Callable[[], object], *, can_do: bool = True
) -> None:
    action = menu.addAction(text)
    action.setObjectName(name)
    action.setToolTip(tooltip)
    action.setStatusTip(tooltip)
    action.setEnabled(can_do)
    action.triggered.connect(partial(_call, do))


def _call(do: Callable[[], object], _checked: bool = False) -> None:
    do()
