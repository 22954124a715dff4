"""PrefixCache: activations of earlier renders, so that an edit of late rows repeats late stages only."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from latent_studio.generators.protocol import Features, Stage

#: Identifies the noise of a render: the mode, and the seed where it matters; or the digest of maps found.
NoiseKey = tuple[str, int]
#: Index of a stage, noise, digest of the rows of ws it depends on.
PrefixKey = tuple[int, NoiseKey, bytes]


def prefix_keys(
    ws: NDArray[np.float32], stages: Sequence[Stage], *, noise: NoiseKey, view: bytes = b""
) -> tuple[PrefixKey, ...]:
    """Name the features of each stage by everything they depend on.

    Only rows a stage's *convolutions* have read count. The row that ``to_rgb`` reads is also the first of the
    next stage; counting it here would throw one stage too many away.

    Args:
        ws: ``(num_ws, w_dim)`` float32.
        stages: of one generator, coarse to fine.
        noise: which noise the render uses.
        view: what else all stages depend on, such as where the input was moved.
    """
    h = hashlib.blake2b(view, digest_size=16)
    done = 0
    keys = []
    for index, stage in enumerate(stages):
        if stage.num_rows > done:
            h.update(ws[done : stage.num_rows].tobytes())
            done = stage.num_rows
        keys.append((index, noise, h.digest()))
    return tuple(keys)


class PrefixCache:
    """Features by key, least recently used ones go first.

    A cache belongs to one generator on one device in one precision: a swap starts a new one. It has no lock;
    the gate lets one thread compute at a time.

    Args:
        limit_bytes: what the tensors held may take together; 0 holds nothing.
        at_most: how many features are held, however small; ``None`` for as many as there is room for.
    """

    def __init__(self, limit_bytes: int, *, at_most: int | None = None) -> None:
        self._limit = limit_bytes
        self._at_most = at_most
        self._used = 0
        self._entries: OrderedDict[PrefixKey, tuple[Features, int]] = OrderedDict()

    @property
    def bytes_used(self) -> int:
        """What the tensors held take together."""
        return self._used

    @property
    def limit_bytes(self) -> int:
        """What they may take."""
        return self._limit

    def __len__(self) -> int:
        return len(self._entries)

    def longest(self, keys: Sequence[PrefixKey]) -> tuple[int, Features | None]:
        """The furthest stage whose features are here; marks the whole prefix as used.

        Args:
            keys: of one render, coarse to fine.

        Returns:
            The index of the stage and its features; ``(-1, None)`` when nothing is here.
        """
        found, features = -1, None
        # From fine to coarse, so that the coarse ones, which serve most edits and are small, end up newest.
        for key in reversed(keys):
            entry = self._entries.get(key)
            if entry is None:
                continue
            self._entries.move_to_end(key)
            if features is None:
                found, features = key[0], entry[0]
        return found, features

    def put(self, key: PrefixKey, features: Features) -> None:
        """Keep features. What alone would push out half of the rest is not kept."""
        size = _size(features)
        if size > self._limit // 2:
            return
        self._drop(key)
        self._entries[key] = (features, size)
        self._used += size
        while self._used > self._limit or (self._at_most is not None and len(self._entries) > self._at_most):
            self._drop(next(iter(self._entries)))

    def clear(self) -> None:
        """Forget everything."""
        self._entries.clear()
        self._used = 0

    def _drop(self, key: PrefixKey) -> None:
        entry = self._entries.pop(key, None)
        if entry is not None:
            self._used -= entry[1]


def _size(features: Features) -> int:
    """Bytes kept alive: a view keeps all of its storage."""
    storages = {}
    for tensor in (features.x, features.rgb):
        if tensor is not None:
            storage = tensor.untyped_storage()
            storages[storage.data_ptr()] = storage.nbytes()
    return sum(storages.values())
