"""ChannelPicker: one channel of one layer's style as a slider."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QSignalBlocker, Slot
from PySide6.QtWidgets import QComboBox, QFormLayout, QSpinBox, QWidget

from latent_studio.app.state_code import place_of
from latent_studio.app.tasks.direction_keep import DirectionKeepOptions
from latent_studio.core.errors import LatentStudioError
from latent_studio.ui.widgets.fields import with_room
from latent_studio.ui.widgets.form_sheet import FormSheet
from latent_studio.ui.widgets.labelled_slider import LabelledSlider

if TYPE_CHECKING:
    from latent_studio.app.models import LoadedModel
    from latent_studio.core.jobs import CancelToken, ProgressSink
    from latent_studio.core.style_channels import StyleChannel
    from latent_studio.generators.protocol import StyleLayer
    from latent_studio.ui.api import DockContext

_SPREAD_SAMPLES = 2000


class ChannelPicker(QObject):
    """Asks for layer and channel, and adds the slider.

    Args:
        context: the window's parts.
        owner: widget the sheet stands over.
    """

    def __init__(self, context: DockContext, owner: QWidget) -> None:
        super().__init__(owner)
        self._context = context
        self._owner = owner

    def ask(self) -> None:
        """Show the layers there are."""
        from latent_studio.generators.protocol import StyledGenerator

        model = self._context.models.model
        if model is None:
            return
        layers = tuple(model.generator.style_layers) if isinstance(model.generator, StyledGenerator) else ()
        if not layers:
            self._context.messages.warning(
                self.tr("This model has no style channels."),
                hint=self.tr("Style space is there for StyleGAN, StyleGAN2 and StyleGAN3."),
            )
            return
        form = ChannelForm(layers)
        sheet = FormSheet(
            self.tr("Style channel"),
            self.tr(
                "A layer's style is a few hundred numbers, and many of them do one thing. The slider moves "
                "one of them, in standard deviations of the model's own pictures."
            ),
            form,
            button=self.tr("Add slider"),
            begin=partial(self._begin, form),
            parent=self._owner.window(),
        )
        sheet.dismissed.connect(sheet.deleteLater)
        sheet.openOverlay()

    def _begin(self, form: ChannelForm) -> str:
        layer, channel = form.choice()
        self.add(layer, channel)
        return ""

    def add(self, layer: str, channel: int) -> None:
        """Add the slider of a channel, and go to it."""
        model = self._context.models.model
        if model is None:
            return
        self._context.jobs.start(
            self.tr("Add a style channel"),
            partial(_find, model, layer, channel),
            on_done=partial(self._take, model),
            on_failed=self._context.messages.failure,
            quiet=True,
            twin=(
                "direction keep",
                DirectionKeepOptions(place_of(model.ref), f"channel:{layer}:{channel}"),
            ),
        )

    def _take(self, model: LoadedModel, direction: StyleChannel) -> None:
        library = self._context.directions.library
        if self._context.models.model is not model or library is None:
            return
        try:
            library.keep((direction,), name=direction.id.replace(":", " "))
        except LatentStudioError as error:
            self._context.messages.warning(error.title, hint=error.hint)
            return
        self._context.directions.reveal(direction.id)


class ChannelForm(QWidget):
    """Layer and channel, as a list, a slider and a number."""

    def __init__(self, layers: tuple[StyleLayer, ...], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._layers = layers
        self._layer = QComboBox(self)
        self._layer.setObjectName("channel-layer")
        self._layer.setAccessibleName(self.tr("Layer"))
        self._layer.setToolTip(self.tr("The layer whose style it is; its row of the latent is moved."))
        for layer in layers:
            kind = self.tr("colour output") if layer.kind == "to_rgb" else self.tr("convolution")
            self._layer.addItem(
                self.tr("row {row} · {side} px · {kind} · {count} channels").format(
                    row=layer.row, side=layer.resolution, kind=kind, count=layer.channels
                ),
                layer.name,
            )
        self._slider = LabelledSlider(self.tr("Channel"), parent=self)
        self._slider.setObjectName("channel-slider")
        self._slider.setIntegerMode(True)
        self._slider.setStep(1)
        self._number = with_room(QSpinBox(self))
        self._number.setObjectName("channel-number")
        self._number.setAccessibleName(self.tr("Channel"))
        self._number.setToolTip(self.tr("Which of the layer's channels."))
        layout = QFormLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setVerticalSpacing(8)
        layout.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        layout.addRow(self.tr("Layer"), self._layer)
        layout.addRow(self.tr("Number"), self._number)
        layout.addRow(self._slider)
        self.setFocusProxy(self._layer)
        self._layer.currentIndexChanged.connect(self._take_layer)
        self._slider.valueChanged.connect(self._take_slider)
        self._number.valueChanged.connect(self._slider.setValue)
        self._take_layer()

    def choice(self) -> tuple[str, int]:
        """The layer's name and the channel."""
        return str(self._layer.currentData()), self._number.value()

    @Slot()
    def _take_layer(self) -> None:
        last = self._layers[self._layer.currentIndex()].channels - 1
        self._number.setRange(0, last)
        # A slider needs two ends.
        self._slider.setRange(0, max(1, last))
        self._slider.setValue(self._number.value())

    @Slot(float)
    def _take_slider(self, value: float) -> None:
        blocker = QSignalBlocker(self._number)
        self._number.setValue(round(value))
        blocker.unblock()


def _find(
    model: LoadedModel, layer: str, channel: int, progress: ProgressSink, cancel: CancelToken
) -> StyleChannel:
    from latent_studio.app.models import sample_w
    from latent_studio.core.errors import InputError
    from latent_studio.methods.style_channels import style_channels

    cancel.check()
    samples = sample_w(model.generator, _SPREAD_SAMPLES)
    for found in style_channels(model.generator, layer, samples, model_sha256=model.ref.sha256):
        if found.channel == channel:
            return found
    raise InputError(
        f"Channel {channel} of {layer} is the same in all pictures, so it has no deviation to move by.",
        hint="Choose another channel.",
    )
