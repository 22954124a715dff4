from __future__ import annotations

import io
import json
import time
import zipfile
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from latent_studio.core import session_file
from latent_studio.core.directions import LinearDirection
from latent_studio.core.edits import Edit, EditStack
from latent_studio.core.errors import DamagedSessionError, NewerVersionError, SessionFileError
from latent_studio.core.history import History
from latent_studio.core.latent import Latent
from latent_studio.core.seed_plane import SeedPoint
from latent_studio.core.session import ModelRef, Session
from latent_studio.core.session_file import (
    VERSION,
    Document,
    Summary,
    pack_document,
    read_document,
    read_summary,
    write_document,
)
from latent_studio.core.session_weight import weigh_session
from latent_studio.core.spaces import Space

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

JPEG = b"\xff\xd8\xff\xe0 a small picture"
SMILE = LinearDirection("smile", "smile", Space.W, np.linspace(0.1, 1, 16))
MODEL = ModelRef("cats", "/models/cats.safetensors", "ab" * 32)


def document(steps: int = 3) -> Document:
    """A document with a fork, stars, thumbnails, ratings and notes."""
    start = Session(MODEL, SeedPoint(7))
    history = History(start, weigh=weigh_session, clock=lambda: 1000.0)
    for step in range(steps):
        edits = EditStack((Edit(SMILE, step + 0.5, (1, 2)),))
        history.push(replace(history.current, edits=edits), f"Move {step}")
    history.undo()
    history.push(replace(history.current, base=Latent(Space.W, np.full(16, 0.25))), "Project me.jpg")
    history.star(1)
    return Document(history.state(), {0: JPEG, 1: JPEG}, {42: 5}, "Für später: löschen?")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "my session.lstudio"
    write_document(document(), path, summary=Summary(saved_seconds=5.0, program="test"))
    return path


