"""Attributes along paths and their ranking, on a tiny model and the predictor that needs no weights."""

from __future__ import annotations

import csv
import json
import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from latent_studio.app.attribute_tables import read_attribute_table
from latent_studio.app.path_readings import PathReadings
from latent_studio.app.ranking import rank
from latent_studio.app.tasks.attributes import AttributesOptions, load_predictors, run_attributes
from latent_studio.app.tasks.pool_create import PoolCreateOptions, run_pool_create
from latent_studio.app.tasks.pool_traverse import PoolTraverseOptions, run_pool_traverse
from latent_studio.app.tasks.rank import RankOptions, run_rank
from latent_studio.app.traversals import read_traversal
from latent_studio.core.errors import InputError, OptionError
from latent_studio.core.jobs import CancelToken, ignore_progress
from latent_studio.methods.attributes.catalog import PredictorEntry, bundled_predictors
from latent_studio.methods.attributes.protocol import AttributeInfo
from latent_studio.methods.attributes.tone import TonePredictor

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    import torch

    from latent_studio.app.studio import Studio
    from latent_studio.core.render import Frame, RenderRequest


@pytest.fixture
def walked(studio: Studio, tiny_model: Path, tmp_path: Path) -> Path:
    pool, out = tmp_path / "pool", tmp_path / "walked"
    seeds = (0, 1, 2, 3)
    run_pool_create(studio, PoolCreateOptions(str(tiny_model), seeds, pool), ignore_progress, CancelToken())
    options = PoolTraverseOptions(
        str(tiny_model), pool, out, direction=("sefa:0", "sefa:1", "sefa:2"), shift_steps=3, eps=1.0, cell=16
    )
    run_pool_traverse(studio, options, ignore_progress, CancelToken())
    return out


@pytest.fixture
def measured(studio: Studio, tiny_model: Path, walked: Path) -> Path:
    options = AttributesOptions(str(tiny_model), walked, spread=8)
    run_attributes(studio, options, ignore_progress, CancelToken())
    return walked


def test_every_stored_picture_gets_its_numbers(measured: Path) -> None:
    table = read_attribute_table(measured)
    assert table.values.shape == (3, 4, 7, len(table.ids))
    assert "brightness" in table.ids
    assert np.isfinite(table.values).all()
    # All paths start from the same pictures.
    centre = read_traversal(measured).centre
    assert np.array_equal(table.values[0, :, centre], table.values[2, :, centre])
    assert (table.spread > 0).all()


