"""Proxies: pictures of moments that were rendered already, kept for scrubbing and playing."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt

from latent_studio.core.render import Quality
from latent_studio.ui.widgets.images import image_of

if TYPE_CHECKING:
    from PySide6.QtGui import QImage

    from latent_studio.core.pose import Pose
    from latent_studio.core.render import Frame

LIMIT_BYTES = 160 << 20
#: Side of the small pictures of a strip, in pixels.
SMALL_SIDE = 56


class ProxyCache:
    """Frames by what they show; the least recently used ones leave first.

    A change of the timeline that leaves a moment as it was leaves its picture too.

    Args:
        limit_bytes: of pixels and small pictures together.
    """

    def __init__(self, limit_bytes: int = LIMIT_BYTES) -> None:
        self._limit = limit_bytes
        self._frames: OrderedDict[Pose, tuple[Frame, QImage]] = OrderedDict()
        self._bytes = 0
        self._largest = 0

    def __contains__(self, pose: Pose | None) -> bool:
        return pose in self._frames

    def __len__(self) -> int:
        return len(self._frames)

    @property
    def bytes_used(self) -> int:
        """By the pictures kept."""
        return self._bytes

    @property
    def room(self) -> int:
        """How many pictures as large as the largest one seen fit in; 0 before the first."""
        return self._limit // self._largest if self._largest else 0

    def get(self, pose: Pose | None) -> Frame | None:
        """The frame of a pose, which is young again then."""
        found = None if pose is None else self._frames.get(pose)
        if pose is None or found is None:
            return None
        self._frames.move_to_end(pose)
        return found[0]

    def small(self, pose: Pose) -> QImage | None:
        """The small picture of a pose; looking at it keeps nothing young."""
        found = self._frames.get(pose)
        return None if found is None else found[1]

    def is_coarse(self, pose: Pose) -> bool:
        """Whether there is a frame of a pose, but only a preview."""
        found = self._frames.get(pose)
        return found is not None and found[0].quality is Quality.COARSE

    def put(self, pose: Pose, frame: Frame) -> None:
        """Keep a frame; a preview does not take the place of a sharp one."""
        if frame.quality is Quality.COARSE and pose in self and not self.is_coarse(pose):
            return
        old = self._frames.pop(pose, None)
        if old is not None:
            self._bytes -= _size_of(*old)
        small = small_image(frame)
        self._frames[pose] = (frame, small)
        size = _size_of(frame, small)
        self._bytes += size
        self._largest = max(self._largest, size)
        while self._bytes > self._limit and len(self._frames) > 1:
            _, (gone, its_small) = self._frames.popitem(last=False)
            self._bytes -= _size_of(gone, its_small)

    def clear(self) -> None:
        """Forget all: another model draws them."""
        self._frames.clear()
        self._bytes = self._largest = 0


def small_image(frame: Frame) -> QImage:
    """A picture for a strip."""
    pixels = frame.pixels
    # Every n-th pixel first: smoothing a large picture down would take as long as rendering a small one.
    step = max(1, min(pixels.shape[:2]) // (2 * SMALL_SIDE))
    image = image_of(pixels[::step, ::step])
    return image.scaledToHeight(SMALL_SIDE, Qt.TransformationMode.SmoothTransformation)


def _size_of(frame: Frame, small: QImage) -> int:
    return frame.pixels.nbytes + small.sizeInBytes()
