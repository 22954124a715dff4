"""StyleChannel: a direction of style space, one channel of one layer.

Wu, Lischinski and Shechtman, "StyleSpace Analysis: Disentangled Controls for StyleGAN Image Generation", CVPR
2021: single channels of what the affine layers give change single things. They lie behind ws, so that such an
edit moves no latent; the engine adds it to the layer's style.
"""

from __future__ import annotations

import hashlib
import math
from functools import cached_property
from typing import TYPE_CHECKING

from latent_studio.core.directions import DirectionInfo
from latent_studio.core.errors import IncompatibleLatentError
from latent_studio.core.spaces import Space

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from latent_studio.core.directions import Rows
    from latent_studio.core.spec import GeneratorSpec


class StyleChannel:
    """A channel of a layer's style; an amount is a number of that channel's standard deviations.

    Args:
        layer: name of the layer, such as ``"b32.conv0"``.
        channel: which of its input channels.
        row: the row of ws the layer reads.
        unit: standard deviation of the channel over the model's latents; an amount of 1 adds it, a negative
        one
            turns the direction round.
        id: stable and unique; made of layer and channel when not given.
        name: what the user sees; the same.
        suggested_range: slider ends in standard deviations.
        info: how it was found.

    Raises:
        IncompatibleLatentError: channel or row is negative, or the unit is zero or not finite.
    """

    #: One amount is one standard deviation, whatever the channel.
    sigma = 1.0
    space = Space.S

    def __init__(
        self,
        layer: str,
        channel: int,
        *,
        row: int,
        unit: float,
        id: str = "",
        name: str = "",
        suggested_range: tuple[float, float] | None = None,
        info: DirectionInfo | None = None,
    ) -> None:
        if channel < 0 or row < 0 or not math.isfinite(unit) or unit == 0:
            raise IncompatibleLatentError(
                f"There is no channel {channel} of {layer} that varies by {unit:g}.",
                hint="A channel that is the same for all latents cannot be moved in sigmas.",
            )
        self.layer = layer
        self.channel = channel
        self.row = row
        self.unit = float(unit)
        self.id = id or f"channel:{layer}:{channel}"
        self.name = name or f"{layer} #{channel}"
        self.suggested_range = suggested_range or (-10.0, 10.0)
        self.info = info or DirectionInfo("channel")

    @property
    def rows(self) -> Rows:
        """The row its layer reads."""
        return (self.row,)

    @cached_property
    def digest(self) -> str:
        """Hex digest of everything that decides what it does."""
        text = f"{self.id}{self.layer}{self.channel}{self.unit!r}"
        return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()

    def check_fits(self, spec: GeneratorSpec) -> None:
        """See ``Direction.check_fits``; the engine checks layer and channel."""
        if self.row >= spec.num_ws or not spec.has_styles:
            raise IncompatibleLatentError(
                f"The model has no channel {self.name!r}.", hint="It was found on another model."
            )

    def move(self, values: NDArray[np.float32], amount: float, *, rows: Rows = None) -> NDArray[np.float32]:
        """The latent itself: style space lies behind it; see ``EditStack.style_offsets``."""
        return values

    def __eq__(self, other: object) -> bool:
        return isinstance(other, StyleChannel) and self.digest == other.digest

    def __hash__(self) -> int:
        return hash(self.digest)

    def __repr__(self) -> str:
        return f"StyleChannel({self.layer!r}, {self.channel})"
