"""SeFa against the numbers of three public programs, and its own rules."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
import pytest
import torch

from latent_studio.core.errors import MissingWeightsError, OptionError, UnsupportedOperationError
from latent_studio.core.spec import GeneratorSpec
from latent_studio.generators.protocol import StyleWeight
from latent_studio.methods.sefa import SefaVariant, factorize, find_sefa_directions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from latent_studio.generators.protocol import Generator

DATA = Path(__file__).parents[2] / "golden" / "data" / "sefa"


@dataclass(frozen=True)
class WeightsOnly:
    """The two things SeFa reads of a generator."""

    spec: GeneratorSpec
    weights: Sequence[StyleWeight]

    def style_weights(self) -> Sequence[StyleWeight]:
        return self.weights


def weights_only(weights: Sequence[StyleWeight], *, num_ws: int, w_dim: int) -> Generator:
    spec = GeneratorSpec("stylegan2", 32, 3, w_dim, w_dim, num_ws)
    return WeightsOnly(spec, weights)  # type: ignore[return-value]


def golden(name: str) -> tuple[Generator, dict[str, np.ndarray]]:
    with np.load(DATA / f"{name}.npz") as file:
        data = {key: file[key] for key in file.files}
    weights = [
        StyleWeight(
            str(data["names"][i]),
            int(data["rows"][i]),
            "conv" if data["kinds"][i] == "conv" else "to_rgb",
            int(data["resolutions"][i]),
            torch.from_numpy(data[f"weight_{i}"]),
        )
        for i in range(len(data["names"]))
    ]
    return weights_only(weights, num_ws=int(data["num_ws"]), w_dim=weights[0].weight.shape[1]), data


def assert_same_directions(found: list, vectors: np.ndarray, values: np.ndarray) -> None:
    got_values = np.array([direction.info.details["eigenvalue"] for direction in found])
    np.testing.assert_allclose(got_values, values, rtol=1e-4, atol=1e-4 * values[0])
    for k, direction in enumerate(found):
        cosine = abs(float(direction.vector @ vectors[k]))
        neighbours = [values[n] for n in (k - 1, k + 1) if 0 <= n < len(values)]
        is_close = any(abs(other - values[k]) < 0.01 * values[k] for other in neighbours)
        assert cosine >= (0.999 if is_close else 0.9999), f"direction {k}: {cosine}"


NETWORKS = ("genforce_stylegan2_32", "genforce_stylegan_32", "nvidia_a_uncond64_skip", "nvidia_c_resnet32")


@pytest.mark.parametrize(
    ("name", "selection"),
    [("genforce_pggan_32", "all"), *itertools.product(NETWORKS, ("all", "0to1", "2to5"))],
)
def test_genforce_variant_agrees_with_the_papers_program(name: str, selection: str) -> None:
    generator, data = golden(name)
    layers = None if selection == "all" else tuple(int(row) for row in data[f"sefa_{selection}_layers"])
    found = find_sefa_directions(generator, model_sha256="m", layers=layers, count=None)
    assert_same_directions(
        found, data[f"sefa_{selection}_vectors_sorted"], data[f"sefa_{selection}_values_sorted"]
    )
    assert all(direction.rows == layers for direction in found)


@pytest.mark.parametrize(
    ("name", "variant"), [("mmgen_stylegan2_32", "mmgen"), ("rosinality_reduced_32", "rosinality")]
)
def test_other_variants_agree_with_their_programs(name: str, variant: SefaVariant) -> None:
    generator, data = golden(name)
    found = find_sefa_directions(generator, model_sha256="m", variant=variant, count=None)
    assert_same_directions(found, data["vectors"], data["values"])


@pytest.mark.parametrize("name", ["mmgen_stylegan2_32", "rosinality_reduced_32"])
def test_the_variants_really_differ(name: str) -> None:
    generator, _ = golden(name)
    first = {
        variant: find_sefa_directions(generator, model_sha256="m", variant=variant, count=1)[0].vector
        for variant in ("genforce", "mmgen", "rosinality")
    }
    for one, other in (("genforce", "mmgen"), ("mmgen", "rosinality"), ("rosinality", "genforce")):
        assert abs(float(first[one] @ first[other])) < 0.99999


def test_directions_carry_their_origin() -> None:
    generator, _ = golden("genforce_stylegan2_32")
    plain = find_sefa_directions(generator, model_sha256="abc", count=3)
    subset = find_sefa_directions(
        generator, model_sha256="abc", layers=(7, 0, 1, 2), variant="mmgen", count=1
    )
    assert [direction.id for direction in plain] == [f"sefa:genforce:all:{k}" for k in range(3)]
    assert [direction.name for direction in plain] == ["e0", "e1", "e2"]
    assert (plain[0].info.source, plain[0].info.model_sha256) == ("sefa", "abc")
    assert plain[0].info.details["variant"] == "genforce"
    assert subset[0].id == "sefa:mmgen:0-2,7:0"
    assert subset[0].rows == (0, 1, 2, 7)


def test_largest_component_is_positive_and_vectors_are_unit() -> None:
    generator, _ = golden("genforce_stylegan2_32")
    for direction in find_sefa_directions(generator, model_sha256="", count=None):
        assert direction.vector[np.abs(direction.vector).argmax()] > 0
        assert np.linalg.norm(direction.vector) == pytest.approx(1, abs=1e-6)


def test_finding_twice_gives_the_same_bytes() -> None:
    generator, _ = golden("nvidia_a_uncond64_skip")
    once, again = (find_sefa_directions(generator, model_sha256="") for _ in range(2))
    assert [direction.digest for direction in once] == [direction.digest for direction in again]


def test_sigma_is_the_spread_of_the_samples_along_the_direction() -> None:
    generator, _ = golden("genforce_stylegan2_32")
    samples = np.random.default_rng(0).normal(size=(500, 32)).astype(np.float32) * 2
    direction = find_sefa_directions(generator, model_sha256="", count=1, ws_samples=samples)[0]
    assert direction.sigma == pytest.approx(np.std(samples @ direction.vector), rel=1e-5)
    assert direction.suggested_range == pytest.approx((-3 * direction.sigma, 3 * direction.sigma))


def test_samples_without_spread_leave_sigma_at_one() -> None:
    generator, _ = golden("genforce_stylegan2_32")
    samples = np.ones((10, 32), np.float32)
    assert find_sefa_directions(generator, model_sha256="", count=1, ws_samples=samples)[0].sigma == 1


@pytest.mark.parametrize("layers", [(8,), (-1,), (0, 99), ()])
def test_layers_outside_the_model_are_refused(layers: tuple[int, ...]) -> None:
    generator, _ = golden("genforce_stylegan2_32")
    with pytest.raises(OptionError, match="0-7 for this model"):
        find_sefa_directions(generator, model_sha256="", layers=layers)


def test_a_row_without_a_convolution_is_refused_where_only_those_count() -> None:
    generator, _ = golden("genforce_stylegan2_32")
    with pytest.raises(OptionError, match="holds no layer"):
        find_sefa_directions(generator, model_sha256="", layers=(7,), variant="mmgen")


@pytest.mark.parametrize("count", [0, -1])
def test_a_count_below_one_is_refused(count: int) -> None:
    generator, _ = golden("genforce_stylegan2_32")
    with pytest.raises(OptionError, match="at least 1"):
        find_sefa_directions(generator, model_sha256="", count=count)


def test_a_model_has_as_many_directions_as_w_has_dimensions() -> None:
    generator, _ = golden("genforce_stylegan2_32")
    assert len(find_sefa_directions(generator, model_sha256="", count=1000)) == 32
    assert len(find_sefa_directions(generator, model_sha256="", count=None)) == 32


def test_a_model_without_style_weights_is_refused() -> None:
    with pytest.raises(UnsupportedOperationError, match="no style weights"):
        find_sefa_directions(weights_only([], num_ws=1, w_dim=8), model_sha256="")


def test_weights_that_are_not_finite_are_refused() -> None:
    with pytest.raises(MissingWeightsError, match="not finite"):
        factorize(torch.tensor([[1.0, float("nan")]]), unit_styles=True)


def test_a_style_that_ignores_w_does_no_harm() -> None:
    values, vectors = factorize(torch.tensor([[0.0, 0.0], [0.0, 3.0]], dtype=torch.float64), unit_styles=True)
    assert values == pytest.approx([1, 0])
    assert np.abs(vectors[0]) == pytest.approx([0, 1])


def test_unit_styles_take_no_heed_of_a_rows_length() -> None:
    styles = torch.from_numpy(np.random.default_rng(1).normal(size=(20, 6)))
    scaled = styles * torch.linspace(0.1, 9, 20, dtype=torch.float64)[:, None]
    np.testing.assert_allclose(factorize(styles, unit_styles=True)[0], factorize(scaled, unit_styles=True)[0])
    assert not np.allclose(factorize(styles, unit_styles=False)[0], factorize(scaled, unit_styles=False)[0])


@pytest.mark.parametrize("kind", ["conv", "to_rgb"])
def test_rosinality_takes_only_the_lowest_to_rgb(kind: Literal["conv", "to_rgb"]) -> None:
    eye = torch.eye(4)
    weights = [
        StyleWeight("conv1", 0, "conv", 4, eye[:1]),
        StyleWeight("low", 1, kind, 4, eye[1:2] * 5),
        StyleWeight("high", 3, "to_rgb", 8, eye[2:3] * 9),
    ]
    found = find_sefa_directions(
        weights_only(weights, num_ws=4, w_dim=4), model_sha256="", variant="rosinality", count=2
    )
    assert [float(d.info.details["eigenvalue"]) for d in found] == [25, 1]
