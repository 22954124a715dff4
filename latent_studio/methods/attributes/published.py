"""Published face predictors: which file each needs, where it is had and under what terms.

The weights are others' work and do not come with the program. Addresses and hashes are those that the
WarpedGANSpace program downloads from and checks against; its archives hold one file each. A hash is that of
the archive. Files are looked for where torch keeps what it downloads, so that others' copies serve too.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from latent_studio.checkpoints.training_state import read_torch_state
from latent_studio.core.errors import CorruptFileError, MissingWeightsError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor, nn


@dataclass(frozen=True, slots=True)
class PublishedWeights:
    """One predictor's weights.

    Attributes:
        id: of the predictor.
        title: its published name.
        reads: what it reads off, in a few words.
        file: name of the weight file.
        page: where its authors publish it.
        terms: under which, as far as they say.
        url: of an archive that holds the file.
        sha256: of the archive.
        is_read: whether the program has the network; else it knows the name alone.
    """

    id: str
    title: str
    reads: str
    file: str
    page: str
    terms: str
    url: str
    sha256: str
    is_read: bool = True

    @property
    def path(self) -> Path:
        """Where the file is, or would be."""
        return weights_folder() / self.file

    @property
    def is_here(self) -> bool:
        """Whether it can be used at once."""
        return self.is_read and self.path.is_file()

    def missing(self) -> MissingWeightsError:
        """That the file is not here, and what to do about it."""
        if not self.is_read:
            return MissingWeightsError(
                f"{self.title} ({self.reads}) is known by name only; nothing here reads {self.file}.",
                hint=f"It is published at {self.page} ({self.terms}). face-geometry reads face boxes without "
                "it; anything else takes a plugin.",
            )
        return MissingWeightsError(
            f"{self.title} ({self.reads}) needs {self.file}, which is not here.",
            hint=f"“latent-studio predictor get {self.id}” fetches it, or put it into {weights_folder()}. It "
            f"is others' work, published at {self.page} ({self.terms}).",
        )


def _dropbox(place: str) -> str:
    return f"https://www.dropbox.com/s/{place}?dl=1"


_ALL = (
    PublishedWeights(
        "fairface",
        "FairFace",
        "age, gender and race",
        "fairface_alldata_4race_20191111.pt",
        "https://github.com/dchen236/FairFace",
        "CC BY 4.0",
        _dropbox("xnxd2wnfgzt3og1/fairface.tar"),
        "0e78ff8b79612e52e226461fb67f6cff43cef0959d1ab2b520acdcc9105d065e",
    ),
    PublishedWeights(
        "hopenet",
        "Hopenet",
        "yaw, pitch and roll",
        "hopenet_alpha2.pkl",
        "https://github.com/natanielruiz/deep-head-pose",
        "its authors state terms for the code only; trained on 300W-LP",
        _dropbox("bckhfk4u02sl8lz/hopenet.tar"),
        "8c9d67dd8f82ce3332c43b5fc407dc57674d1f16fbe7f0743e9ad57ede73e33f",
    ),
    PublishedWeights(
        "arcface",
        "ArcFace IR-SE50",
        "identity",
        "model_ir_se50.pth",
        "https://github.com/TreB1eN/InsightFace_Pytorch",
        "MIT code; trained on data for research only",
        _dropbox("vumuvgh84mhorx4/arcface.tar"),
        "edd5854cacd86c17a78a11f70ab8c49bceffefb90ee070754288fa7ceadcdfb2",
    ),
    PublishedWeights(
        "action-units",
        "FAN trained on DISFA",
        "intensity of twelve facial action units",
        "disfa_adaptation_f0.pth",
        "https://github.com/chi0tzp/WarpedGANSpace",
        "no terms stated for the weights; DISFA is for research only",
        _dropbox("qzeugjqi4ss2w5m/au_detector.tar"),
        "dbdf18bf541de3c46769d712866bef38496b7528072850c28207747b2b2c101e",
    ),
    PublishedWeights(
        "celeba",
        "Talk-to-Edit attribute predictor",
        "bangs, eyeglasses, beard, smiling and age",
        "eval_predictor.pth.tar",
        "https://github.com/yumingj/Talk-to-Edit",
        "for research only, as CelebA is",
        _dropbox("ulyu428dw620vhi/celeba_attributes.tar"),
        "45276f2df865112c7488fe128d8c79527da252aad30fc541417b9961dfdd9bbc",
    ),
    PublishedWeights(
        "s3fd",
        "S3FD",
        "face box",
        "s3fd-619a316812.pth",
        "https://github.com/1adrianb/face-alignment",
        "BSD-3-Clause code",
        _dropbox("zejv9acgk62lfbv/sfd.tar"),
        "2bea5f1c10110e356eef3f4efd45169100b9c7704eb6e6abd309df58f34452d4",
        is_read=False,
    ),
)
PUBLISHED: Mapping[str, PublishedWeights] = MappingProxyType({one.id: one for one in _ALL})


def weights_folder() -> Path:
    """Where torch keeps weights that it has downloaded."""
    import torch

    return Path(torch.hub.get_dir()) / "checkpoints"


def load_published(network: nn.Module, weights: PublishedWeights, *, path: Path | None = None) -> None:
    """Fill a network with a published file, which is read as data.

    Args:
        network: whose tensors have the file's names.
        weights: which file.
        path: of the file; where it usually is, when not given.

    Raises:
        MissingWeightsError: it is not here.
        CheckpointError: it is damaged, or holds other tensors; names the first.
    """
    path = path or weights.path
    if not path.is_file():
        raise weights.missing()
    fill(network, read_torch_state(path, inside="state_dict"), file_name=path.name)


def fill(network: nn.Module, tensors: Mapping[str, Tensor], *, file_name: str) -> None:
    """Fill a network with tensors by name; what the network does not know is left out.

    Raises:
        CorruptFileError: a tensor is missing, or has another shape; names the first.
    """
    tensors = {name.removeprefix("module."): tensor for name, tensor in tensors.items()}
    state = network.state_dict()
    for name, own in state.items():
        if name.endswith("num_batches_tracked"):
            continue
        found = tensors.get(name)
        if found is None or found.shape != own.shape:
            what = "is missing" if found is None else f"has the shape {tuple(found.shape)}"
            raise CorruptFileError(
                f"{file_name} is not the file it should be: tensor {name!r} {what}.",
                hint="Delete it and fetch it again.",
            )
        state[name] = found.to(own.dtype)
    network.load_state_dict(state)
    network.eval().requires_grad_(False)
