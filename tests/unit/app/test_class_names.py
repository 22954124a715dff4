"""Labels have names where the file or the number of classes gives them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from latent_studio.app.class_names import ClassNames, class_names
from latent_studio.core.spec import GeneratorSpec

SPEC = GeneratorSpec("biggan", 128, 3, 8, 8, 1, c_dim=1000)


def test_a_thousand_classes_are_imagenets_in_the_order_of_its_labels() -> None:
    found = class_names(SPEC)
    assert found is not None
    assert found.is_guessed
    assert found.data_set == "ImageNet"
    assert len(found.names) == 1000
    assert (found.names[0], found.names[207], found.names[999]) == (
        "tench",
        "golden retriever",
        "toilet tissue",
    )


@pytest.mark.parametrize(
    ("changes", "data_set"),
    [
        ({"c_dim": 10, "resolution": 32}, "CIFAR-10"),
        ({"c_dim": 10, "resolution": 32, "channels": 1}, "MNIST"),
    ],
)
def test_ten_classes_are_told_by_size_and_colour(changes: dict[str, int], data_set: str) -> None:
    found = class_names(replace(SPEC, **changes))  # type: ignore[arg-type]
    assert found is not None
    assert (found.data_set, len(found.names)) == (data_set, 10)


@pytest.mark.parametrize("changes", [{"c_dim": 0}, {"c_dim": 7}, {"c_dim": 10, "resolution": 256}])
def test_other_models_have_no_names(changes: dict[str, int]) -> None:
    assert class_names(replace(SPEC, **changes)) is None  # type: ignore[arg-type]


def test_names_in_the_file_are_believed_if_there_are_as_many() -> None:
    spec = replace(SPEC, c_dim=2)
    assert class_names(spec, ("cat", "dog")) == ClassNames(("cat", "dog"))
    assert class_names(spec, ("cat",)) is None
