"""Pools, and walking them along directions and warp paths."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from PIL import Image

from latent_studio.app.pools import read_pool
from latent_studio.app.tasks.pool_create import PoolCreateOptions, run_pool_create
from latent_studio.app.tasks.pool_traverse import PoolTraverseOptions, run_pool_traverse
from latent_studio.app.traversals import read_traversal, step_amounts
from latent_studio.checkpoints.training_state import write_state, write_torch_state
from latent_studio.core.errors import InputError, OptionError
from latent_studio.core.jobs import Cancelled, CancelToken, ignore_progress
from latent_studio.core.latent import Latent
from latent_studio.core.render import RenderRequest
from latent_studio.core.spaces import Space
from latent_studio.methods.projection.perceptual import load_perceptual_net
from latent_studio.methods.warp.support_sets import SupportSets

if TYPE_CHECKING:
    from pathlib import Path

    from latent_studio.app.studio import Studio


@pytest.fixture
def pool(studio: Studio, tiny_model: Path, tmp_path: Path) -> Path:
    options = PoolCreateOptions(str(tiny_model), (3, 8), tmp_path / "pool", truncation_psi=0.7)
    run_pool_create(studio, options, ignore_progress, CancelToken())
    return tmp_path / "pool"


@pytest.fixture
def paths(tmp_path: Path) -> Path:
    """A folder as a training in w leaves it."""
    folder = tmp_path / "run"
    sets = SupportSets(3, 2, 16).tensors()
    write_torch_state(folder / "models" / "support_sets.pt", sets)
    write_state(folder / "models" / "support_sets.safetensors", sets, {})
    (folder / "args.json").write_text(json.dumps({"shift_in_w_space": True, "learn_gammas": True}))
    return folder


def walk(tiny_model: Path, pool: Path, out: Path, **more: object) -> PoolTraverseOptions:
    return PoolTraverseOptions(str(tiny_model), pool, out, shift_steps=2, eps=0.3, **more)  # type: ignore[arg-type]


def test_a_pool_holds_the_latents_of_its_pictures(studio: Studio, pool: Path) -> None:
    found = read_pool(pool)
    assert (len(found), found.seeds, found.synthesis.truncation_psi) == (2, (3, 8), 0.7)
    for index in range(2):
        request = RenderRequest(0, base=Latent(Space.W_PLUS, found.ws[index]))
        with Image.open(found.image_path(index)) as image:
            assert np.array_equal(np.asarray(image), studio.engine.render_final(request).pixels)


def test_a_cancelled_pool_is_no_pool(studio: Studio, tiny_model: Path, tmp_path: Path) -> None:
    cancel = CancelToken()
    cancel.cancel()
    with pytest.raises(Cancelled):
        run_pool_create(
            studio, PoolCreateOptions(str(tiny_model), (0,), tmp_path / "p"), ignore_progress, cancel
        )
    with pytest.raises(InputError, match="holds no pool"):
        read_pool(tmp_path / "p")


def test_a_stored_latent_is_the_latent_of_the_stored_picture(
    studio: Studio, tiny_model: Path, pool: Path, paths: Path, tmp_path: Path
) -> None:
    options = walk(tiny_model, pool, tmp_path / "t", paths=paths, direction=("sefa:0",), stills="png")
    run_pool_traverse(studio, options, ignore_progress, CancelToken())
    traversal = read_traversal(tmp_path / "t")
    assert traversal.complete == (0, 1, 2, 3)
    for path_idx in (1, 3):
        ws = traversal.read_latents(path_idx)
        assert ws.shape == (2, 5, 6, 16)
        for step in range(5):
            still = traversal.path_folder(path_idx) / "stills" / "seed0008" / f"{step:03d}.png"
            request = RenderRequest(0, base=Latent(Space.W_PLUS, ws[1, step]))
            with Image.open(still) as image:
                assert np.array_equal(np.asarray(image), studio.engine.render_final(request).pixels)


def test_the_middle_of_every_path_is_the_pools_own_latent(
    studio: Studio, tiny_model: Path, pool: Path, paths: Path, tmp_path: Path
) -> None:
    run_pool_traverse(
        studio, walk(tiny_model, pool, tmp_path / "t", paths=paths), ignore_progress, CancelToken()
    )
    traversal, ws = read_traversal(tmp_path / "t"), read_pool(pool).ws
    for path_idx in range(3):
        assert np.array_equal(traversal.read_latents(path_idx)[:, traversal.centre], ws)


def test_even_steps_change_the_picture_equally_between_the_same_ends(
    studio: Studio, tiny_model: Path, pool: Path, tmp_path: Path
) -> None:
    walked = {}
    for name, even in (("plain", False), ("even", True)):
        options = PoolTraverseOptions(
            str(tiny_model), pool, tmp_path / name, direction=("sefa:0",), shift_steps=4, eps=2.0, even=even
        )
        run_pool_traverse(studio, options, ignore_progress, CancelToken())
        walked[name] = read_traversal(tmp_path / name)
    assert (walked["plain"].even, walked["even"].even) == (False, True)
    assert walked["even"].differences(walked["plain"]) == ["steps differ"]
    ws = {name: traversal.read_latents(0) for name, traversal in walked.items()}
    for end in (0, -1):
        assert np.array_equal(ws["even"][:, end], ws["plain"][:, end])
    unevenness = {name: _unevenness(studio, one) for name, one in ws.items()}
    assert unevenness["even"] < 0.6 * unevenness["plain"]


def _unevenness(studio: Studio, ws: np.ndarray) -> float:
    """How much the change from step to step varies, as a share of its mean, over all latents."""
    net = load_perceptual_net(torch.device("cpu"))
    shares = []
    for row in ws:
        with torch.inference_mode():
            pictures = studio.model.generator.synthesize(torch.from_numpy(row.copy())).clamp(-1, 1)
            large = torch.nn.functional.interpolate(pictures, size=(64, 64), mode="bilinear")
            features = net.features(large)
            steps = net.distance([f[:-1] for f in features], [f[1:] for f in features]).sqrt()
        shares.append(float(steps.std() / steps.mean()))
    return float(np.mean(shares))


def test_a_sheet_has_a_row_per_latent_and_a_column_per_step(
    studio: Studio, tiny_model: Path, pool: Path, tmp_path: Path
) -> None:
    options = walk(tiny_model, pool, tmp_path / "t", direction=("sefa:0",), cell=16, film=True)
    result = run_pool_traverse(studio, options, ignore_progress, CancelToken())
    with Image.open(result.sheets[0]) as sheet:
        assert sheet.size == (5 * 16 + 4 * 2, 2 * 16 + 2)
    with Image.open(tmp_path / "t" / "path000" / "film.gif") as film:
        first = np.asarray(film.convert("RGB"))
    with Image.open(read_pool(pool).image_path(0)) as start:
        shown = first[:, :16].astype(int)
        assert np.abs(shown - np.asarray(start).astype(int)).mean() < 12


def test_what_was_walked_before_a_cancel_is_not_walked_again(
    studio: Studio, tiny_model: Path, pool: Path, paths: Path, tmp_path: Path
) -> None:
    options = walk(tiny_model, pool, tmp_path / "t", paths=paths)
    cancel = CancelToken()

    def stop_in_the_second(progress: object) -> None:
        if (tmp_path / "t" / "path000" / "latents.npz").exists():
            cancel.cancel()

    with pytest.raises(Cancelled):
        run_pool_traverse(studio, options, stop_in_the_second, cancel)
    assert read_traversal(tmp_path / "t").complete == (0,)
    before = (tmp_path / "t" / "path000" / "latents.npz").stat().st_mtime_ns
    run_pool_traverse(studio, options, ignore_progress, CancelToken())
    assert read_traversal(tmp_path / "t").complete == (0, 1, 2)
    assert (tmp_path / "t" / "path000" / "latents.npz").stat().st_mtime_ns == before


def test_another_traversal_in_the_folder_is_told_apart(
    studio: Studio, tiny_model: Path, pool: Path, tmp_path: Path
) -> None:
    options = walk(tiny_model, pool, tmp_path / "t", direction=("sefa:0",))
    run_pool_traverse(studio, options, ignore_progress, CancelToken())
    with pytest.raises(InputError, match="amounts differ"):
        run_pool_traverse(studio, replace(options, eps=0.5), ignore_progress, CancelToken())


def test_a_pool_of_another_model_is_refused(
    studio: Studio, tiny_grey: Path, pool: Path, tmp_path: Path
) -> None:
    options = walk(tiny_grey, pool, tmp_path / "t", direction=("sefa:0",))
    with pytest.raises(InputError, match="is a pool of"):
        run_pool_traverse(studio, options, ignore_progress, CancelToken())
    assert not (tmp_path / "t").exists()


@pytest.mark.parametrize("eps", [0.0, -0.2, float("nan")])
def test_a_step_that_leads_nowhere_is_refused(
    studio: Studio, tiny_model: Path, pool: Path, tmp_path: Path, eps: float
) -> None:
    options = replace(walk(tiny_model, pool, tmp_path / "t", direction=("sefa:0",)), eps=eps)
    with pytest.raises(OptionError, match="--eps"):
        run_pool_traverse(studio, options, ignore_progress, CancelToken())


def test_nothing_to_walk_along_and_paths_that_are_not_there_are_refused(
    studio: Studio, tiny_model: Path, pool: Path, paths: Path, tmp_path: Path
) -> None:
    with pytest.raises(OptionError, match="nothing to walk along"):
        run_pool_traverse(studio, walk(tiny_model, pool, tmp_path / "t"), ignore_progress, CancelToken())
    with pytest.raises(OptionError, match="the paths 0 to 2"):
        run_pool_traverse(
            studio,
            walk(tiny_model, pool, tmp_path / "t", paths=paths, select=(7,)),
            ignore_progress,
            CancelToken(),
        )
    with pytest.raises(InputError, match="no support sets"):
        run_pool_traverse(
            studio, walk(tiny_model, pool, tmp_path / "t", paths=tmp_path), ignore_progress, CancelToken()
        )


def test_amounts_ascend_through_zero() -> None:
    assert step_amounts(4, 0.5, leap=2) == (-2.0, -1.0, 0.0, 1.0, 2.0)
    assert step_amounts(2, 0.5, both_ways=False) == (0.0, 0.5, 1.0)
