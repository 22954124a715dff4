"""Weights of others, from the address to their use: stand-ins of the true shapes under the true names.

What the true files say cannot be tested here; that they are fetched, found and used by the packages can.
"""

from __future__ import annotations

import hashlib
import io
import tarfile
import warnings
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from PIL import Image

from latent_studio.app.hub_files import missing_files
from latent_studio.app.projector import Projector
from latent_studio.app.tasks.align import AlignOptions, run_align
from latent_studio.app.tasks.predictor_get import PredictorGetOptions, run_predictor_get
from latent_studio.app.tasks.project import ProjectOptions, run_project
from latent_studio.core.errors import NoFaceFoundError
from latent_studio.core.jobs import CancelToken
from latent_studio.methods.alignment import fan
from latent_studio.methods.attributes import published
from latent_studio.methods.attributes.arcface import ArcFaceNetwork
from latent_studio.methods.attributes.published import PUBLISHED
from latent_studio.methods.hub_file import HubFile
from latent_studio.methods.projection import lpips_net
from tests.helpers.model_files import write_tiny_model
from tests.helpers.pooled_net import PooledNet
from tests.helpers.recorder import Recorder
from tests.helpers.web_server import ServedFile, WebServer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from latent_studio.app.studio import Studio

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.fixture
def web(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[WebServer]:
    """A server on this machine, and a folder of torch's of the test's own."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    with WebServer() as server:
        yield server


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    noise = np.random.default_rng(0).integers(0, 255, (6, 5, 3), dtype=np.uint8)
    path = tmp_path / "photo.png"
    Image.fromarray(noise).resize((200, 240), Image.Resampling.BICUBIC).save(path)
    return path


def file_of(tensors: Mapping[str, torch.Tensor]) -> bytes:
    out = io.BytesIO()
    torch.save(dict(tensors), out)
    return out.getvalue()


def serve(web: WebServer, monkeypatch: pytest.MonkeyPatch, files: dict[HubFile, bytes]) -> list[HubFile]:
    """Stand-ins at addresses on this machine, under the true names; their hashes are theirs."""
    hashes = {file.name: hashlib.sha256(content).hexdigest() for file, content in files.items()}
    monkeypatch.setattr(HubFile, "digits", property(lambda self: hashes[self.name]))
    for file, content in files.items():
        web.files[f"/{file.name}"] = ServedFile(content)
    return [replace(file, url=web.url(f"/{file.name}")) for file in files]


def project(studio: Studio, photo: Path, tmp_path: Path, **more: Any) -> Any:
    model = write_tiny_model(tmp_path / "tiny.safetensors", resolution=64)
    options = ProjectOptions(
        str(model), (str(photo),), tmp_path / "out", steps=2, start="mean", fetch=True, **more
    )
    (file,) = run_project(studio, options, Recorder(), CancelToken()).files
    return file.score


@pytest.mark.parametrize("loss", ["lpips-squeeze", "lpips-alex"])
def test_a_backbone_is_fetched_and_searched_with(
    web: WebServer, studio: Studio, photo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, loss: str
) -> None:
    import torchvision

    torch.manual_seed(0)
    make = {"lpips-squeeze": torchvision.models.squeezenet1_1, "lpips-alex": torchvision.models.alexnet}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        content = file_of(make[loss](weights=None).state_dict())
    (backbone,) = serve(web, monkeypatch, {lpips_net.BACKBONES[loss]: content})
    monkeypatch.setitem(lpips_net.BACKBONES, loss, backbone)
    score = project(studio, photo, tmp_path, square=True, loss=loss)
    assert missing_files(loss) == ()
    assert score.metric == f"LPIPS ({loss.removeprefix('lpips-')})"
    assert 0 < score.perceptual < 10
    assert len(web.ranges) == 1


def test_the_finder_of_face_alignment_is_fetched_and_looks(
    web: WebServer, studio: Studio, photo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from face_alignment.detection.sfd.net_s3fd import s3fd
    from face_alignment.models import FAN

    with torch.device("meta"):
        blind, marks = s3fd(), FAN(4)
    # Zeros are quicker than random numbers, and see background with a little help.
    numbers = {name: torch.zeros(one.shape) for name, one in blind.state_dict().items()}
    for name, one in numbers.items():
        if name.endswith("mbox_conf.bias"):
            one[:-1] = 10.0
    finder, marker = fan.FAN_FILES
    of_marks = {name: torch.zeros(one.shape, dtype=one.dtype) for name, one in marks.state_dict().items()}
    files = serve(web, monkeypatch, {finder: file_of(numbers), marker: file_of(of_marks)})
    monkeypatch.setattr(fan, "FAN_FILES", tuple(files))
    options = AlignOptions((str(photo),), tmp_path / "out", finder="fan", fetch=True)
    with pytest.raises(NoFaceFoundError):
        run_align(studio, options, Recorder(), CancelToken())
    assert missing_files("fan") == ()
    # With a box given, the second network marks 68 points in it.
    seeing = fan.FanFinder()
    boxes = [np.array([40.0, 40.0, 160.0, 200.0, 1.0])]
    monkeypatch.setattr(seeing._network.face_detector, "detect_from_image", lambda image: boxes)
    with Image.open(photo) as image:
        (face,) = seeing.find(np.asarray(image))
    assert len(face.landmarks) == 68
    assert face.box == (40.0, 40.0, 160.0, 200.0)


def test_arcface_is_fetched_and_tells_the_person_in_the_score(
    web: WebServer, studio: Studio, photo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.manual_seed(0)
    weights, content = PUBLISHED["arcface"], file_of(ArcFaceNetwork().state_dict())
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        info = tarfile.TarInfo(f"arcface/{weights.file}")
        info.size = len(content)
        tar.addfile(info, io.BytesIO(content))
    web.files["/arcface.tar"] = ServedFile(out.getvalue())
    here = replace(weights, url=web.url("/arcface.tar"), sha256=hashlib.sha256(out.getvalue()).hexdigest())
    monkeypatch.setattr(published, "PUBLISHED", {**PUBLISHED, "arcface": here})
    monkeypatch.setattr(Projector, "_perceptual", lambda *_: PooledNet())
    marks = (70.0, 100.0, 130.0, 100.0, 75.0, 170.0, 125.0, 170.0)
    assert project(studio, photo, tmp_path, marks=marks).identity is None
    run_predictor_get(studio, PredictorGetOptions("arcface"), Recorder(), CancelToken())
    assert -1 <= project(studio, photo, tmp_path, marks=marks, resume=False).identity <= 1
    # A square says nothing of a face.
    assert project(studio, photo, tmp_path, square=True, resume=False).identity is None
