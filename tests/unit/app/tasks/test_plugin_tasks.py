"""The verbs of plugins, and what enabled ones add to other verbs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest

from latent_studio.app.attribute_tables import read_attribute_table
from latent_studio.app.direction_files import read_direction_file
from latent_studio.app.tasks.attributes import AttributesOptions, run_attributes
from latent_studio.app.tasks.boundary_train import BoundaryTrainOptions, run_boundary_train
from latent_studio.app.tasks.direction_find import DirectionFindOptions, run_direction_find
from latent_studio.app.tasks.pool_create import PoolCreateOptions, run_pool_create
from latent_studio.app.tasks.pool_traverse import PoolTraverseOptions, run_pool_traverse
from latent_studio.app.tasks.rank import RankOptions, run_rank
from latent_studio.app.tasks.traverse import TraverseOptions, run_traverse
from latent_studio.cli.main import main
from latent_studio.core.errors import OptionError, PluginError
from latent_studio.core.jobs import CancelToken, ignore_progress
from tests.helpers.plugins import write_plugin

if TYPE_CHECKING:
    from pathlib import Path

    from latent_studio.app.studio import Studio

Capsys = pytest.CaptureFixture[str]


def test_the_command_line_lists_enables_and_disables(profile: Path, capsys: Capsys) -> None:
    flags = ["--profile", str(profile)]
    assert main([*flags, "plugin", "list", "--json"]) == 0
    listed = {one["id"]: one for one in json.loads(capsys.readouterr().out)}
    assert {one["state"] for one in listed.values()} == {"off"}
    assert listed["histogram"]["adds"] == [{"kind": "docks", "id": "histogram", "title": "Histogram"}]
    assert main([*flags, "plugin", "enable", "contact-sheet"]) == 0
    assert "runs its code on this computer" in capsys.readouterr().out
    assert main([*flags, "plugin", "list"]) == 0
    assert "contact-sheet 1.0  enabled" in capsys.readouterr().out
    assert main([*flags, "plugin", "disable", "contact-sheet"]) == 0
    assert main([*flags, "plugin", "enable", "nothing"]) == 1
    assert "composition" in capsys.readouterr().err


def test_one_of_another_folder_fails_by_name_and_exit_code(
    profile: Path, tmp_path: Path, capsys: Capsys
) -> None:
    write_plugin(tmp_path / "others", "raise RuntimeError('no luck')", id="broken")
    flags = ["--profile", str(profile), "--plugin-dir", str(tmp_path / "others")]
    assert main([*flags, "plugin", "enable", "broken"]) == 1
    assert "Broken failed while it was imported (RuntimeError: no luck)" in capsys.readouterr().out
    assert main([*flags, "plugin", "list", "--check"]) == 1
    assert "enabled, but failed" in capsys.readouterr().out
    # Everything else goes on.
    assert main([*flags, "plugin", "enable", "composition"]) == 0


def test_a_new_plugin_is_found_where_it_was_made(profile: Path, capsys: Capsys) -> None:
    flags = ["--profile", str(profile)]
    assert main([*flags, "plugin", "new", "red-lines", "--kind", "attributes"]) == 0
    assert main([*flags, "plugin", "list"]) == 0
    assert "red-lines 0.1  off" in capsys.readouterr().out
    assert main([*flags, "plugin", "new", "Red Lines"]) == 2


def test_a_film_is_written_in_a_plugins_format(studio: Studio, tiny_model: Path, tmp_path: Path) -> None:
    out = tmp_path / "film.pdf"
    options = TraverseOptions(str(tiny_model), ("sefa:0",), out, frames=4)
    with pytest.raises(OptionError, match="must end in"):
        run_traverse(studio, options, ignore_progress, CancelToken())
    studio.plugins.enable("contact-sheet")
    run_traverse(studio, options, ignore_progress, CancelToken())
    assert out.read_bytes().startswith(b"%PDF")


def test_attributes_of_a_plugin_are_read_ranked_and_learned(
    studio: Studio, tiny_model: Path, tmp_path: Path
) -> None:
    studio.plugins.enable("composition")
    pool, walked, name = tmp_path / "pool", tmp_path / "walked", str(tiny_model)
    run_pool_create(studio, PoolCreateOptions(name, (0, 1), pool), ignore_progress, CancelToken())
    walk = PoolTraverseOptions(name, pool, walked, direction=("sefa:0",), shift_steps=2, eps=1.0, cell=16)
    run_pool_traverse(studio, walk, ignore_progress, CancelToken())
    # By itself beside the program's own, and alone by name.
    run_attributes(studio, AttributesOptions(name, walked, spread=4), ignore_progress, CancelToken())
    assert {"brightness", "symmetry"} <= set(read_attribute_table(walked).ids)
    chosen = AttributesOptions(name, walked, predictor=("composition",), spread=4)
    run_attributes(studio, chosen, ignore_progress, CancelToken())
    table = read_attribute_table(walked)
    assert "brightness" not in table.ids and np.isfinite(table.values).all()
    ranked = run_rank(studio, RankOptions(walked), ignore_progress, CancelToken())
    assert "symmetry" in (ranked.files[0].parent / "ranking.csv").read_text()
    learn = BoundaryTrainOptions(
        name, tmp_path / "b.safetensors", predictor="composition", attribute=("colourfulness",), samples=40
    )
    run_boundary_train(studio, learn, ignore_progress, CancelToken())
    (found,) = read_direction_file(tmp_path / "b.safetensors")
    assert found.name == "colourfulness"


def test_a_predictor_that_fails_does_not_silence_the_others(
    studio: Studio, tiny_model: Path, tmp_path: Path
) -> None:
    write_plugin(studio.paths.data / "plugins", "def make(*, device): 1 / 0", id="broken", kind="attributes")
    studio.plugins.enable("broken")
    pool, walked, name = tmp_path / "pool", tmp_path / "walked", str(tiny_model)
    run_pool_create(studio, PoolCreateOptions(name, (0,), pool), ignore_progress, CancelToken())
    walk = PoolTraverseOptions(name, pool, walked, direction=("sefa:0",), shift_steps=2, eps=1.0, cell=16)
    run_pool_traverse(studio, walk, ignore_progress, CancelToken())
    run_attributes(studio, AttributesOptions(name, walked, spread=4), ignore_progress, CancelToken())
    assert "brightness" in read_attribute_table(walked).ids
    asked = AttributesOptions(name, walked, predictor=("broken",), spread=4)
    with pytest.raises(PluginError, match=r"Broken .*ZeroDivisionError"):
        run_attributes(studio, asked, ignore_progress, CancelToken())


def test_directions_of_a_plugin_are_kept_with_the_model(
    studio: Studio, tiny_model: Path, tmp_path: Path
) -> None:
    studio.plugins.enable("independent-components")
    options = DirectionFindOptions(str(tiny_model), "ica", set=("count=3", "samples=256"))
    found = run_direction_find(studio, options, ignore_progress, CancelToken())
    assert [one.split()[0] for one in found.lines] == ["ica:256:0:3:0", "ica:256:0:3:1", "ica:256:0:3:2"]
    assert studio.open_model(tiny_model).library.find("ica:256:0:3:1") is not None
    wrong = DirectionFindOptions(str(tiny_model), "ica", set=("count=many",))
    with pytest.raises(OptionError, match="count is 'many'"):
        run_direction_find(studio, wrong, ignore_progress, CancelToken())
    with pytest.raises(PluginError, match="no direction source 'pca'"):
        run_direction_find(
            studio, DirectionFindOptions(str(tiny_model), "pca"), ignore_progress, CancelToken()
        )
