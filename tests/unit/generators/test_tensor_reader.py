"""Taking tensors by name."""

from __future__ import annotations

import pytest
import torch

from latent_studio.core.errors import MissingWeightsError
from latent_studio.generators.tensor_reader import TensorReader, in_float32


def test_a_tensor_of_the_right_shape_is_taken_and_remembered():
    tensor = torch.zeros(2, 3)
    reader = TensorReader({"a.b": tensor, "rest": tensor})

    assert reader.take("a.b", None, 3) is tensor
    assert reader.taken == {"a.b"}
    assert "rest" in reader
    assert reader.shape_of("a.b") == (2, 3)
    assert reader.shape_of("none") is None


@pytest.mark.parametrize("shape", [(2,), (2, 4), (2, 3, 1), ()])
def test_another_shape_is_refused_with_both_shapes(shape):
    reader = TensorReader({"a": torch.zeros(2, 3)})

    with pytest.raises(MissingWeightsError, match=r"'a' has shape \(2, 3\); expected \("):
        reader.take("a", *shape)


def test_a_missing_tensor_is_named_with_its_shape():
    with pytest.raises(MissingWeightsError, match=r"no tensor 'a', which should have shape \(any, 3\)"):
        TensorReader({}).take("a", None, 3)


def test_left_over_tensors_are_refused_unless_they_may_be():
    reader = TensorReader({"a": torch.zeros(1), "b.spare": torch.zeros(1), "c": torch.zeros(1)})

    with pytest.raises(MissingWeightsError, match="'a' and 1 more"):
        reader.finish(ignorable=lambda name: name.endswith("spare"))
    reader.finish(ignorable=lambda name: True)


def test_numbers_become_contiguous_float32_constants():
    source = torch.arange(6.0).half().view(2, 3).t().requires_grad_()

    (result,) = in_float32({"a": source}).values()

    assert result.dtype == torch.float32
    assert result.is_contiguous()
    assert not result.requires_grad
    assert torch.equal(result, source.float())


def test_integers_are_refused():
    with pytest.raises(MissingWeightsError, match=r"'a' holds torch\.int64"):
        in_float32({"a": torch.zeros(3, dtype=torch.int64)})
