"""The offline face finder on a real photograph: the astronaut of scikit-image (NASA, public domain)."""

from __future__ import annotations

import numpy as np
import pytest

from latent_studio.core.errors import Cancelled, DownloadError, NoFaceFoundError, OptionError
from latent_studio.core.jobs import CancelToken
from latent_studio.methods.alignment.finders import chosen_face, make_finder
from latent_studio.methods.alignment.mtcnn import Mtcnn, load_mtcnn


@pytest.fixture(scope="module")
def finder() -> Mtcnn:
    return load_mtcnn()


@pytest.fixture(scope="module")
def astronaut() -> np.ndarray:
    from skimage.data import astronaut

    return astronaut()[:260, 80:400]


def test_marks_are_those_of_the_authors_program(finder: Mtcnn) -> None:
    from skimage.data import astronaut

    (face,) = finder.find(astronaut())
    assert face.score > 0.999
    expected = [[203.89, 101.38], [247.57, 103.74], [202.64, 140.40], [245.72, 141.88]]
    assert np.abs(face.marks.array - expected).max() < 0.02


def test_several_faces_come_the_largest_first(finder: Mtcnn, astronaut: np.ndarray) -> None:
    small = astronaut[::2, ::2]
    sheet = np.full((260, 500, 3), 128, np.uint8)
    sheet[:, :320] = astronaut
    sheet[60 : 60 + small.shape[0], 330 : 330 + small.shape[1]] = small
    faces = finder.find(sheet)
    assert len(faces) == 2
    assert faces[0].area > faces[1].area
    assert faces[0].marks.left_eye[0] < 320 < faces[1].marks.left_eye[0]


def test_a_large_photo_is_marked_in_its_own_pixels(finder: Mtcnn, astronaut: np.ndarray) -> None:
    large = astronaut.repeat(5, 0).repeat(5, 1)
    (small_face,), (large_face,) = finder.find(astronaut), finder.find(large)
    scaled = (small_face.marks.array + 0.5) * 5 - 0.5
    assert np.abs(large_face.marks.array - scaled).max() < 12


def test_without_a_face_there_is_none(finder: Mtcnn) -> None:
    assert finder.find(np.full((64, 64, 3), 90, np.uint8)) == ()


def test_a_tiny_picture_is_looked_at_without_fuss(finder: Mtcnn) -> None:
    assert finder.find(np.zeros((16, 16, 3), np.uint8)) == ()


def test_a_cancel_stops_the_search(finder: Mtcnn, astronaut: np.ndarray) -> None:
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        finder.find(astronaut, check_cancel=token.check)


def test_no_face_and_too_few_faces_are_said(finder: Mtcnn, astronaut: np.ndarray) -> None:
    with pytest.raises(NoFaceFoundError, match="No face was found in x"):
        chosen_face((), 0, "x")
    with pytest.raises(NoFaceFoundError, match="One face was found"):
        chosen_face(finder.find(astronaut), 1, "x")


def test_face_alignment_without_its_weights_says_how_to_go_on(
    monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    with pytest.raises(DownloadError, match="face-alignment needs s3fd") as caught:
        make_finder("fan")
    assert "mtcnn" in caught.value.hint


def test_an_unknown_finder_is_a_usage_error() -> None:
    with pytest.raises(OptionError, match="mtcnn, fan"):
        make_finder("dlib")
