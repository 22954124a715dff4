"""Mtcnn: an offline face finder with five marks, in plain torch.

Zhang et al., "Joint Face Detection and Alignment Using Multitask Cascaded Convolutional "
              "Networks", IEEE Signal
Processing Letters 2016. Weights come with the program. A small network proposes boxes on a
pyramid of sizes, a second one refines them, a third one refines again and marks eyes, nose and corners of the
mouth.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch.nn import functional

from latent_studio.checkpoints.bundled_weights import read_bundled_weights
from latent_studio.methods.alignment.faces import Face, FaceMarks, never_cancelled

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray
    from torch import Tensor

#: A photo is looked at with its longer side at this many pixels; larger gains nothing for portraits.
LOOKED_AT = 1024
#: Faces narrower than this share of the shorter side are not looked for; and never below 20 pixels.
SMALLEST_SHARE = 0.04

_CELL, _STRIDE = 12, 2
_PYRAMID_STEP = 0.709
_THRESHOLDS = (0.6, 0.7, 0.7)
#: At most this many proposals go on, the likeliest first, so that a page of text cannot take minutes.
_MOST_PROPOSALS = 2000
_BATCH = 256


class Mtcnn:
    """The three networks.

    Args:
        weights: ``pnet.*``, ``rnet.*`` and ``onet.*``, as ``read_bundled_weights("mtcnn")`` gives them.
        device: where to compute.
    """

    def __init__(self, weights: Mapping[str, Tensor], *, device: torch.device | str = "cpu") -> None:
        self._weights = {name: tensor.to(device) for name, tensor in weights.items()}
        self._device = torch.device(device)

    def find(
        self, pixels: NDArray[np.uint8], *, check_cancel: Callable[[], None] = never_cancelled
    ) -> tuple[Face, ...]:
        """See ``FaceFinder.find``."""
        image = torch.tensor(pixels, device=self._device).permute(2, 0, 1)[None].float()
        height, width = image.shape[2:]
        shrink = min(1.0, LOOKED_AT / max(height, width))
        if shrink < 1:
            size = (max(1, round(height * shrink)), max(1, round(width * shrink)))
            image = functional.interpolate(image, size=size, mode="area")
        with torch.inference_mode():
            boxes, scores, marks = self._look(image, check_cancel)
        scale = np.array([width / image.shape[3], height / image.shape[2]])
        # Where the middle of a pixel is at whole numbers, sizes scale about the corner at minus a half.
        boxes = ((boxes.reshape(-1, 2, 2) + 0.5) * scale - 0.5).reshape(-1, 4)
        marks = (marks + 0.5) * scale - 0.5
        faces = [
            Face(
                (float(box[0]), float(box[1]), float(box[2]), float(box[3])),
                # The nose, third of the five, has no part in the crop.
                FaceMarks.from_array(points[[0, 1, 3, 4]]),
                float(score),
                "mtcnn",
                nose=(float(points[2, 0]), float(points[2, 1])),
            )
            for box, score, points in zip(boxes, scores, marks, strict=True)
        ]
        return tuple(sorted(faces, key=lambda face: -face.area))

    def _look(
        self, image: Tensor, check_cancel: Callable[[], None]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Boxes ``(N, 4)``, scores ``(N,)`` and five marks each ``(N, 5, 2)``, in pixels of ``image``."""
        height, width = image.shape[2:]
        boxes, scores = self._propose(image, check_cancel)
        boxes, scores = _kept(boxes, scores, 0.7, most=_MOST_PROPOSALS)
        boxes, scores = _inside(_square(boxes), scores, width, height)
        check_cancel()
        passed, scores, shifts, _ = self._judge("rnet", image, boxes, 24, _THRESHOLDS[1])
        boxes = boxes[passed]
        keep = _nms(boxes, scores, 0.7)
        boxes, scores = _shifted(boxes[keep], shifts[keep]), scores[keep]
        boxes, scores = _inside(_square(boxes), scores, width, height)
        check_cancel()
        passed, scores, shifts, points = self._judge("onet", image, boxes, 48, _THRESHOLDS[2])
        boxes = boxes[passed]
        sizes = boxes[:, 2:] - boxes[:, :2] + 1
        marks = points * sizes[:, None] + boxes[:, None, :2] - 1
        boxes = _shifted(boxes, shifts)
        keep = _nms(boxes, scores, 0.7, of_smaller=True)
        return boxes[keep], scores[keep], marks[keep]

    def _propose(
        self, image: Tensor, check_cancel: Callable[[], None]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The first network over a pyramid of sizes: it is convolutional, so every place is looked at."""
        height, width = image.shape[2:]
        smallest = max(20.0, SMALLEST_SHARE * min(height, width))
        scale = _CELL / smallest
        found = [(np.zeros((0, 4)), np.zeros(0))]
        while min(height, width) * scale >= _CELL:
            check_cancel()
            small = functional.interpolate(
                image, size=(int(height * scale + 1), int(width * scale + 1)), mode="area"
            )
            x = self._conv("pnet.1", _normalised(small))
            x = functional.max_pool2d(x, 2, 2, ceil_mode=True)
            x = self._conv("pnet.3", self._conv("pnet.2", x))
            face = self._plain("pnet.conv4_1", x).softmax(1)[0, 1]
            shift = self._plain("pnet.conv4_2", x)[0]
            rows, columns = torch.nonzero(face >= _THRESHOLDS[0], as_tuple=True)
            places = torch.stack([columns, rows], 1).double().cpu().numpy() * _STRIDE
            boxes = np.floor(np.concatenate([places + 1, places + _CELL], 1) / scale)
            shifts = shift[:, rows, columns].T.double().cpu().numpy()
            scores = face[rows, columns].double().cpu().numpy()
            keep = _nms(boxes, scores, 0.5, most=_MOST_PROPOSALS)
            # Here, unlike later, a box is as wide as the difference of its ends.
            sizes = np.tile(boxes[:, 2:] - boxes[:, :2], 2)
            found.append(((boxes + shifts * sizes)[keep], scores[keep]))
            scale *= _PYRAMID_STEP
        return np.concatenate([boxes for boxes, _ in found]), np.concatenate([scores for _, scores in found])

    def _judge(
        self, net: str, image: Tensor, boxes: NDArray[np.float64], side: int, threshold: float
    ) -> tuple[NDArray[np.bool_], NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """The second or third network on the content of boxes.

        Returns:
            Which boxes pass; then of those that do: scores, shifts ``(N, 4)``, five points ``(N, 5, 2)`` in
            shares of the box (zeros from the second network).
        """
        outputs = []
        for start in range(0, len(boxes), _BATCH):
            pieces = [_cut(image, box, side) for box in boxes[start : start + _BATCH]]
            x = _normalised(torch.cat(pieces))
            outputs.append(self._refine(x) if net == "rnet" else self._mark(x))
        if not outputs:
            return np.zeros(0, bool), np.zeros(0), np.zeros((0, 4)), np.zeros((0, 5, 2))
        face, shift, points = (
            torch.cat(parts).double().cpu().numpy() for parts in zip(*outputs, strict=True)
        )
        scores = face[:, 1]
        passed = scores > threshold
        # Five x, then five y.
        points = points.reshape(-1, 2, 5).transpose(0, 2, 1)
        return passed, scores[passed], shift[passed], points[passed]

    def _refine(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        x = functional.max_pool2d(self._conv("rnet.1", x), 3, 2, ceil_mode=True)
        x = functional.max_pool2d(self._conv("rnet.2", x), 3, 2, ceil_mode=True)
        x = self._dense("rnet.4", self._conv("rnet.3", x))
        face = self._linear("rnet.dense5_1", x).softmax(1)
        return face, self._linear("rnet.dense5_2", x), x.new_zeros(len(x), 10)

    def _mark(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        x = functional.max_pool2d(self._conv("onet.1", x), 3, 2, ceil_mode=True)
        x = functional.max_pool2d(self._conv("onet.2", x), 3, 2, ceil_mode=True)
        x = functional.max_pool2d(self._conv("onet.3", x), 2, 2, ceil_mode=True)
        x = self._dense("onet.5", self._conv("onet.4", x))
        face = self._linear("onet.dense6_1", x).softmax(1)
        return face, self._linear("onet.dense6_2", x), self._linear("onet.dense6_3", x)

    def _conv(self, layer: str, x: Tensor) -> Tensor:
        net, _, number = layer.partition(".")
        return functional.prelu(
            self._plain(f"{net}.conv{number}", x), self._weights[f"{net}.prelu{number}.weight"]
        )

    def _plain(self, name: str, x: Tensor) -> Tensor:
        return functional.conv2d(x, self._weights[f"{name}.weight"], self._weights[f"{name}.bias"])

    def _dense(self, layer: str, x: Tensor) -> Tensor:
        net, _, number = layer.partition(".")
        # The weights count columns before rows, as the program did that they were first trained with.
        flat = x.permute(0, 3, 2, 1).flatten(1)
        return functional.prelu(
            self._linear(f"{net}.dense{number}", flat), self._weights[f"{net}.prelu{number}.weight"]
        )

    def _linear(self, name: str, x: Tensor) -> Tensor:
        return functional.linear(x, self._weights[f"{name}.weight"], self._weights[f"{name}.bias"])


def load_mtcnn(device: torch.device | str = "cpu") -> Mtcnn:
    """The finder on a device.

    Raises:
        LatentStudioError: its weights are missing or damaged.
    """
    return Mtcnn(read_bundled_weights("mtcnn"), device=device)


def _normalised(x: Tensor) -> Tensor:
    return (x - 127.5) / 128


def _cut(image: Tensor, box: NDArray[np.float64], side: int) -> Tensor:
    """What a box holds, ``(1, 3, side, side)``; its ends count pixels from 1."""
    height, width = image.shape[2:]
    left, top, right, bottom = np.trunc(box).astype(int)
    part = image[:, :, max(top, 1) - 1 : min(bottom, height), max(left, 1) - 1 : min(right, width)]
    return functional.interpolate(part, size=(side, side), mode="area")


def _inside(
    boxes: NDArray[np.float64], scores: NDArray[np.float64], width: int, height: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Without boxes that hold no pixel of the picture."""
    ends = np.trunc(boxes)
    left, top = np.maximum(ends[:, 0], 1), np.maximum(ends[:, 1], 1)
    right, bottom = np.minimum(ends[:, 2], width), np.minimum(ends[:, 3], height)
    keep = (right >= left) & (bottom >= top)
    return boxes[keep], scores[keep]


def _shifted(boxes: NDArray[np.float64], shifts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Boxes with their four ends moved by shares of their size."""
    sizes = np.tile(boxes[:, 2:] - boxes[:, :2] + 1, 2)
    return boxes + shifts * sizes


def _square(boxes: NDArray[np.float64]) -> NDArray[np.float64]:
    sizes = boxes[:, 2:] - boxes[:, :2]
    longer = sizes.max(1, keepdims=True)
    corner = boxes[:, :2] + (sizes - longer) / 2
    return np.concatenate([corner, corner + longer], 1)


def _kept(
    boxes: NDArray[np.float64], scores: NDArray[np.float64], overlap: float, *, most: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    keep = _nms(boxes, scores, overlap, most=most)
    return boxes[keep], scores[keep]


def _nms(
    boxes: NDArray[np.float64],
    scores: NDArray[np.float64],
    overlap: float,
    *,
    most: int | None = None,
    of_smaller: bool = False,
) -> NDArray[np.intp]:
    """Indices of boxes without those that a likelier one covers, the likeliest first.

    Args:
        boxes: ``(N, 4)``.
        scores: ``(N,)``.
        overlap: boxes that share more than this are one.
        most: at most this many.
        of_smaller: the share is of the smaller box, not of both together.
    """
    sizes = boxes[:, 2:] - boxes[:, :2] + 1
    areas = sizes.prod(1)
    left = np.argsort(-scores, kind="stable")
    if most is not None:
        left = left[:most]
    keep = []
    while left.size:
        best, left = left[0], left[1:]
        keep.append(best)
        low = np.maximum(boxes[best, :2], boxes[left, :2])
        high = np.minimum(boxes[best, 2:], boxes[left, 2:])
        shared = np.maximum(high - low + 1, 0).prod(1)
        whole = np.minimum(areas[best], areas[left]) if of_smaller else areas[best] + areas[left] - shared
        left = left[shared / whole <= overlap]
    return np.array(keep, dtype=np.intp)
