"""Files of other programs, read as directions and followed as those programs follow them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from latent_studio.app.direction_import import import_directions
from latent_studio.core.spaces import Space
from latent_studio.core.spec import GeneratorSpec
from latent_studio.core.warp_path import WarpPath

DATA = Path(__file__).parent / "data"
FACES = GeneratorSpec("stylegan", 1024, 3, z_dim=512, w_dim=512, num_ws=18)


@pytest.mark.parametrize("case", ["alphas1_gammas1", "alphas0_gammas0"])
def test_fields_and_traversals_of_support_sets_are_those_of_warpedganspace(case: str) -> None:
    folder = DATA / "warpedganspace" / case
    with np.load(folder / "expected.npz") as file:
        expected = dict(file)
    dim = int(expected["D"])
    spec = GeneratorSpec("sngan", 32, 3, z_dim=dim, w_dim=dim, num_ws=1, has_mapping=False)
    found = import_directions(folder / "models" / "support_sets.pt", spec)
    assert len(found.directions) == int(expected["K"]) and found.directions[0].space is Space.Z
    paths = [path for path in found.directions if isinstance(path, WarpPath)]
    for mask, z, shift in zip(expected["mask"], expected["z"], expected["shift"], strict=True):
        field = paths[int(mask.argmax())].support_set.field(z[None])[0]
        assert np.abs(field - shift).max() <= 1e-5
    codes, steps, eps = expected["trav_codes_k4"], int(expected["steps"]), float(expected["eps"])
    for side in (1, -1):
        code = codes[steps : steps + 1]
        for step in range(1, steps + 1):
            code = paths[4].support_set.step(code, side * eps)
            assert np.abs(code - codes[steps + side * step]).max() <= 1e-5


def test_without_learned_gammas_the_settings_beside_decide() -> None:
    folder = DATA / "warpedganspace" / "alphas0_gammas0"
    settings = json.loads((folder / "args.json").read_text())
    spec = GeneratorSpec("sngan", 32, 3, z_dim=32, w_dim=32, num_ws=1, has_mapping=False)
    found = import_directions(folder / "models" / "support_sets.pt", spec)
    assert [path.info.details["gamma"] for path in found.directions] == [settings["gamma"]] * 5


@pytest.mark.parametrize(
    ("name", "space", "title"),
    [
        ("stylegan_ffhq_age_boundary", Space.Z, "age"),
        ("stylegan_ffhq_age_w_boundary", Space.W, "age"),
        ("stylegan_ffhq_age_c_gender_boundary", Space.Z, "age without gender"),
    ],
)
def test_boundaries_of_interfacegan_say_in_their_name_where_they_live(
    name: str, space: Space, title: str
) -> None:
    path = DATA / "interfacegan" / f"{name}.npy"
    (direction,) = import_directions(path, FACES).directions
    assert (direction.space, direction.name, direction.info.source) == (space, title, "boundary")
    at = np.zeros((18, 512) if space is Space.W else 512, dtype=np.float32)
    assert np.allclose(direction.move(at, 2.0), 2.0 * np.load(path)[0], atol=1e-6)


def test_components_of_a_ganspace_cache_move_as_in_ganspace() -> None:
    folder = DATA / "ganspace"
    with np.load(folder / "expected.npz") as file:
        expected = dict(file)
    spec = GeneratorSpec("stylegan2", 64, 3, z_dim=16, w_dim=16, num_ws=int(expected["num_layers"]))
    found = import_directions(folder / "stylegan2-synthetic_style_ipca_c10_n4000_w.npz", spec)
    component = found.directions[int(expected["edit_component"])]
    rows = tuple(range(int(expected["edit_layer_start"]), int(expected["edit_layer_end"])))
    ws = np.tile(expected["edit_source"], (spec.num_ws, 1))
    frames = expected["edit_latents_center0"]
    reach = float(expected["edit_sigma"])
    for sigmas, frame in zip(np.linspace(-reach, reach, len(frames)), frames, strict=True):
        assert np.abs(component.move(ws, sigmas * component.sigma, rows=rows) - frame).max() <= 1e-4
