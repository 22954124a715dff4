"""A StyleGAN2 of ours in the names and arrangements of other programs."""

from __future__ import annotations

import math
import pickle
import re
from dataclasses import replace
from typing import TYPE_CHECKING

import torch

from latent_studio.generators.random_stylegan2 import random_checkpoint
from tests.helpers.network_pickles import Name, New, Raw, pickled

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

    from latent_studio.checkpoints.checkpoint import Checkpoint

NETWORK_CLASS = Name("dnnlib.tflib.network", "Network")

_TO_MMGENERATION = (
    (r"style\.(\d+)\.weight", r"style_mapping.\1.linear.weight_orig"),
    (r"style\.(\d+)\.bias", r"style_mapping.\1.bias"),
    (r"input\.input", "constant_input.input"),
    (r"(.*)\.conv\.weight", r"\1.conv.weight_orig"),
    (r"(.*)\.modulation\.weight", r"\1.style_modulation.linear.weight_orig"),
    (r"(.*)\.modulation\.bias", r"\1.style_modulation.bias"),
    (r"(.*)\.noise\.weight", r"\1.noise_injector.weight"),
    (r"noises\.noise_(\d+)", r"injected_noise_\1"),
)


def small_skip_network(*, resolution: int = 16, seed: int = 0) -> Checkpoint:
    """A random StyleGAN2 that every layout can hold."""
    return random_checkpoint(
        resolution, z_dim=10, w_dim=12, channel_base=128, channel_max=8, mapping_layers=3, seed=seed
    )


def small_multi_size_network(*, resolution: int = 16) -> Checkpoint:
    """A random MS-PIE StyleGAN2: 16 px on the smallest grid."""
    network = small_skip_network(resolution=resolution)
    kept = {
        name: tensor
        for name, tensor in network.tensors.items()
        if name not in ("synthesis.b4.const", "synthesis.b4.resample_filter")
        and not re.fullmatch(r".*conv\d\.resample_filter", name)
    }
    return replace(network, family="mspie", tensors=kept, options={})


def in_rosinality_names(checkpoint: Checkpoint) -> dict[str, Tensor]:
    """The generator's state dict as stylegan2-pytorch writes it; ``latent_avg`` stays out."""
    ours, theirs = checkpoint.tensors, {}
    depth = sum(bool(re.fullmatch(r"mapping\.fc\d+\.weight", name)) for name in ours)
    for index in range(depth):
        for kind in ("weight", "bias"):
            theirs[f"style.{index + 1}.{kind}"] = ours[f"mapping.fc{index}.{kind}"]
    if "synthesis.b4.const" in ours:
        theirs["input.input"] = ours["synthesis.b4.const"][None]
    for name, layer, number in _convs(checkpoint):
        weight = ours[f"{layer}.weight"]
        theirs[f"{name}.conv.weight"] = weight[None] * math.sqrt(weight[0].numel())
        theirs[f"{name}.conv.modulation.weight"] = ours[f"{layer}.affine.weight"]
        theirs[f"{name}.conv.modulation.bias"] = ours[f"{layer}.affine.bias"]
        theirs[f"{name}.noise.weight"] = ours[f"{layer}.noise_strength"].reshape(1)
        theirs[f"{name}.activate.bias"] = ours[f"{layer}.bias"]
        theirs[f"noises.noise_{number}"] = ours[f"{layer}.noise_const"][None, None]
        if layer.endswith("conv0") and f"{layer}.resample_filter" in ours:
            theirs[f"{name}.conv.blur.kernel"] = ours[f"{layer}.resample_filter"] * 4
    for level, side in enumerate(_sides(checkpoint)):
        name = f"to_rgbs.{level - 1}" if level else "to_rgb1"
        layer = f"synthesis.b{side}.torgb"
        theirs[f"{name}.bias"] = ours[f"{layer}.bias"].reshape(1, -1, 1, 1)
        theirs[f"{name}.conv.weight"] = ours[f"{layer}.weight"][None]
        theirs[f"{name}.conv.modulation.weight"] = ours[f"{layer}.affine.weight"]
        theirs[f"{name}.conv.modulation.bias"] = ours[f"{layer}.affine.bias"]
        if level:
            theirs[f"{name}.upsample.kernel"] = ours[f"synthesis.b{side}.resample_filter"] * 4
    return {name: tensor.clone() for name, tensor in theirs.items()}


def in_mmgeneration_names(checkpoint: Checkpoint) -> dict[str, Tensor]:
    """The generator's state dict as mmgeneration writes it, blue before red."""
    theirs = {}
    for name, tensor in in_rosinality_names(checkpoint).items():
        if (
            name.startswith("to_rgb")
            and name.endswith((".bias", ".conv.weight"))
            and "modulation" not in name
        ):
            tensor = tensor.flip(1)
        for pattern, replacement in _TO_MMGENERATION:
            if re.fullmatch(pattern, name):
                name = re.sub(pattern, replacement, name)
                break
        theirs[name] = tensor
    return theirs


