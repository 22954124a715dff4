"""ClassNames: what the labels of a conditional model mean, where that is known."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from latent_studio.checkpoints.bundled import resources_dir

if TYPE_CHECKING:
    from latent_studio.core.spec import GeneratorSpec


@dataclass(frozen=True, slots=True)
class ClassNames:
    """Names by label.

    Attributes:
        names: one per label.
        data_set: whose classes these are; empty when the file itself names them.
    """

    names: tuple[str, ...]
    data_set: str = ""

    @property
    def is_guessed(self) -> bool:
        """Whether the names follow from the number of classes alone."""
        return bool(self.data_set)


def class_names(spec: GeneratorSpec, labels: tuple[str, ...] = ()) -> ClassNames | None:
    """Names of a model's classes.

    A file that names them is believed. Otherwise 1000 classes are taken for ImageNet's, and ten for
    CIFAR-10's or, in grey, for the digits of MNIST; whoever shows them says so.

    Args:
        spec: the model.
        labels: names in the file; another number of them than classes is not believed.
    """
    if spec.c_dim == 0:
        return None
    if len(labels) == spec.c_dim:
        return ClassNames(labels)
    match spec.c_dim, spec.channels, spec.resolution:
        case 1000, 3, _:
            data_set = "ImageNet"
        case 10, 3, 32:
            data_set = "CIFAR-10"
        case 10, 1, 28 | 32:
            data_set = "MNIST"
        case _:
            return None
    names = _known_sets().get(data_set)
    return None if names is None else ClassNames(names, data_set)


@cache
def _known_sets() -> dict[str, tuple[str, ...]]:
    path = resources_dir() / "catalog" / "class_names.json"
    if not path.is_file():
        return {}
    return {one["title"]: tuple(one["names"]) for one in json.loads(path.read_text(encoding="utf-8"))["sets"]}