def rewrite(path: Path, change: Callable[[dict[str, bytes]], None]) -> None:
    """Change the members of a session file by hand."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    change(members)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, raw in members.items():
            archive.writestr(zipfile.ZipInfo(name), raw, zipfile.ZIP_DEFLATED)


def rewrite_json(path: Path, change: Callable[[Any], None]) -> None:
    def edit(members: dict[str, bytes]) -> None:
        content = json.loads(members["document.json"])
        change(content)
        members["document.json"] = json.dumps(content).encode()

    rewrite(path, edit)


def test_a_document_comes_back_equal(path: Path):
    back = read_document(path)

    assert back == document()
    assert back.session.base == Latent(Space.W, np.full(16, 0.25))
    assert [step.label for step in back.history.steps] == [
        "",
        "Move 0",
        "Move 1",
        "Move 2",
        "Project me.jpg",
    ]


def test_what_steps_share_is_one_object_again(path: Path):
    steps = read_document(path).history.steps

    assert steps[0].value.model is steps[1].value.model
    assert steps[0].value.base is steps[1].value.base
    first, second = (steps[k].value.edits.edits[0].direction for k in (1, 2))
    assert first is second


def test_the_same_document_gives_the_same_bytes():
    assert pack_document(document()) == pack_document(document())


def test_the_summary_is_read_without_the_rest(path: Path):
    rewrite(path, lambda members: members.update({"document.json": b"garbage"}))

    assert read_summary(path) == Summary("cats", 4, 5.0, "", "test")


def test_a_failed_save_leaves_the_old_file(path: Path, monkeypatch: pytest.MonkeyPatch):
    before = path.read_bytes()

    def full(fd: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(SessionFileError, match="No space left"):
        write_document(document(5), path)
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


def test_a_session_of_a_newer_version_is_refused(path: Path):
    rewrite_json(path, lambda content: content.update(version=VERSION + 1, surprise=1))

    with pytest.raises(NewerVersionError, match=f"version {VERSION + 1}") as error:
        read_document(path)
    assert "Update" in error.value.hint


def test_an_older_version_is_lifted(path: Path, monkeypatch: pytest.MonkeyPatch):
    def lift(content: dict[str, object]) -> dict[str, object]:
        return {("notes" if name == "remarks" else name): value for name, value in content.items()}

    rewrite_json(path, lambda content: content.update(remarks=content.pop("notes")))
    monkeypatch.setattr(session_file, "VERSION", VERSION + 1)
    monkeypatch.setitem(session_file.MIGRATIONS, VERSION, lift)

    assert read_document(path) == document()


@pytest.mark.parametrize("keep", [0.0, 0.1, 0.5, 0.9, 0.999])
def test_a_truncated_file_is_refused(path: Path, keep: float):
    raw = path.read_bytes()
    path.write_bytes(raw[: int(len(raw) * keep)])

    with pytest.raises(DamagedSessionError):
        read_document(path)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(place=st.floats(0, 1, exclude_max=True), value=st.integers(1, 255))
def test_a_flipped_byte_is_refused_or_harmless(path: Path, place: float, value: int):
    raw = bytearray(pack_document(document()))
    raw[int(place * len(raw))] ^= value
    spoilt = path.with_name("spoilt.lstudio")
    spoilt.write_bytes(raw)

    try:
        read_document(spoilt)
    except SessionFileError as error:
        assert error.title


def test_what_is_no_zip_or_not_ours_is_refused(tmp_path: Path):
    text = tmp_path / "a.lstudio"
    text.write_text("hello")
    other = tmp_path / "b.lstudio"
    with zipfile.ZipFile(other, "w") as archive:
        archive.writestr("word/document.xml", "<x/>")

    for path in (text, other):
        with pytest.raises(DamagedSessionError, match="no session"):
            read_document(path)
    with pytest.raises(SessionFileError, match="cannot be read"):
        read_document(tmp_path / "nowhere.lstudio")
    with pytest.raises(SessionFileError):
        read_document(tmp_path)


@pytest.mark.parametrize(
    "change",
    [
        lambda c: c.update(format="other"),
        lambda c: c.pop("steps"),
        lambda c: c.update(steps=[]),
        lambda c: c.update(steps={}),
        lambda c: c.update(current=99),
        lambda c: c.update(version="1"),
        lambda c: c.update(notes=None),
        lambda c: c.update(more=1),
        lambda c: c["steps"][1].update(parent=7),
        lambda c: c["steps"][1].update(parent=None),
        lambda c: c["steps"][1].update(id=0),
        lambda c: c["steps"][1].update(seconds="now"),
        lambda c: c["steps"][1].update(colour=3),
        lambda c: c["steps"][1]["session"].update(base=50),
        lambda c: c["steps"][1]["session"].update(base=-1),
        lambda c: c["steps"][1]["session"].update(other=0),
        lambda c: c["onward"].update({"0": 3}),
        lambda c: c["onward"].update({"zero": 1}),
        lambda c: c["ratings"].update({"1": 9}),
        lambda c: c["parts"]["base"].__setitem__(0, {"seed": -4, "dx": 0, "dy": 0}),
        lambda c: c["parts"].update(base=3),
        lambda c: c["parts"]["edits"][1][0].update(amount=float("inf")),
        lambda c: c["parts"]["edits"][1][0].update(direction="unknown"),
        lambda c: c.update(directions={}),
    ],
)
def test_a_file_changed_by_hand_says_what_is_wrong(path: Path, change: Callable[[Any], None]):
    rewrite_json(path, change)

    with pytest.raises(DamagedSessionError) as error:
        read_document(path)
    assert len(error.value.title) > 20


@pytest.mark.parametrize("name", ["../evil.txt", "/etc/evil", "arrays/../../evil", "..\\evil", "C:evil"])
def test_members_that_lead_outside_are_refused_and_nothing_is_written(path: Path, name: str):
    rewrite(path, lambda members: members.update({name: b"x"}))

    with pytest.raises(DamagedSessionError, match="outside"):
        read_document(path)
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


def test_a_zip_bomb_is_refused_before_it_is_unpacked(path: Path):
    rewrite(path, lambda members: members.update({"arrays/" + "0" * 32 + ".npy": bytes(64 << 20)}))

    with pytest.raises(DamagedSessionError, match="far more"):
        read_document(path)


def test_long_notes_of_one_letter_are_no_bomb(tmp_path: Path):
    path = tmp_path / "notes.lstudio"
    made = replace(document(), notes="a" * (3 << 20))
    write_document(made, path)

    assert read_document(path) == made


def test_many_members_and_large_sums_are_refused(path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(session_file, "_MOST_MEMBERS", 3)
    with pytest.raises(DamagedSessionError, match="more than a session"):
        read_document(path)
    monkeypatch.setattr(session_file, "_MOST_MEMBERS", 1000)
    monkeypatch.setattr(session_file, "_MOST_BYTES", 100)
    with pytest.raises(DamagedSessionError, match="more than a session"):
        read_document(path)


def npy(array: np.ndarray, **how: Any) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, **how)
    return buffer.getvalue()


def huge_header() -> bytes:
    buffer = io.BytesIO()
    header = {"descr": "<f4", "fortran_order": False, "shape": (1 << 40, 1 << 20)}
    np.lib.format.write_array_header_1_0(buffer, header)
    return buffer.getvalue() + b"\0" * 64


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"garbage",
        npy(np.array([{"a": 1}], dtype=object), allow_pickle=True),
        npy(np.zeros(3, "U5")),
        npy(np.zeros((2, 2), order="F").T.copy(order="F")),
        npy(np.zeros(9, np.float32))[:-4],
        huge_header(),
    ],
)
def test_an_array_that_is_not_plain_is_refused(path: Path, raw: bytes):
    def spoil(members: dict[str, bytes]) -> None:
        name = next(name for name in members if name.startswith("arrays/"))
        members[name] = raw

    rewrite(path, spoil)
    with pytest.raises(DamagedSessionError, match="arrays/"):
        read_document(path)


def test_thumbnails_that_are_no_pictures_or_of_nothing_are_passed_over(path: Path):
    rewrite(path, lambda members: members.update({"thumbnails/0.jpg": b"MZ evil", "thumbnails/99.jpg": JPEG}))

    assert list(read_document(path).thumbnails) == [1]


def long_document(steps: int = 500) -> Document:
    directions = [
        LinearDirection(f"d{k}", f"d{k}", Space.W, np.random.RandomState(k).randn(512)) for k in range(20)
    ]
    history = History(Session(MODEL, SeedPoint(1)), weigh=weigh_session)
    for step in range(steps):
        session = history.current
        if step % 10 == 0:
            values = np.random.RandomState(step).randn(18, 512)
            session = replace(session, base=Latent(Space.W_PLUS, values), edits=EditStack())
        else:
            session = replace(session, edits=session.edits.with_amount(directions[step % 20], step / 7))
        history.push(session, f"Step {step}")
    thumbnail = JPEG + np.random.RandomState(0).bytes(3000)
    return Document(history.state(), dict.fromkeys(range(steps), thumbnail))


def test_a_long_history_is_small_on_disk(tmp_path: Path):
    """What steps share is written once: 500 steps with 3 kB thumbnails, 50 of them with 36 kB latents."""
    made = long_document()
    path = tmp_path / "long.lstudio"
    start = time.perf_counter()
    write_document(made, path)
    middle = time.perf_counter()
    back = read_document(path)
    print(f"save {middle - start:.3f} s, open {time.perf_counter() - middle:.3f} s")

    assert back == made
    assert path.stat().st_size < 500 * 3100 + 50 * 37000 + 200_000
