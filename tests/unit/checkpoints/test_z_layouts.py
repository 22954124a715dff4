"""State dicts of DCGAN, SNGAN and BigGAN, spoilt: each becomes a generator or is refused in words."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from latent_studio.checkpoints.open import open_checkpoint
from latent_studio.core.errors import CheckpointError, MissingWeightsError
from latent_studio.generators.catalog import build_generator

FILES = {
    "sngan": "sngan/mnist32_small/generator.pt",
    "original biggan": "biggan/original32/G_ema.pth",
    "deep biggan": "biggan/deep16/pytorch_model.bin",
}
KINDS = ("dcgan", *FILES)


def dcgan():
    rng = torch.Generator().manual_seed(0)
    state = {}
    for place, shape in ((0, (3, 6, 4, 4)), (3, (6, 4, 4, 4)), (6, (4, 3, 4, 4))):
        state[f"main.{place}.weight"] = torch.randn(shape, generator=rng)
        if place < 6:
            for part in ("weight", "bias", "running_mean", "running_var"):
                state[f"main.{place + 1}.{part}"] = torch.rand(shape[1], generator=rng) + 0.1
    return state


@pytest.fixture(scope="module")
def originals(repo_root):
    folder = repo_root / "tests" / "golden" / "data"
    read = {kind: torch.load(folder / path, weights_only=True) for kind, path in FILES.items()}
    return {"dcgan": dcgan(), **read}


@pytest.fixture(scope="module")
def scratch(tmp_path_factory):
    return tmp_path_factory.mktemp("spoilt") / "model"


def outcome(state, path):
    """A generator's picture, or ``None`` where the file was refused in words."""
    torch.save(state, path)
    try:
        generator = build_generator(open_checkpoint(path))
    except CheckpointError as error:
        assert error.hint
        assert "makes no sense" not in error.title, "a reader tripped instead of noticing"
        return None
    spec = generator.spec
    c = torch.eye(spec.c_dim)[:1] if spec.c_dim else None
    with torch.inference_mode():
        return generator.synthesize(generator.map(torch.zeros(1, spec.z_dim), c))


def spoilt(tensor, change):
    match change:
        case "one number":
            return torch.tensor(0.5)
        case "empty":
            return torch.zeros(0, *tensor.shape[1:])
        case "flat":
            return tensor.reshape(-1)
        case "an axis more":
            return tensor[None]
        case "turned round":
            return tensor.permute(tuple(reversed(range(tensor.ndim)))).contiguous()
        case "longer":
            return torch.cat([tensor, tensor]) if tensor.ndim else torch.zeros(2)
        case "shorter":
            return tensor[:-1] if tensor.ndim else torch.zeros(1)
        case "zero":
            return torch.zeros_like(tensor)
        case "negative":
            return -tensor
        case "huge":
            return torch.full_like(tensor, 3e38)
        case "not a number":
            return torch.full_like(tensor, torch.nan)
        case "whole numbers":
            return torch.zeros(tensor.shape, dtype=torch.int32)
        case "halves":
            return tensor.half()
    raise AssertionError(change)


CHANGES = (
    "one number", "empty", "flat", "an axis more", "turned round", "longer", "shorter", "zero", "negative",
    "huge", "halves", "whole numbers",
)  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_the_unspoilt_state_makes_a_picture(originals, scratch, kind):
    assert torch.isfinite(outcome(originals[kind], scratch)).all()


@pytest.mark.parametrize("kind", KINDS)
@given(
    changes=st.lists(
        st.tuples(st.integers(0, 10_000), st.sampled_from(("left out", "renamed", *CHANGES))),
        min_size=1,
        max_size=3,
    )
)
def test_a_spoilt_state_is_a_generator_or_refused_in_words(originals, scratch, kind, changes):
    state = dict(originals[kind])
    for place, change in changes:
        name = sorted(state)[place % len(state)]
        if change == "left out":
            del state[name]
        elif change == "renamed":
            state[f"{name}2"] = state.pop(name)
        elif state[name].is_floating_point():
            state[name] = spoilt(state[name], change)
    if state:
        outcome(state, scratch)


@pytest.mark.parametrize("kind", KINDS)
def test_a_tensor_that_is_not_finite_is_named(originals, scratch, kind):
    names = [name for name, tensor in originals[kind].items() if tensor.is_floating_point()]
    for name in names[:: max(1, len(names) // 8)]:
        torch.save({**originals[kind], name: spoilt(originals[kind][name], "not a number")}, scratch)
        with pytest.raises(MissingWeightsError) as caught:
            open_checkpoint(scratch)
        assert name in caught.value.title


@pytest.mark.parametrize("kind", ["original biggan", "deep biggan"])
def test_vectors_that_give_no_singular_value_are_refused(originals, scratch, kind):
    vector = "linear.u0" if kind == "original biggan" else "generator.gen_z.weight_u"
    weight = "linear.weight" if kind == "original biggan" else "generator.gen_z.weight_orig"
    for name in (vector, weight):
        state = {**originals[kind], name: torch.zeros_like(originals[kind][name])}
        torch.save(state, scratch)
        with pytest.raises(MissingWeightsError, match="singular value"):
            open_checkpoint(scratch)
