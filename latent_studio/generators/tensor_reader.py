"""TensorReader: takes a checkpoint's tensors one by one and knows what is missing or left over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from latent_studio.checkpoints.tensors import count_bad
from latent_studio.core.errors import MissingWeightsError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from torch import Tensor


class TensorReader:
    """Tensors by name, with their shapes checked as they are taken.

    Args:
        tensors: name to tensor; floating point.
    """

    def __init__(self, tensors: Mapping[str, Tensor]) -> None:
        self._tensors = tensors
        self._taken: set[str] = set()

    def __contains__(self, name: str) -> bool:
        return name in self._tensors

    @property
    def names(self) -> tuple[str, ...]:
        """All names, taken or not."""
        return tuple(self._tensors)

    @property
    def taken(self) -> frozenset[str]:
        """The names taken so far."""
        return frozenset(self._taken)

    def count(self, *, without: tuple[str, ...] = ()) -> int:
        """How many numbers there are in the tensors taken so far.

        Args:
            without: ends of names that do not count.
        """
        return sum(self._tensors[name].numel() for name in self._taken if not name.endswith(without))

    def shape_of(self, name: str) -> tuple[int, ...] | None:
        """A tensor's shape; ``None`` if there is no such tensor."""
        tensor = self._tensors.get(name)
        return None if tensor is None else tuple(tensor.shape)

    def take(self, name: str, *shape: int | None) -> Tensor:
        """The tensor of that name.

        Args:
            name: exactly as in the checkpoint.
            shape: what it must have; ``None`` for an axis of any length.

        Raises:
            MissingWeightsError: there is none, or its shape is another.
        """
        expected = _as_text(shape)
        tensor = self._tensors.get(name)
        if tensor is None:
            raise MissingWeightsError(
                f"The checkpoint has no tensor {name!r}, which should have shape {expected}.",
                hint="The file may be cut short, or hold another kind of network.",
            )
        fits = tensor.ndim == len(shape) and all(
            want is None or want == have for want, have in zip(shape, tensor.shape, strict=True)
        )
        if not fits:
            raise MissingWeightsError(
                f"Tensor {name!r} has shape {_as_text(tuple(tensor.shape))}; expected {expected}.",
                hint="The file may be damaged, or hold another kind of network.",
            )
        self._taken.add(name)
        return tensor

    def finish(self, *, ignorable: Callable[[str], bool]) -> None:
        """Make sure that every tensor was taken.

        Args:
            ignorable: whether a name may be left over.

        Raises:
            MissingWeightsError: a tensor is left over, so the network is not the one we know.
        """
        left = [name for name in self._tensors if name not in self._taken and not ignorable(name)]
        if left:
            others = f" and {len(left) - 1} more" if len(left) > 1 else ""
            raise MissingWeightsError(
                f"The checkpoint has tensors this network has no place for: {left[0]!r}{others}.",
                hint="It may come from a changed version of the network, which would give wrong pictures.",
            )


def in_float32(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """All tensors as contiguous float32 constants.

    Raises:
        MissingWeightsError: one is empty, is not floating point, or holds NaN or infinity.
    """
    result = {}
    for name, tensor in tensors.items():
        if not tensor.is_floating_point():
            raise MissingWeightsError(
                f"Tensor {name!r} holds {tensor.dtype}; expected floating point numbers.",
                hint="The file may hold another kind of network.",
            )
        if not tensor.numel():
            raise MissingWeightsError(
                f"Tensor {name!r} is empty: its shape is {_as_text(tuple(tensor.shape))}.",
                hint="The file may be damaged, or hold another kind of network.",
            )
        result[name] = tensor.detach().float().contiguous()
        if count_bad(result[name]):
            raise MissingWeightsError(
                f"Tensor {name!r} holds values that are not finite.",
                hint="Training may have diverged; try an earlier snapshot.",
            )
    return result


def _as_text(shape: tuple[int | None, ...]) -> str:
    return "(" + ", ".join("any" if n is None else str(n) for n in shape) + ")"
