"""align and paste: files in, files out."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from latent_studio.app.crop_record import read_record
from latent_studio.app.tasks.align import AlignOptions, AlignResult, run_align
from latent_studio.app.tasks.paste import PasteOptions, run_paste
from latent_studio.core.errors import DownloadError, InputError, NoFaceFoundError, OptionError
from latent_studio.core.jobs import Cancelled, CancelToken, ignore_progress

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from latent_studio.app.studio import Studio

MARKS = (40.0, 40.0, 70.0, 41.0, 43.0, 70.0, 66.0, 72.0)


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    noise = np.random.default_rng(0).integers(0, 255, (25, 30, 3), dtype=np.uint8)
    path = tmp_path / "photo.png"
    exif = Image.Exif()
    exif[0x010E] = "At the sea"
    Image.fromarray(noise).resize((120, 100), Image.Resampling.BICUBIC).save(path, exif=exif)
    return path


def align(studio: Studio, *photos: Path | str, out: Path, **more: object) -> AlignResult:
    options = AlignOptions(tuple(str(name) for name in photos), out, **more)  # type: ignore[arg-type]
    return run_align(studio, options, ignore_progress, CancelToken())


def pixels(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image)


def test_marks_by_hand_give_a_crop_and_the_way_back(studio: Studio, photo: Path, tmp_path: Path) -> None:
    result = align(studio, photo, out=tmp_path / "out", size=64, marks=MARKS)
    assert result.paths == (tmp_path / "out" / "photo.png",)
    assert pixels(result.paths[0]).shape == (64, 64, 3)
    record = read_record(result.paths[0])
    assert (record.photo, record.photo_size) == ("photo.png", (120, 100))
    assert record.marks is not None
    assert record.marks.mouth_right == (66.0, 72.0)
    assert str(tmp_path) not in (tmp_path / "out" / "photo.crop.json").read_text()


def test_a_face_that_is_not_there_is_said(studio: Studio, photo: Path, tmp_path: Path) -> None:
    with pytest.raises(NoFaceFoundError, match=r"photo\.png"):
        align(studio, photo, out=tmp_path / "out")


def test_a_photo_that_fails_does_not_stop_the_others(studio: Studio, photo: Path, tmp_path: Path) -> None:
    text = tmp_path / "text.jpg"
    text.write_text("no picture")
    gone = tmp_path / "gone.png"
    result = align(studio, text, gone, photo, out=tmp_path / "out", size=32, square=True)
    assert len(result.paths) == 1
    assert len(result.failures) == 2
    assert not result.is_good


def test_photos_of_one_name_do_not_overwrite_each_other(studio: Studio, photo: Path, tmp_path: Path) -> None:
    folder = tmp_path / "more"
    folder.mkdir()
    (folder / "photo.png").write_bytes(photo.read_bytes())
    result = align(studio, photo, folder, out=tmp_path / "out", size=32, square=True)
    assert [path.name for path in result.paths] == ["photo.png", "photo-2.png"]


def test_an_empty_folder_is_said_to_be(studio: Studio, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no picture in"):
        align(studio, tmp_path, out=tmp_path / "out")


def test_marks_and_a_square_contradict_each_other(studio: Studio, photo: Path, tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="--marks"):
        align(studio, photo, out=tmp_path / "out", marks=MARKS, square=True)


def test_a_cancel_stops_between_photos(studio: Studio, photo: Path, tmp_path: Path) -> None:
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        run_align(studio, AlignOptions((str(photo),), tmp_path, square=True), ignore_progress, token)


@pytest.fixture
def address(photo: Path) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if not self.path.startswith("/there.png"):
                self.send_error(404)
                return
            self.send_response(200)
            self.end_headers()
            self.wfile.write(photo.read_bytes())

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_photo_may_be_an_address(studio: Studio, address: str, tmp_path: Path) -> None:
    result = align(studio, f"{address}/there.png?x=1", out=tmp_path / "out", size=32, square=True)
    assert result.paths[0].name == "there.png"


def test_an_address_without_a_photo_is_said(studio: Studio, address: str, tmp_path: Path) -> None:
    with pytest.raises(DownloadError, match="cannot be reached"):
        align(studio, f"{address}/gone.png", out=tmp_path / "out", size=32, square=True)


def paste(studio: Studio, photo: Path, crop: Path, out: Path, **more: object) -> Path:
    options = PasteOptions(str(photo), out, crop, **more)  # type: ignore[arg-type]
    return run_paste(studio, options, ignore_progress, CancelToken()).path


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp", ".tif"])
def test_a_crop_goes_back_at_full_size_with_the_cameras_notes(
    studio: Studio, photo: Path, tmp_path: Path, suffix: str
) -> None:
    (crop,) = align(studio, photo, out=tmp_path / "out", size=64, marks=MARKS).paths
    path = paste(studio, photo, crop, tmp_path / f"back{suffix}")
    with Image.open(path) as image:
        assert image.size == (120, 100)
        assert image.getexif()[0x010E] == "At the sea"


def test_the_same_paste_gives_the_same_bytes(studio: Studio, photo: Path, tmp_path: Path) -> None:
    (crop,) = align(studio, photo, out=tmp_path / "out", size=64, marks=MARKS).paths
    first, second = (paste(studio, photo, crop, tmp_path / name) for name in ("a.png", "b.png"))
    assert first.read_bytes() == second.read_bytes()


def test_strength_zero_and_no_change_leave_every_pixel(studio: Studio, photo: Path, tmp_path: Path) -> None:
    (crop,) = align(studio, photo, out=tmp_path / "out", size=64, marks=MARKS).paths
    for index, more in enumerate(({"strength": 0.0}, {"original": crop})):
        path = paste(studio, photo, crop, tmp_path / f"{index}.png", **more)
        assert (pixels(path) == pixels(photo)).all()


def test_a_painted_mask_decides_what_changes(studio: Studio, photo: Path, tmp_path: Path) -> None:
    align(studio, photo, out=tmp_path / "out", size=64, box=(10, 10, 90, 90))
    record = tmp_path / "out" / "photo.crop.json"
    white = np.full((64, 64, 3), 255, np.uint8)
    Image.fromarray(white).save(tmp_path / "white.png")
    mask = np.zeros((64, 64), np.uint8)
    mask[20:44, 40:60] = 255
    Image.fromarray(mask).save(tmp_path / "mask.png")
    path = paste(
        studio, photo, tmp_path / "white.png", tmp_path / "b.png", record=record, mask="brush",
        brush=tmp_path / "mask.png", feather=0.02,
    )  # fmt: skip
    changed = (pixels(path) != pixels(photo)).any(-1)
    assert changed[50, 72]
    assert not changed[:, :50].any()


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"mask": "brush"}, "--brush"),
        ({"strength": 2.0}, "--strength"),
    ],
)
def test_impossible_options_are_named(
    studio: Studio, photo: Path, tmp_path: Path, more: dict[str, object], expected: str
) -> None:
    with pytest.raises(OptionError, match=expected):
        paste(studio, photo, photo, tmp_path / "x.png", **more)


def test_a_crop_without_its_record_is_said(studio: Studio, photo: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no photo\.crop\.json"):
        paste(studio, photo, photo, tmp_path / "x.png")


def test_another_photo_is_refused(studio: Studio, photo: Path, tmp_path: Path) -> None:
    (crop,) = align(studio, photo, out=tmp_path / "out", size=64, marks=MARKS).paths
    other = tmp_path / "other.png"
    Image.new("RGB", (50, 60)).save(other)
    with pytest.raises(InputError, match="120 x 100"):
        paste(studio, other, crop, tmp_path / "x.png")


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"photo_size": 3}', "[" * 100_000])
def test_a_damaged_record_is_said(studio: Studio, photo: Path, tmp_path: Path, text: str) -> None:
    record = tmp_path / "r.crop.json"
    record.write_text(text)
    with pytest.raises(InputError, match=r"r\.crop\.json"):
        paste(studio, photo, photo, tmp_path / "x.png", record=record)
