"""Contact sheets: many pictures in one image, to look at."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from PIL import Image
from torch import Tensor

if TYPE_CHECKING:
    from pathlib import Path


def save_sheet(path: Path, rows: list[Tensor]) -> None:
    """Write rows of pictures, each ``(N, 3, R, R)`` float in [-1, 1], as one PNG."""
    sheet = torch.cat([torch.cat(list(row), dim=2) for row in rows], dim=1)
    pixels = ((sheet.clamp(-1.0, 1.0) + 1.0) * 127.5).round().byte().permute(1, 2, 0).numpy()
    Image.fromarray(np.ascontiguousarray(pixels)).save(path)