def test_pictures_are_rendered_once_and_the_numbers_are_the_same(
    studio: Studio, tiny_model: Path, measured: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    directions = ("sefa:0", "sefa:1", "sefa:2")
    options = PoolTraverseOptions(
        str(tiny_model),
        tmp_path / "pool",
        tmp_path / "t",
        direction=directions,
        shift_steps=3,
        eps=1.0,
        cell=16,
    )
    readings = PathReadings(studio, load_predictors(studio, ())[1])
    run_pool_traverse(studio, options, ignore_progress, CancelToken(), readings=readings)
    rendered: list[object] = []
    render = studio.engine.render_batch

    def counted(requests: Iterable[RenderRequest], **more: Any) -> Iterator[Frame]:
        for frame in render(requests, **more):
            rendered.append(frame)
            yield frame

    monkeypatch.setattr(studio.engine, "render_batch", counted)
    measure = AttributesOptions(str(tiny_model), tmp_path / "t", spread=8)
    for pictures in (8, 0):
        run_attributes(studio, measure, ignore_progress, CancelToken())
        table, afresh = read_attribute_table(tmp_path / "t"), read_attribute_table(measured)
        assert np.array_equal(table.values, afresh.values)
        assert np.array_equal(table.spread, afresh.spread)
        assert len(rendered) == pictures
        rendered.clear()
    # Another way to read, and nothing of the old is taken.
    monkeypatch.setattr(TonePredictor, "digest", "another")
    run_attributes(studio, measure, ignore_progress, CancelToken())
    assert len(rendered) == 3 * 4 * 7 + 8


def test_a_traversal_of_another_model_is_refused(studio: Studio, tiny_grey: Path, walked: Path) -> None:
    with pytest.raises(InputError, match="is a traversal of"):
        run_attributes(studio, AttributesOptions(str(tiny_grey), walked), ignore_progress, CancelToken())


def test_an_unknown_predictor_is_refused(studio: Studio, tiny_model: Path, walked: Path) -> None:
    options = AttributesOptions(str(tiny_model), walked, predictor=("weather",))
    with pytest.raises(InputError, match="weather"):
        run_attributes(studio, options, ignore_progress, CancelToken())


def test_the_report_comes_in_four_forms_and_the_published_tables(studio: Studio, measured: Path) -> None:
    result = run_rank(studio, RankOptions(measured), ignore_progress, CancelToken())
    names = {path.name for path in result.files}
    assert names == {
        "ranking.csv",
        "ranking.json",
        "ranking.md",
        "ranking.html",
        "corr.csv",
        "corr_l1.csv",
    }
    folder = measured / "ranking"
    rows = list(csv.DictReader((folder / "ranking.csv").read_text().splitlines()))
    assert len(rows) == 3 * len(result.attributes)
    assert rows[0]["rank"] == "1"
    record = json.loads((folder / "ranking.json").read_text())
    assert [path["rank"] for path in record["ranking"]["brightness"]] == [1, 2, 3]
    page = (folder / "ranking.html").read_text()
    assert page.count("data:image/jpeg;base64") == 3 * len(result.attributes)
    assert "http" not in page
    assert any(line.startswith("brightness") for line in result.lines)


def test_the_same_ranking_gives_the_same_bytes(studio: Studio, measured: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        run_rank(studio, RankOptions(measured, tmp_path / name), ignore_progress, CancelToken())
    for name in ("ranking.csv", "ranking.json", "ranking.md", "ranking.html", "corr.csv"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_a_group_ranks_its_attributes_only(studio: Studio, measured: Path) -> None:
    result = run_rank(studio, RankOptions(measured, group="tone"), ignore_progress, CancelToken())
    assert result.attributes[:2] == ("brightness", "contrast")
    with pytest.raises(OptionError, match="--group is Nose"):
        run_rank(studio, RankOptions(measured, group="Nose"), ignore_progress, CancelToken())
    with pytest.raises(OptionError, match="None of the attributes of Rotation"):
        run_rank(studio, RankOptions(measured, group="Rotation"), ignore_progress, CancelToken())


def test_the_best_path_for_an_attribute_becomes_a_slider(
    studio: Studio, tiny_model: Path, measured: Path
) -> None:
    options = RankOptions(measured, bind=("Brightness",), model=str(tiny_model))
    result = run_rank(studio, options, ignore_progress, CancelToken())
    assert "slider Brightness" in result.bound[0]
    ranking = rank(read_traversal(measured), read_attribute_table(measured))
    best = ranking.by_attribute("brightness")[0]
    found = ranking.traversal.directions[best.path_idx]
    entry = studio.model.library.find(found.id)
    assert entry is not None
    assert (entry.direction.name, entry.mark.starred) == ("Brightness", True)
    # Up means brighter.
    assert entry.mark.flipped == (best.pearson < 0)
    assert entry.ends == (-3.0, 3.0)


def test_binding_an_attribute_that_was_not_measured_is_refused(studio: Studio, measured: Path) -> None:
    with pytest.raises(InputError, match="'smile' was not measured"):
        run_rank(studio, RankOptions(measured, bind=("smile",)), ignore_progress, CancelToken())


def test_ranking_before_measuring_says_what_to_run(studio: Studio, walked: Path) -> None:
    with pytest.raises(InputError, match="No attributes have been measured"):
        run_rank(studio, RankOptions(walked), ignore_progress, CancelToken())


class Yaw:
    """Says how bright a picture is, and calls it its yaw."""

    attributes = (AttributeInfo("yaw", "Yaw"),)

    def __init__(self, sign: float) -> None:
        self._sign = sign

    def predict(self, images: torch.Tensor) -> torch.Tensor:
        return self._sign * images.mean(dim=(1, 2, 3), keepdim=True)[:, :, 0, 0]


def test_an_attribute_that_two_predictors_read_has_a_column_for_each(
    studio: Studio, tiny_model: Path, walked: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry = bundled_predictors()
    for id, sign in (("one", 1.0), ("two", -1.0)):
        registry.register(id, PredictorEntry(id, id, "any", lambda *, device, sign=sign: Yaw(sign), ""))
    monkeypatch.setattr(studio.plugins, "predictors", lambda: registry)
    options = AttributesOptions(str(tiny_model), walked, predictor=("one", "two"), spread=4)
    run_attributes(studio, options, ignore_progress, CancelToken())
    table = read_attribute_table(walked)
    assert table.ids == ("one.yaw", "two.yaw")
    assert [info.title for info in table.attributes] == ["Yaw (one)", "Yaw (two)"]
    assert np.allclose(table.values[..., 0], -table.values[..., 1])
    # A group takes what either says.
    result = run_rank(studio, RankOptions(walked, group="pose"), ignore_progress, CancelToken())
    assert result.attributes == ("one.yaw", "two.yaw")


def test_what_no_picture_shows_has_no_spread_and_no_warning(
    studio: Studio, tiny_model: Path, walked: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry = bundled_predictors()
    registry.register("nobody", PredictorEntry("nobody", "", "any", lambda *, device: Yaw(math.nan), ""))
    monkeypatch.setattr(studio.plugins, "predictors", lambda: registry)
    options = AttributesOptions(str(tiny_model), walked, predictor=("nobody", "tone"), spread=4)
    run_attributes(studio, options, ignore_progress, CancelToken())
    table = read_attribute_table(walked)
    assert table.spread[0] == 0
    assert np.isnan(table.values[..., 0]).all()


def test_a_predictor_named_twice_is_refused(studio: Studio, tiny_model: Path, walked: Path) -> None:
    options = AttributesOptions(str(tiny_model), walked, predictor=("tone", "tone"))
    with pytest.raises(OptionError, match="named twice"):
        run_attributes(studio, options, ignore_progress, CancelToken())
