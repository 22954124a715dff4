from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from latent_studio.app.document_files import (
    BACKUPS,
    Autosave,
    backups_of,
    discard_leftover,
    find_leftovers,
    forget_old_leftovers,
    save_document,
    suffixed,
)
from latent_studio.app.model_places import ModelNotFoundError, find_place, hash_of, remember_place
from latent_studio.app.paths import Paths
from latent_studio.app.store import SessionStore
from latent_studio.core.errors import SessionFileError
from latent_studio.core.seed_plane import SeedPoint
from latent_studio.core.session import ModelRef, Session
from latent_studio.core.session_file import Document, read_document

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return Paths.in_profile(tmp_path / "profile")


def document(*seeds: int) -> Document:
    store = SessionStore(Session(ModelRef("cats", "cats.pkl", "ab")))
    for seed in seeds:
        store.set_base(SeedPoint(seed), f"Go to {seed}")
    return Document(store.history.state())


def test_saving_keeps_the_last_backups_in_order(tmp_path: Path, paths: Paths):
    path = tmp_path / "a.lstudio"
    for seed in range(8):
        save_document(document(seed), path, paths)

    backups = backups_of(path, paths)
    assert read_document(path).session.base == SeedPoint(7)
    assert len(backups) == BACKUPS
    assert [read_document(backup.path).session.base.seed for backup in backups] == [6, 5, 4, 3, 2]
    assert all(backup.is_backup and backup.summary.model == "cats" for backup in backups)
    assert backups_of(tmp_path / "other" / "a.lstudio", paths) == ()


def test_backups_stay_in_order_when_the_clock_goes_backwards(
    tmp_path: Path, paths: Paths, monkeypatch: pytest.MonkeyPatch
):
    path = tmp_path / "a.lstudio"
    for seed, now in enumerate((5000.0, 3000.0, 1000.0)):
        monkeypatch.setattr("time.time", lambda now=now: now)
        save_document(document(seed), path, paths)

    assert [read_document(backup.path).session.base.seed for backup in backups_of(path, paths)] == [1, 0]


def test_a_save_without_room_for_backups_is_still_a_save(
    tmp_path: Path, paths: Paths, monkeypatch: pytest.MonkeyPatch
):
    path = tmp_path / "a.lstudio"
    save_document(document(1), path, paths)

    def full(*args: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("shutil.copyfile", full)
    save_document(document(2), path, paths)
    assert read_document(path).session.base == SeedPoint(2)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_folder_refuses_with_a_sentence(tmp_path: Path, paths: Paths):
    folder = tmp_path / "locked"
    folder.mkdir(mode=0o500)
    with pytest.raises(SessionFileError, match="cannot be saved"):
        save_document(document(1), folder / "a.lstudio", paths)


def test_a_folder_that_refuses_says_so(tmp_path: Path, paths: Paths):
    (tmp_path / "file").write_text("I am no folder")
    with pytest.raises(SessionFileError, match="cannot be saved"):
        save_document(document(1), tmp_path / "file" / "a.lstudio", paths)


def test_an_autosave_is_found_only_after_its_program_is_gone(tmp_path: Path, paths: Paths):
    mine = Autosave(paths)
    mine.write(document(1, 2, 3), origin=tmp_path / "a.lstudio")
    assert find_leftovers(paths) == ()

    mine.close()
    (leftover,) = find_leftovers(paths)
    assert (leftover.summary.steps, leftover.summary.model) == (3, "cats")
    assert leftover.summary.origin == str(tmp_path / "a.lstudio")
    assert read_document(leftover.path) == document(1, 2, 3) or read_document(leftover.path).session.base

    discard_leftover(leftover)
    assert find_leftovers(paths) == ()


def test_two_programs_have_their_own_autosaves(paths: Paths):
    one, two = Autosave(paths), Autosave(paths)
    one.write(document(1), origin=None)
    two.write(document(2), origin=None)
    one.close()

    (leftover,) = find_leftovers(paths)
    assert read_document(leftover.path).session.base == SeedPoint(1)
    two.close()


def test_a_damaged_autosave_does_not_hide_the_others(paths: Paths):
    for seed in (1, 2):
        autosave = Autosave(paths)
        autosave.write(document(seed), origin=None)
        autosave.close()
        if seed == 1:
            autosave.path.write_bytes(autosave.path.read_bytes()[:100])

    assert len(find_leftovers(paths)) == 1


def test_a_disk_that_is_full_leaves_the_last_good_autosave(paths: Paths, monkeypatch: pytest.MonkeyPatch):
    autosave = Autosave(paths)
    autosave.write(document(1), origin=None)

    def full(fd: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(SessionFileError, match="No space left"):
        autosave.write(document(1, 2), origin=None)
    monkeypatch.undo()
    assert read_document(autosave.path).session.base == SeedPoint(1)
    autosave.close()


def test_parts_that_a_crash_left_are_taken_away(paths: Paths):
    autosave = Autosave(paths)
    autosave.write(document(1), origin=None)
    part = autosave.path.with_name(f".{autosave.path.name}.12345678.part")
    part.write_bytes(b"half")
    forget_old_leftovers(paths)
    assert part.exists()

    autosave.close()
    forget_old_leftovers(paths)
    assert not part.exists()
    assert len(find_leftovers(paths)) == 1


def test_the_suffix_is_added_where_it_is_missing(tmp_path: Path):
    assert suffixed(tmp_path / "a").name == "a.lstudio"
    assert suffixed(tmp_path / "a.b").name == "a.b.lstudio"
    assert suffixed(tmp_path / "a.LSTUDIO").name == "a.LSTUDIO"


# Models


def model(path: Path, content: bytes = b"weights") -> ModelRef:
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    return ModelRef(path.stem, str(path), hash_of(path))


def test_a_model_is_found_where_it_was(tmp_path: Path, paths: Paths):
    ref = model(tmp_path / "cats.pkl")
    assert find_place(ref, paths) == tmp_path / "cats.pkl"


def test_a_model_that_moved_is_found_where_it_was_opened_since(tmp_path: Path, paths: Paths):
    ref = model(tmp_path / "cats.pkl")
    (tmp_path / "cats.pkl").rename(tmp_path / "lions.pkl")
    with pytest.raises(ModelNotFoundError, match="not where it was") as error:
        find_place(ref, paths)
    assert ref.sha256[:12] in error.value.hint
    assert error.value.ref == ref

    remember_place(ModelRef("lions", str(tmp_path / "lions.pkl"), ref.sha256), paths)
    assert find_place(ref, paths) == tmp_path / "lions.pkl"


def test_another_model_in_its_place_is_not_taken(tmp_path: Path, paths: Paths):
    ref = model(tmp_path / "cats.pkl")
    model(tmp_path / "cats.pkl", b"other weights")

    with pytest.raises(ModelNotFoundError, match="another model"):
        find_place(ref, paths)


def test_a_damaged_list_of_places_is_no_obstacle(tmp_path: Path, paths: Paths):
    ref = model(tmp_path / "cats.pkl")
    paths.data.mkdir(parents=True)
    (paths.data / "model_places.json").write_text("[1")

    remember_place(ref, paths)
    assert find_place(ref, paths) == tmp_path / "cats.pkl"
