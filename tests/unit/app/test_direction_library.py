"""The library on files of its own, without any network."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from latent_studio.app.direction_files import write_direction_file
from latent_studio.app.direction_library import BANKS, DirectionLibrary
from latent_studio.core.directions import DirectionInfo, LinearDirection
from latent_studio.core.errors import IncompatibleLatentError
from latent_studio.core.spaces import Space
from latent_studio.core.spec import GeneratorSpec
from latent_studio.core.support_sets import SupportSet
from latent_studio.core.warp_path import WarpPath

if TYPE_CHECKING:
    from pathlib import Path

SPEC = GeneratorSpec("stylegan2", 16, 3, z_dim=4, w_dim=4, num_ws=5)
SHA = "ab" * 32


def linear(id: str, source: str = "sefa", *, dim: int = 4, sha: str = SHA) -> LinearDirection:
    vector = np.arange(1, dim + 1)
    return LinearDirection(id, f"name of {id}", Space.W, vector, info=DirectionInfo(source, sha))


def path(id: str = "warp:0") -> WarpPath:
    return WarpPath(
        id, "path", Space.W, SupportSet(np.eye(4), [1, -1, 1, -1], 0.5), info=DirectionInfo("warp")
    )


def library(folder: Path | None, **more: object) -> DirectionLibrary:
    found = [linear("sefa:0"), linear("sefa:1")]
    return DirectionLibrary(SPEC, found, model_sha256=SHA, folder=folder, **more)  # type: ignore[arg-type]


def ids(library: DirectionLibrary, bank: str) -> list[str]:
    return [entry.id for one in library.banks if one.id == bank for entry in one.entries]


def test_every_bank_has_its_place_even_when_it_is_empty():
    assert [bank.id for bank in library(None).banks] == list(BANKS)


def test_directions_stand_in_the_bank_of_their_source(tmp_path):
    books = library(tmp_path)
    books.keep([linear("smile", "boundary"), linear("p0", "pca"), path(), linear("mine", "import")])
    assert ids(books, "sefa") == ["sefa:0", "sefa:1"]
    assert ids(books, "boundaries") == ["smile"]
    assert ids(books, "pca") == ["p0"]
    assert ids(books, "warp") == ["warp:0"]
    assert ids(books, "own") == ["mine"]


def test_kept_directions_are_there_again_next_time_and_can_be_removed(tmp_path):
    library(tmp_path).keep([linear("smile", "boundary"), path()])
    again = library(tmp_path)
    assert ids(again, "boundaries") == ["smile"] and again.find("smile").is_kept
    assert again.find("warp:0").direction == path()
    again.remove(["smile", "sefa:0"])
    assert ids(library(tmp_path), "boundaries") == [] and ids(library(tmp_path), "warp") == ["warp:0"]
    assert ids(again, "sefa") == ["sefa:0", "sefa:1"]


def test_the_last_direction_of_a_file_takes_the_file_with_it(tmp_path):
    books = library(tmp_path)
    books.keep([linear("smile", "boundary")])
    books.remove(["smile"])
    assert not list(tmp_path.glob("*.safetensors"))


def test_a_direction_of_the_same_id_takes_the_old_ones_place(tmp_path):
    books = library(tmp_path)
    books.keep([linear("a", "own"), linear("b", "own")])
    better = LinearDirection("a", "better", Space.W, [0, 0, 0, 1])
    books.keep([better])
    assert library(tmp_path).find("a").direction == better
    assert sorted(ids(library(tmp_path), "own")) == ["a", "b"]


def test_what_a_user_says_is_remembered(tmp_path):
    books = library(tmp_path)
    books.rename("sefa:0", "  older \n self ")
    books.star("sefa:0", True)
    books.set_ends("sefa:0", (-1.5, 4.0))
    books.set_safe("sefa:0", (-1.0, 2.0))
    books.hide("sefa:1", True)
    again = library(tmp_path)
    entry = again.find("older self")
    assert entry.id == "sefa:0" and entry.ends == (-1.5, 4.0) and entry.mark.safe == (-1.0, 2.0)
    assert ids(again, "favourites") == ["sefa:0"]
    assert [entry.id for entry in again.banks[1].shown] == ["sefa:0"]
    assert [direction.id for direction in again.directions] == ["sefa:0"]


def test_a_name_taken_back_leaves_no_trace(tmp_path):
    books = library(tmp_path)
    books.rename("sefa:0", "x")
    books.rename("sefa:0", "")
    assert books.find("sefa:0").direction.name == "name of sefa:0"
    assert (tmp_path / "marks.json").read_text() == "{}"


@pytest.mark.parametrize("direction", [linear("a", "own"), path("a")], ids=["linear", "warp"])
def test_a_flipped_direction_leads_where_the_other_led_with_the_opposite_amount(direction):
    books = DirectionLibrary(SPEC, [direction])
    books.set_ends("a", (-1.0, 3.0))
    books.flip("a")
    ws = np.random.default_rng(0).normal(size=(5, 4)).astype(np.float32)
    flipped = books.find("a")
    assert np.allclose(flipped.direction.move(ws, 1.5), direction.move(ws, -1.5))
    assert flipped.ends == (-3.0, 1.0) and flipped.direction.id == "a"
    books.flip("a")
    assert books.find("a").direction == direction and books.find("a").ends == (-1.0, 3.0)


def test_nothing_is_kept_when_one_of_several_does_not_fit(tmp_path):
    books = library(tmp_path)
    with pytest.raises(IncompatibleLatentError):
        books.keep([linear("good", "own"), linear("bad", "own", dim=3)])
    assert ids(books, "own") == [] and not list(tmp_path.iterdir())


def test_directions_beside_the_model_are_there_unless_they_are_another_models(tmp_path):
    write_direction_file([linear("smile", "boundary")], tmp_path / "a.safetensors")
    write_direction_file([linear("foreign", "boundary", sha="cd" * 32)], tmp_path / "b.safetensors")
    write_direction_file([linear("unsigned", "boundary", sha="")], tmp_path / "c.safetensors")
    assert ids(library(None, beside=tmp_path), "boundaries") == ["smile", "unsigned"]


@pytest.mark.parametrize("damage", [b"", b"\xff" * 40])
def test_a_damaged_file_is_named_and_the_others_are_read(tmp_path, damage):
    write_direction_file([linear("smile", "boundary")], tmp_path / "b.safetensors")
    (tmp_path / "a.safetensors").write_bytes(damage)
    (tmp_path / "marks.json").write_bytes(damage)
    books = library(tmp_path)
    assert ids(books, "boundaries") == ["smile"] and "a.safetensors" in books.problems[0]


def test_other_directions_found_take_the_place_of_a_bank_and_keep_their_marks(tmp_path):
    books = library(tmp_path)
    books.keep([linear("smile", "boundary")])
    books.star("sefa:1", True)
    books.set_found("sefa", [linear("sefa:1"), linear("sefa:9")])
    assert ids(books, "sefa") == ["sefa:1", "sefa:9"] and ids(books, "favourites") == ["sefa:1"]
    assert ids(books, "boundaries") == ["smile"]


def test_listeners_hear_of_changes_and_not_of_what_changes_nothing(tmp_path):
    books, heard = library(tmp_path), []
    stop = books.listen(lambda: heard.append(1))
    books.star("sefa:0", True)
    books.star("sefa:0", True)
    books.keep([linear("a", "own")])
    stop()
    books.remove(["a"])
    assert len(heard) == 2


@pytest.mark.parametrize("ends", [(1.0, 1.0), (2.0, 1.0), (float("nan"), 1.0), (0.0, float("inf"))])
def test_ends_that_make_no_slider_are_refused(ends):
    with pytest.raises(ValueError, match="low < high"):
        library(None).set_ends("sefa:0", ends)
