"""StyleMix: rows of ws taken from a second place in latent space."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from latent_studio.core.errors import IncompatibleLatentError, OptionError
from latent_studio.core.rows import format_rows

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from latent_studio.core.session import Base
    from latent_studio.core.spec import GeneratorSpec


@dataclass(frozen=True, slots=True)
class StyleMix:
    """Style mixing (Karras et al. 2019, section 3.1), with any rows in place of one crossover.

    The source is mapped and truncated like the base; edits before the mapping move the base alone, edits
    after it move the mixed rows too.

    Attributes:
        source: where the rows come from, a seed's place or a latent.
        rows: rows of ws that are taken from it, ascending; none changes nothing.
        weight: 1 takes the rows whole, less blends them with the base's own.
    """

    source: Base
    rows: tuple[int, ...]
    weight: float = 1.0

    def check_fits(self, spec: GeneratorSpec) -> None:
        """Refuse rows the model has not got, and weights outside 0 to 1.

        Raises:
            IncompatibleLatentError: naming rows and model.
            OptionError: the weight is out of range.
        """
        if any(not 0 <= row < spec.num_ws for row in self.rows):
            raise IncompatibleLatentError(
                f"Rows {format_rows(self.rows)} are to be mixed, but the model has rows 0 to "
                f"{spec.num_ws - 1}.",
                hint="Choose rows within the model.",
            )
        if not 0 <= self.weight <= 1:
            raise OptionError("weight", f"The weight of a mix is {self.weight}, but must be from 0 to 1.")

    def mixed(self, ws: NDArray[np.float32], source_ws: NDArray[np.float32]) -> NDArray[np.float32]:
        """The mix of two ws; neither is changed.

        Args:
            ws: ``(num_ws, w_dim)`` float32, of the base.
            source_ws: the same of the source.
        """
        index = list(self.rows)
        mixed = np.array(ws, dtype=np.float32)
        if self.weight == 1:
            # No arithmetic: a row taken whole is the source's, bit for bit.
            mixed[index] = source_ws[index]
        else:
            mixed[index] += np.float32(self.weight) * (source_ws[index] - mixed[index])
        return mixed


def rows_from(crossover: int, num_ws: int) -> tuple[int, ...]:
    """The rows of a crossover: from this one to the last."""
    return tuple(range(max(0, crossover), num_ws))


def crossover_of(rows: tuple[int, ...], num_ws: int) -> int | None:
    """The crossover that gives these rows; ``num_ws`` for none of them, ``None`` if no crossover does."""
    crossover = num_ws - len(rows)
    return crossover if rows == rows_from(crossover, num_ws) else None
