"""The public face is small, documented and cheap, and opens the bundled model."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from latent_studio import api
from latent_studio.checkpoints.bundled import find_model
from latent_studio.core import errors

if TYPE_CHECKING:
    from pathlib import Path


def test_all_public_names_are_listed_and_nothing_else_is_public() -> None:
    # These come with every module.
    incidental = {"TYPE_CHECKING", "annotations"}
    public = {name for name in vars(api) if not name.startswith("_")}
    # Given when it is asked for.
    lazy = {"Studio"}
    assert (public - incidental) | lazy == set(api.__all__)
    assert all(hasattr(api, name) for name in lazy)
    assert api.__all__ == sorted(api.__all__)


def test_every_public_thing_says_what_it_is() -> None:
    for name in set(api.__all__) - {"API_VERSION"}:
        assert getattr(api, name).__doc__, name
    assert api.API_VERSION == 1


def test_the_whole_error_tree_is_public() -> None:
    tree = {name for name, thing in vars(errors).items() if isinstance(thing, type)}
    assert tree <= set(api.__all__)


def test_importing_it_imports_neither_torch_nor_qt() -> None:
    program = (
        "import sys, latent_studio.api; print(*(m for m in ('torch', 'PySide6', 'PIL') if m in sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.strip() == ""


def test_the_bundled_model_opens_by_name_and_renders() -> None:
    generator = api.open_generator("portraits")
    spec = generator.spec
    assert (spec.family, spec.channels, spec.c_dim) == ("stylegan2", 3, 0)
    z = torch.from_numpy(api.Latent.from_seed(0, spec.z_dim).values.copy())[None]
    ws = generator.map(z, truncation_psi=0.7, truncation_cutoff=4)
    assert ws.shape == (1, spec.num_ws, spec.w_dim)
    image = generator.synthesize(ws, noise_mode="const")
    assert image.shape == (1, 3, spec.resolution, spec.resolution)
    assert image.dtype == torch.float32
    assert 0.1 < float(image.std()) < 2


def test_a_path_opens_the_same_model_and_gives_the_same_picture() -> None:
    by_name, by_path = api.open_generator("portraits"), api.open_generator(find_model("portraits"))
    ws = by_name.map(torch.ones(1, by_name.spec.z_dim))
    assert torch.equal(by_name.synthesize(ws), by_path.synthesize(ws))


def test_a_wrong_shape_is_an_error_with_a_hint() -> None:
    generator = api.open_generator("portraits")
    with pytest.raises(api.IncompatibleLatentError) as caught:
        generator.map(torch.zeros(1, generator.spec.z_dim + 1))
    assert caught.value.hint


@pytest.mark.parametrize("content", [None, b"", b"not a model at all", b"\x80\x04."])
def test_a_file_that_is_no_model_is_an_error_with_a_hint(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "model.pkl"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(api.CheckpointError) as caught:
        api.open_generator(path)
    assert caught.value.title
    assert caught.value.hint


def test_an_absent_device_is_refused_before_the_file_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(api.DeviceUnavailableError):
        api.open_generator("no such file", device="cuda")


def test_a_direction_of_a_plugin_needs_only_this_module() -> None:
    direction = api.LinearDirection("mine:1", "Smile", api.Space.W, np.ones(4))
    stack = api.EditStack().with_amount(direction, 2.0)
    moved = stack.apply(np.zeros((2, 4), dtype=np.float32), before_mapping=False)
    assert (moved == 2).all()
