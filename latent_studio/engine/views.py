"""ViewBook: a generator drawn as the settings of a request want it: moved, less detailed, of another size."""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from latent_studio.core.errors import IncompatibleLatentError, OptionError
from latent_studio.engine.stage_times import StageTimes
from latent_studio.generators.input_transform import input_transform
from latent_studio.generators.protocol import (
    FadedGenerator,
    MovableGenerator,
    SizedGenerator,
    StyledGenerator,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from latent_studio.core.edits import StyleOffsets
    from latent_studio.core.synthesis import SynthesisSettings
    from latent_studio.generators.protocol import Generator

#: Views share the weights, so that a few more cost next to nothing.
_KEPT = 8
_PLAIN = (0.0, 0.0, 0.0, None, None)


@dataclass(frozen=True, slots=True)
class View:
    """A generator ready to draw.

    Attributes:
        generator: shares its weights with all other views.
        times: how long its stages take.
        key: names what its activations depend on beside ws and noise; empty for the generator as it is.
    """

    generator: Generator
    times: StageTimes
    key: bytes = b""


class ViewBook:
    """Makes views of one generator, and remembers the last few.

    Args:
        generator: as the file has it.
        clock: seconds that only grow.
    """

    def __init__(self, generator: Generator, *, clock: Callable[[], float] = time.perf_counter) -> None:
        self._generator = generator
        self._clock = clock
        self._times: dict[tuple[int | None, int | None], StageTimes] = {}
        self._views: OrderedDict[bytes, View] = OrderedDict()
        self.plain = View(generator, self._times_at(None, None))

    def view(self, synthesis: SynthesisSettings, styles: StyleOffsets = ()) -> View:
        """The view that the settings ask for.

        Args:
            synthesis: only what concerns drawing is looked at.
            styles: what is added to single channels of its layers' styles.

        Raises:
            OptionError: this generator cannot draw so.
            IncompatibleLatentError: it has no such channel.
        """
        wanted = (
            synthesis.translate_x,
            synthesis.translate_y,
            synthesis.rotate_degrees,
            synthesis.lod,
            synthesis.chosen_scale,
        )
        if wanted == _PLAIN and not styles:
            return self.plain
        key = repr((wanted, styles)).encode()
        view = self._views.get(key)
        if view is None:
            view = View(
                _styled(drawn_as(self._generator, synthesis), styles),
                self._times_at(synthesis.lod, synthesis.chosen_scale),
                key,
            )
            self._views[key] = view
            if len(self._views) > _KEPT:
                self._views.popitem(last=False)
        self._views.move_to_end(key)
        return view

    def _times_at(self, lod: float | None, chosen_scale: int | None) -> StageTimes:
        """Moving a picture changes no time; leaving resolutions out or another size does."""
        key = (None if lod is None else math.ceil(lod), chosen_scale)
        if key not in self._times:
            count, device = len(self._generator.stages), self._generator.device
            self._times[key] = StageTimes(count, device=device, clock=self._clock)
        return self._times[key]


def _styled(generator: Generator, styles: StyleOffsets) -> Generator:
    if not styles:
        return generator
    if not isinstance(generator, StyledGenerator) or not generator.spec.has_styles:
        raise IncompatibleLatentError(
            f"Single channels of a {generator.spec.family} cannot be moved.",
            hint="Style space is there for StyleGAN, StyleGAN2 and StyleGAN3.",
        )
    return generator.with_style_offsets(styles)


def drawn_as(generator: Generator, synthesis: SynthesisSettings) -> Generator:
    """The same generator, moved, at another level of detail or of another size as the settings say.

    Args:
        generator: stays as it is; weights are shared.
        synthesis: only what concerns drawing is looked at.

    Raises:
        OptionError: this generator cannot draw so.
    """
    if synthesis.lod is not None:
        if not isinstance(generator, FadedGenerator):
            raise OptionError(
                "--lod",
                "This model has no levels of detail: it was not grown step by step.",
                hint="Leave --lod out.",
            )
        generator = generator.with_lod(synthesis.lod)
    if synthesis.chosen_scale is not None:
        if not isinstance(generator, SizedGenerator):
            raise OptionError(
                "--chosen-scale",
                "This model draws pictures of one size only.",
                hint="Leave --chosen-scale out.",
            )
        generator = generator.with_scale(synthesis.chosen_scale)
    if synthesis.is_moved:
        if not isinstance(generator, MovableGenerator):
            raise OptionError(
                "--translate",
                "This model's picture cannot be moved or turned: only StyleGAN3 has an input to move.",
                hint="Leave --translate and --rotate out.",
            )
        # In place of the file's own, as in the public tools.
        wanted = input_transform(
            translate_x=synthesis.translate_x,
            translate_y=synthesis.translate_y,
            rotate_degrees=synthesis.rotate_degrees,
        )
        generator = generator.with_input_transform(wanted)
    return generator
