"""The attribute predictors the program knows, listed without importing any of them."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Literal, cast

from latent_studio.core.errors import InputError
from latent_studio.core.registry import Registry
from latent_studio.methods.attributes.published import PUBLISHED

if TYPE_CHECKING:
    import torch

    from latent_studio.methods.attributes.protocol import AttributePredictor, PredictorMaker

#: ``any`` pictures; ``faces`` in photographs or pictures like them; ``portraits``, the bundled model alone.
PredictorScope = Literal["any", "faces", "portraits"]


@dataclass(frozen=True, slots=True)
class PredictorEntry:
    """One predictor, before it is made.

    Attributes:
        id: stable and unique, such as ``"tone"``.
        title: what the user sees.
        scope: the pictures it is made for.
        make: the ``PredictorMaker``, or its dotted name, ``package.module:function``.
        summary: what it reads off, in a few words.
        version: tells apart what an earlier version has read; empty for the program's own.
    """

    id: str
    title: str
    scope: PredictorScope
    make: str | PredictorMaker
    summary: str
    version: str = ""

    def load(self, device: torch.device) -> AttributePredictor:
        """Import and build it.

        Raises:
            LatentStudioError: its weights are missing or damaged; the hint says where to get them.
        """
        if not isinstance(self.make, str):
            return self.make(device=device)
        module, _, name = self.make.partition(":")
        maker = cast("PredictorMaker", getattr(import_module(module), name))
        return maker(device=device)


_HERE = "latent_studio.methods.attributes"

BUNDLED: tuple[PredictorEntry, ...] = (
    PredictorEntry(
        "tone",
        "Colour and light",
        "any",
        f"{_HERE}.tone:make_tone_predictor",
        "brightness, contrast, saturation, warmth, tint and detail of the whole picture",
    ),
    PredictorEntry(
        "face-geometry",
        "Face geometry",
        "faces",
        f"{_HERE}.face_geometry:make_face_geometry_predictor",
        "face box, yaw, pitch and roll by marks and mouth width of photographs and pictures like them",
    ),
    PredictorEntry(
        "face-landmarks",
        "Face landmarks",
        "faces",
        f"{_HERE}.face_geometry:make_landmark_predictor",
        "openings of mouth and eyes, yaw, pitch and roll by 68 landmarks",
    ),
    PredictorEntry(
        "fairface",
        "FairFace",
        "faces",
        f"{_HERE}.fairface:make_fairface_predictor",
        "age in years, gender and race as a stranger would guess them; weights to be fetched",
    ),
    PredictorEntry(
        "hopenet",
        "Hopenet",
        "faces",
        f"{_HERE}.hopenet:make_hopenet_predictor",
        "yaw, pitch and roll in degrees; weights to be fetched",
    ),
    PredictorEntry(
        "arcface",
        "ArcFace IR-SE50",
        "faces",
        f"{_HERE}.arcface:make_arcface_predictor",
        "likeness to the start's face, for pictures aligned as FFHQ's; weights to be fetched",
    ),
    PredictorEntry(
        "action-units",
        "Facial action units",
        "faces",
        f"{_HERE}.action_units:make_action_unit_predictor",
        "intensity of twelve action units of DISFA; weights to be fetched",
    ),
    PredictorEntry(
        "celeba",
        "CelebA attributes",
        "faces",
        f"{_HERE}.celeba:make_celeba_predictor",
        "bangs, eyeglasses, beard, smiling and age in grades; weights to be fetched",
    ),
    PredictorEntry(
        "portraits",
        "Drawn portraits",
        "portraits",
        f"{_HERE}.portraits:make_portrait_predictor",
        "yaw, smile, age, glasses, beard, hair and more of the pictures of the bundled model",
    ),
)


def bundled_predictors() -> Registry[PredictorEntry]:
    """A new registry of the predictors the program comes with; plugins add theirs to it."""
    registry: Registry[PredictorEntry] = Registry("attribute predictor")
    for entry in BUNDLED:
        registry.register(entry.id, entry)
    return registry


def find_predictor(id: str, registry: Registry[PredictorEntry] | None = None) -> PredictorEntry:
    """The entry of an id.

    Raises:
        InputError: there is none; the hint lists those there are.
        MissingWeightsError: it is known by name only.
    """
    known = registry or bundled_predictors()
    if id not in known and id in PUBLISHED:
        raise PUBLISHED[id].missing()
    if id not in known:
        raise InputError(
            f"There is no attribute predictor {id!r}.", hint=f"Known ones: {', '.join(sorted(known))}."
        )
    return known.get(id)