def in_genforce_names(checkpoint: Checkpoint) -> dict[str, Tensor]:
    """The generator's state dict as genforce's programs write it."""
    ours, theirs = checkpoint.tensors, {}
    for name, tensor in ours.items():
        if found := re.fullmatch(r"mapping\.fc(\d+)\.(weight|bias)", name):
            theirs[f"mapping.dense{found[1]}.{found[2]}"] = tensor
    theirs["truncation.w_avg"] = ours["mapping.w_avg"]
    theirs["synthesis.early_layer.const"] = ours["synthesis.b4.const"][None]
    for _, layer, number in _convs(checkpoint):
        name, up = f"synthesis.layer{number}", layer.endswith("conv0")
        weight = ours[f"{layer}.weight"] * math.sqrt(ours[f"{layer}.weight"][0].numel())
        theirs[f"{name}.weight"] = weight.flip(2, 3) if up else weight
        theirs[f"{name}.bias"] = ours[f"{layer}.bias"]
        theirs[f"{name}.noise_strength"] = ours[f"{layer}.noise_strength"]
        theirs[f"{name}.noise"] = ours[f"{layer}.noise_const"][None, None]
        theirs[f"{name}.style.weight"] = ours[f"{layer}.affine.weight"]
        theirs[f"{name}.style.bias"] = ours[f"{layer}.affine.bias"] - 1
        if up:
            theirs[f"{name}.filter.kernel"] = ours[f"{layer}.resample_filter"][None, None] * 4
    for level, side in enumerate(_sides(checkpoint)):
        name, layer = f"synthesis.output{level}", f"synthesis.b{side}.torgb"
        theirs[f"{name}.weight"] = ours[f"{layer}.weight"]
        theirs[f"{name}.bias"] = ours[f"{layer}.bias"]
        theirs[f"{name}.style.weight"] = ours[f"{layer}.affine.weight"]
        theirs[f"{name}.style.bias"] = ours[f"{layer}.affine.bias"] - 1
    theirs["synthesis.upsample.kernel"] = ours["synthesis.b8.resample_filter"][None, None] * 4
    return {name: tensor.clone() for name, tensor in theirs.items()}


def in_tensorflow_names(checkpoint: Checkpoint) -> dict[str, Tensor]:
    """The generator's variables as the TensorFlow code arranges them, with their networks' names."""
    ours, theirs = checkpoint.tensors, {"dlatent_avg": checkpoint.tensors["mapping.w_avg"]}
    for name, tensor in ours.items():
        if found := re.fullmatch(r"mapping\.fc(\d+)\.(weight|bias)", name):
            theirs[f"mapping/Dense{found[1]}/{found[2]}"] = tensor.T if found[2] == "weight" else tensor
    theirs["synthesis/4x4/Const/const"] = ours["synthesis.b4.const"][None]
    layers = {layer: number for _, layer, number in _convs(checkpoint)}
    for side in _sides(checkpoint):
        for part in ("conv0", "conv1", "torgb"):
            layer = f"synthesis.b{side}.{part}"
            if f"{layer}.weight" not in ours:
                continue
            called = {"conv0": "Conv0_up", "conv1": "Conv" if side == 4 else "Conv1", "torgb": "ToRGB"}[part]
            name = f"synthesis/{side}x{side}/{called}"
            weight = ours[f"{layer}.weight"]
            theirs[f"{name}/weight"] = (weight.flip(2, 3) if part == "conv0" else weight).permute(2, 3, 1, 0)
            theirs[f"{name}/bias"] = ours[f"{layer}.bias"]
            theirs[f"{name}/mod_weight"] = ours[f"{layer}.affine.weight"].T
            theirs[f"{name}/mod_bias"] = ours[f"{layer}.affine.bias"] - 1
            if layer in layers:
                theirs[f"{name}/noise_strength"] = ours[f"{layer}.noise_strength"]
                theirs[f"synthesis/noise{layers[layer]}"] = ours[f"{layer}.noise_const"][None, None]
    return {name: tensor.clone() for name, tensor in theirs.items()}


def tensorflow_pickle(variables: Mapping[str, Tensor], **settings: object) -> bytes:
    """A file of three networks; the last has these variables."""
    empty = New(NETWORK_CLASS, state={"variables": [], "components": {}})
    parts = {part: _tf_network(variables, f"{part}/") for part in ("mapping", "synthesis")}
    whole = _tf_network(variables, "", components=parts, static_kwargs=settings)
    return pickled((empty, empty, whole))


def _tf_network(variables: Mapping[str, Tensor], prefix: str, **state: object) -> New:
    own = {
        name.removeprefix(prefix): tensor.numpy()
        for name, tensor in variables.items()
        if name.startswith(prefix) and (prefix or "/" not in name)
    }
    # TensorFlow gives single numbers back as such, not as arrays.
    values = {name: array if array.ndim else array[()] for name, array in own.items()}
    pairs = [(name, Raw(pickle.dumps(value, protocol=3)[2:-1])) for name, value in values.items()]
    return New(NETWORK_CLASS, state={"components": {}, **state, "variables": pairs})


def picture_of(checkpoint: Checkpoint) -> Tensor:
    """What the network makes of one w, with the stored noise."""
    from latent_studio.generators.catalog import build_generator

    generator = build_generator(checkpoint)
    z = torch.randn(1, generator.spec.z_dim, generator=torch.Generator().manual_seed(3))
    return generator.synthesize(generator.map(z, truncation_psi=0.7))


def _sides(checkpoint: Checkpoint) -> list[int]:
    found = [re.fullmatch(r"synthesis\.b(\d+)\.conv1\.weight", name) for name in checkpoint.tensors]
    return sorted(int(match[1]) for match in found if match)


def _convs(checkpoint: Checkpoint) -> list[tuple[str, str, int]]:
    """Rosinality's name, ours, and the number of each convolution."""
    layers = [("conv1", "synthesis.b4.conv1")]
    for level, side in enumerate(_sides(checkpoint)[1:]):
        layers += [
            (f"convs.{2 * level}", f"synthesis.b{side}.conv0"),
            (f"convs.{2 * level + 1}", f"synthesis.b{side}.conv1"),
        ]
    return [(name, layer, number) for number, (name, layer) in enumerate(layers)]
