"""Published face predictors that the program knows of and does not bring: their weights are others' files.

Their terms forbid or do not allow passing them on, so each needs a plugin that reads its file. What is asked
for by name is told apart from what does not exist.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ForeignPredictor:
    """One published predictor.

    Attributes:
        id: as asked for.
        title: its published name.
        reads: what it reads off, in a few words.
        file: name of its weight file.
        source: where its authors publish it.
        terms: under which it is published, as far as is known.
    """

    id: str
    title: str
    reads: str
    file: str
    source: str
    terms: str

    @property
    def sentence(self) -> str:
        """Why it cannot be had here."""
        return f"{self.title} ({self.reads}) is not here: its weights, {self.file}, are others' work."

    @property
    def hint(self) -> str:
        """What to do about it."""
        return (
            f"Its authors publish them at {self.source} ({self.terms}). Reading them takes a plugin that "
            f"registers an attribute predictor {self.id!r}."
        )


FOREIGN: tuple[ForeignPredictor, ...] = (
    ForeignPredictor(
        "fairface",
        "FairFace",
        "age, gender and race",
        "fairface_alldata_4race_20191111.pt",
        "https://github.com/dchen236/FairFace",
        "CC BY 4.0",
    ),
    ForeignPredictor(
        "hopenet",
        "Hopenet",
        "yaw, pitch and roll",
        "hopenet_alpha2.pkl",
        "https://github.com/natanielruiz/deep-head-pose",
        "Apache-2.0 code, trained on 300W-LP",
    ),
    ForeignPredictor(
        "arcface",
        "ArcFace IR-SE50",
        "identity",
        "model_ir_se50.pth",
        "https://github.com/TreB1eN/InsightFace_Pytorch",
        "MIT code, trained on data for research only",
    ),
    ForeignPredictor(
        "action-units",
        "FAN trained on DISFA",
        "intensity of twelve facial action units",
        "disfa_adaptation_f0.pth",
        "https://github.com/ihp-lab",
        "for research only",
    ),
    ForeignPredictor(
        "celeba",
        "Talk-to-Edit attribute predictor",
        "bangs, eyeglasses, beard, smiling and age",
        "eval_predictor.pth.tar",
        "https://github.com/yumingj/Talk-to-Edit",
        "for research only",
    ),
    ForeignPredictor(
        "s3fd",
        "S3FD",
        "face box",
        "s3fd-619a316812.pth",
        "https://github.com/1adrianb/face-alignment",
        "BSD-3-Clause code; face-geometry reads face boxes without it",
    ),
)


def known_foreign(id: str) -> ForeignPredictor | None:
    """The published predictor of an id, if it is one."""
    return next((one for one in FOREIGN if one.id == id), None)
