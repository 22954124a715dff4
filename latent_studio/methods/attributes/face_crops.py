"""FaceCrops: the largest face of each picture, cut out with some margin, in one size."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
import torch.nn.functional as F

if TYPE_CHECKING:
    from torch import Tensor

    from latent_studio.methods.alignment.faces import FaceFinder


class FaceCrops:
    """Cuts faces out.

    Args:
        finder: finds faces.
        margin: added on every side of the face's box, in parts of its longer side.
        side: of the crops, in pixels.
    """

    def __init__(self, finder: FaceFinder, *, margin: float, side: int) -> None:
        self._finder, self._margin, self._side = finder, margin, side

    def cut(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """The faces of some pictures.

        Args:
            images: ``(N, 3, H, W)`` float32 in [-1, 1].

        Returns:
            ``(N, 3, side, side)`` float32 in [0, 1], a square around the box, black beyond the picture's
            edge; and ``(N,)`` bool: whether there is a face. Without one the whole picture stands there.
        """
        levels = ((images.float() + 1) * 127.5).round().clamp(0, 255).to(torch.uint8)
        crops, found = [], []
        for picture, pixels in zip(images, levels.permute(0, 2, 3, 1).cpu().numpy(), strict=True):
            faces = self._finder.find(np.ascontiguousarray(pixels))
            found.append(bool(faces))
            height, width = pixels.shape[:2]
            largest = max(faces, key=lambda face: face.area, default=None)
            box = largest.box if largest else (0.0, 0.0, float(width), float(height))
            crops.append(self._crop(picture, box, margin=self._margin if largest else 0.0))
        return torch.stack(crops), torch.tensor(found, device=images.device)

    def _crop(self, picture: Tensor, box: tuple[float, float, float, float], *, margin: float) -> Tensor:
        left, top, right, bottom = box
        half = max(right - left, bottom - top) * (0.5 + margin)
        middle_x, middle_y = (left + right) / 2, (top + bottom) / 2
        height, width = picture.shape[1:]
        # Pixels of the square in grid_sample's own coordinates, where -1 and 1 are the picture's outer edges.
        steps = ((torch.arange(self._side) + 0.5) / self._side * 2 - 1) * half
        x = (middle_x + steps) / width * 2 - 1
        y = (middle_y + steps) / height * 2 - 1
        grid = torch.stack(torch.meshgrid(y, x, indexing="ij")[::-1], dim=-1)[None].to(picture)
        whole = picture.float()[None] / 2 + 0.5
        return F.grid_sample(whole, grid, mode="bilinear", align_corners=False)[0].clamp(0, 1)
