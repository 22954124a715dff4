"""Encoder files: a trained encoder as safetensors, tied to its model by hash; and where they are kept."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from latent_studio.core.errors import CorruptFileError, IncompatibleLatentError, LatentStudioError
from latent_studio.core.files import replacing
from latent_studio.methods.encoder.network import EncoderNet, EncoderShape
from latent_studio.methods.encoder.train import TrainState

if TYPE_CHECKING:
    from pathlib import Path

    from latent_studio.app.paths import Paths

log = logging.getLogger(__name__)

KIND = "latent-studio encoder"
#: What an encoder is called that lies beside its model.
FILE_NAME = "encoder.safetensors"
_MOMENT = "adam."


@dataclass(frozen=True, slots=True)
class EncoderFacts:
    """What is known of an encoder besides its weights.

    Attributes:
        model_name: of the model it was trained on.
        model_sha256: that model's hash.
        steps: trained so far.
        seed: of the training.
        error: on pictures never trained on, in shares of w's variance; -1 when not measured.
    """

    model_name: str
    model_sha256: str
    steps: int = 0
    seed: int = 0
    error: float = -1.0


def write_encoder(path: Path, state: TrainState, facts: EncoderFacts, *, with_moments: bool = False) -> None:
    """Write an encoder, whole or not at all.

    Args:
        path: of the file.
        state: what to write.
        facts: stored in the header.
        with_moments: also what training needs to go on exactly; the weights are rounded to float16 otherwise.

    Raises:
        OSError: the disk refuses.
    """
    tensors: dict[str, torch.Tensor] = {}
    for name, tensor in state.net.state_dict().items():
        is_weight = tensor.ndim > 1 and not with_moments
        tensors[name] = (tensor.half() if is_weight else tensor).detach().cpu().contiguous()
    if with_moments:
        tensors |= {f"{_MOMENT}{name}": one.cpu().contiguous() for name, one in state.moments.items()}
    shape = state.net.shape
    header = {
        "kind": KIND, "side": shape.side, "w_dim": shape.w_dim, "widths": list(shape.widths),
        "model": facts.model_name, "model_sha256": facts.model_sha256,
        "steps": state.step, "seed": facts.seed, "error": facts.error,
    }  # fmt: skip
    with replacing(path) as file:
        file.write(save(tensors, metadata={"latent-studio": json.dumps(header, sort_keys=True)}))


def read_encoder(path: Path) -> tuple[TrainState, EncoderFacts]:
    """Read an encoder; without moments in the file, they are zeros.

    Raises:
        CorruptFileError: it is no encoder, or damaged.
    """
    try:
        with safe_open(path, framework="pt") as file:
            header = json.loads((file.metadata() or {})["latent-studio"])
            if header["kind"] != KIND:
                raise ValueError("another kind of file")
            widths = tuple(int(width) for width in header["widths"])
            shape = EncoderShape(int(header["side"]), int(header["w_dim"]), widths)
            _check_shape(shape)
            net = EncoderNet(shape)
            tensors = {name: file.get_tensor(name) for name in file.keys()}
        weights = {name: one.float() for name, one in tensors.items() if not name.startswith(_MOMENT)}
        net.load_state_dict(weights)
        if not all(bool(one.isfinite().all()) for one in weights.values()):
            raise ValueError("numbers that are not finite")
        moments = {
            f"{name}.{kind}": tensors.get(f"{_MOMENT}{name}.{kind}", torch.zeros_like(parameter))
            for name, parameter in net.named_parameters()
            for kind in "mv"
        }
        facts = EncoderFacts(
            str(header["model"]), str(header["model_sha256"]), int(header["steps"]), int(header["seed"]),
            float(header["error"]),
        )  # fmt: skip
    except FileNotFoundError as error:
        raise CorruptFileError(f"There is no encoder {path.name}.", hint="Check its name.") from error
    except (SafetensorError, OSError, KeyError, TypeError, ValueError, RuntimeError, RecursionError) as error:
        raise CorruptFileError(
            f"{path.name} is no encoder, or it is damaged.", hint="“encoder train” makes one."
        ) from error
    net.eval().requires_grad_(False)
    return TrainState(net, moments, facts.steps), facts


def check_encoder(facts: EncoderFacts, net: EncoderNet, *, model_sha256: str, w_dim: int, name: str) -> None:
    """Refuse an encoder of another model.

    Raises:
        IncompatibleLatentError: it was trained on another one.
    """
    if facts.model_sha256 != model_sha256 or net.shape.w_dim != w_dim:
        raise IncompatibleLatentError(
            f"{name} was trained on {facts.model_name}, another model or another version of it.",
            hint="Train one for this model with “encoder train”.",
        )


def encoder_place(paths: Paths, model_sha256: str) -> Path:
    """Where the user's encoder of a model is kept."""
    return paths.data / "encoders" / f"{model_sha256}.safetensors"


def find_encoder(
    model_path: Path, model_sha256: str, w_dim: int, paths: Paths
) -> tuple[EncoderNet, EncoderFacts] | None:
    """The encoder of a model: the user's own, else the one beside the model; ``None`` if neither fits."""
    for path in (encoder_place(paths, model_sha256), model_path.with_name(FILE_NAME)):
        if not path.is_file():
            continue
        try:
            state, facts = read_encoder(path)
            check_encoder(facts, state.net, model_sha256=model_sha256, w_dim=w_dim, name=path.name)
        except LatentStudioError as error:
            log.info("%s is not used: %s", path, error)
            continue
        return state.net, facts
    return None


def _check_shape(shape: EncoderShape) -> None:
    """Sizes from a file must not decide how much memory is taken."""
    widths: Any = shape.widths
    if not (8 <= shape.side <= 1024 and 1 <= shape.w_dim <= 8192 and 1 <= len(widths) <= 8):
        raise ValueError("impossible sizes")
    if not all(8 <= width <= 2048 and width % 8 == 0 for width in widths) or shape.side >> len(widths) < 1:
        raise ValueError("impossible sizes")
