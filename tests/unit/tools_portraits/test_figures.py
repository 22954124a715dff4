"""The pictures of the page on how the model was made."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from PIL import Image

from latent_studio.app.direction_files import write_direction_file
from latent_studio.core.directions import LinearDirection
from latent_studio.core.spaces import Space
from tools.portraits.figures import write_figures
from tools.portraits.latents import latent_code
from tools.portraits.network import Generator, Shape

if TYPE_CHECKING:
    from pathlib import Path


def tiny() -> Generator:
    torch.manual_seed(0)
    return Generator(Shape(channels=(8, 8, 8, 8), w_dim=80), latent_code())


def size(path: Path) -> tuple[int, int]:
    with Image.open(path) as picture:
        return picture.size


def test_a_model_alone_gives_walk_truncation_and_rows(tmp_path: Path) -> None:
    written = write_figures(tiny(), tmp_path)
    assert [path.name for path in written] == [
        "portraits-walk.png",
        "portraits-truncation.png",
        "portraits-rows.png",
    ]
    assert [size(path) for path in written] == [(7 * 32, 2 * 32), (6 * 32, 3 * 32), (5 * 32, 2 * 32)]


def test_directions_beside_the_model_get_a_line_each(tmp_path: Path) -> None:
    along = [
        LinearDirection(f"boundary:{name}", name, Space.W, np.ones(80, dtype=np.float32))
        for name in ("beard", "collar", "yaw")
    ]
    write_direction_file(along, tmp_path / "directions" / "boundaries.safetensors")
    write_direction_file(along[:1], tmp_path / "directions" / "conditional.safetensors")
    written = write_figures(tiny(), tmp_path / "out", directions=tmp_path / "directions")
    # The page speaks of yaw and beards, not of collars.
    assert [size(path) for path in written[3:]] == [(7 * 32, 2 * 32), (7 * 32, 32)]
