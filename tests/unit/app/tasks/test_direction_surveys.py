"""direction rank and direction sheet on a tiny network."""

from __future__ import annotations

import csv
import json

import pytest
from PIL import Image

from latent_studio.app.tasks.direction_rank import DirectionRankOptions, run_direction_rank
from latent_studio.app.tasks.direction_sheet import DirectionSheetOptions, run_direction_sheet
from latent_studio.core.errors import OptionError
from latent_studio.core.jobs import CancelToken, ignore_progress


def test_directions_are_ranked_by_strength_and_their_ends_remembered(studio, tiny_model, tmp_path):
    options = DirectionRankOptions(
        str(tiny_model), count=3, seeds=(0, 1), calibrate=True, out=tmp_path / "r.csv"
    )
    done = run_direction_rank(studio, options, ignore_progress, CancelToken())
    strengths = [one.change.strength for one in done.ranked]
    assert strengths == sorted(strengths, reverse=True) and strengths[-1] > 0
    with (tmp_path / "r.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["id"] for row in rows] == [one.direction.id for one in done.ranked]
    library = studio.open_model(tiny_model).library
    assert {id: library.find(id).mark.safe for id in done.ends} == done.ends
    assert str(tmp_path / "r.csv") == done.lines[-1]


def test_json_has_the_maps_of_where_pictures_change(studio, tiny_model, tmp_path):
    options = DirectionRankOptions(
        str(tiny_model), ("sefa:0", "sefa:mmgen:0"), seeds=(0,), out=tmp_path / "r.json"
    )
    run_direction_rank(studio, options, ignore_progress, CancelToken())
    first, _ = json.loads((tmp_path / "r.json").read_text())
    assert len(first["heat"]) == 32 and max(map(max, first["heat"])) == 1.0


def test_a_sheet_has_a_row_for_each_direction(studio, tiny_model, tmp_path):
    options = DirectionSheetOptions(
        str(tiny_model), tmp_path / "s.png", bank="sefa", count=3, steps=4, size=32, sigmas=2.0
    )
    done = run_direction_sheet(studio, options, ignore_progress, CancelToken())
    assert done.names == ("e0", "e1", "e2")
    with Image.open(done.path) as sheet:
        assert sheet.size == (4 * 34 - 2, 3 * 34 - 2)


@pytest.mark.parametrize("bank", ["nonsense", "warp"])
def test_a_bank_without_directions_is_refused(studio, tiny_model, tmp_path, bank):
    options = DirectionSheetOptions(str(tiny_model), tmp_path / "s.png", bank=bank)
    with pytest.raises(OptionError):
        run_direction_sheet(studio, options, ignore_progress, CancelToken())
