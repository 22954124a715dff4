"""BigGAN and BigGAN-deep (Brock et al. 2019): a class and z set the normalisations of every block.

The one row of ws is z, then the truncation if the model has statistics for several, then the class's vector.
Truncation multiplies z, takes the statistics made for it, and leaves the class alone. The paper multiplies
too, but draws z from a normal distribution without its far ends; here a seed's z is that of all families.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import torch

from latent_studio.core.errors import MissingWeightsError, UnknownFormatError
from latent_studio.core.spec import GeneratorSpec
from latent_studio.generators.batch_norm import STATISTICS
from latent_studio.generators.biggan_layers import (
    Attention,
    Block,
    Conv,
    DeepBlock,
    Part,
    Row,
    Start,
    ToRgb,
    read_attention,
    read_block,
    read_conv,
    read_deep_block,
    read_output_norm,
)
from latent_studio.generators.option_values import positive
from latent_studio.generators.protocol import StyleWeight
from latent_studio.generators.tensor_reader import in_float32
from latent_studio.generators.z_generator import ZGenerator, ZNetwork, ZStage

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from torch import Tensor

    from latent_studio.checkpoints.checkpoint import Checkpoint, OptionValue
    from latent_studio.generators.tensor_reader import TensorReader

_NORM_EPS = 1e-5


def build_biggan(checkpoint: Checkpoint) -> ZGenerator:
    """A generator from a checkpoint's tensors, on the CPU.

    Args:
        checkpoint: of family ``"biggan"``; its tensors' names are listed in ``checkpoints/biggan.py``.

    Raises:
        MissingWeightsError: a tensor is missing, has another shape, is left over, or is not finite.
        UnknownFormatError: an option of the checkpoint is not one we know.
    """
    eps = positive(checkpoint.options, "norm_eps") or _NORM_EPS
    up_every = _up_every(checkpoint.options)
    with torch.inference_mode(False):
        return ZGenerator(in_float32(checkpoint.tensors), partial(_read_network, eps=eps, up_every=up_every))


def _up_every(options: Mapping[str, OptionValue]) -> int:
    value = options.get("up_every", 1)
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise UnknownFormatError(
            f"The checkpoint's option up_every is {value!r}; expected a whole number above zero.",
            hint="The file may be damaged, or hold another kind of network.",
        )
    return value


@dataclass(frozen=True, slots=True)
class Resolution:
    """The layers of one resolution.

    Attributes:
        start: the dense layer; only in the first.
        steps: in the order they run.
    """

    start: Start | None
    steps: tuple[Block | DeepBlock | Attention, ...]

    def __call__(self, below: Tensor | None, w: Tensor) -> Tensor:
        """From the resolution below, or w alone for the first, to ``(N, C, H, W)``."""
        x = below if self.start is None else self.start(w)
        if x is None:
            raise AssertionError("only the first stage stands on nothing")
        for step in self.steps:
            x = step(x, w)
        return x


def _read_network(reader: TensorReader, *, eps: float, up_every: int) -> ZNetwork:
    classes = reader.take("classes.weight", None, None)
    dense = reader.take("dense.weight", None, None)
    shape = reader.shape_of("block0.norm1.gain") or ()
    channels, condition = shape if len(shape) == 2 else (0, 0)
    side = math.isqrt(dense.shape[0] // channels) if channels else 0
    if side == 0 or channels * side * side != dense.shape[0]:
        raise MissingWeightsError(
            f"Tensor 'dense.weight' makes {dense.shape[0]} numbers; they fill no square of {channels}"
            " channels, which 'block0.norm1.gain' has.",
            hint="The file may be damaged, or hold another kind of network.",
        )
    num_blocks = sum(1 for _ in _block_indices(reader))
    steps = reader.shape_of("norm.mean") or (1,)
    row = _row(dense, condition, num_blocks=num_blocks, class_dims=classes.shape[1], has_tables=steps[0] > 1)
    start = Start(dense, reader.take("dense.bias", dense.shape[0]), side, row.start, row)

    resolutions: list[tuple[int, list[Block | DeepBlock | Attention]]] = [(side, [])]
    deep = "block0.conv4.weight" in reader
    for index in range(num_blocks):
        _add_attention(reader, resolutions, index, channels)
        doubles = (index + 1) % up_every == 0
        below = resolutions[-1][0]
        if doubles:
            resolutions.append((2 * below, []))
        read = read_deep_block if deep else read_block
        block = read(
            reader, f"block{index}", channels, row=row, part=row.blocks[index], side=below, doubles=doubles,
            eps=eps, steps=steps[0],
        )  # fmt: skip
        resolutions[-1][1].append(block)
        channels = block.width
    _add_attention(reader, resolutions, num_blocks, channels)
    norm = read_output_norm(reader, "norm", channels, row=row, eps=eps, steps=steps[0])
    to_rgb = ToRgb(norm, read_conv(reader, "to_rgb", channels, kernel=3))
    reader.finish(ignorable=lambda _name: False)
    stages = [
        ZStage(place, Resolution(None if index else start, tuple(layers)))
        for index, (place, layers) in enumerate(resolutions)
    ]
    stages[-1] = ZStage(stages[-1].resolution, stages[-1].forward, picture=to_rgb)
    return ZNetwork(
        spec=GeneratorSpec(
            family="biggan",
            resolution=stages[-1].resolution,
            channels=_colours(to_rgb.conv),
            z_dim=row.z_dim,
            w_dim=row.w_dim,
            num_ws=1,
            c_dim=classes.shape[0],
            has_mapping=False,
            class_dims=row.class_dims,
            stage_resolutions=tuple(stage.resolution for stage in stages),
            num_parameters=reader.count(without=STATISTICS),
            variant="deep" if deep else "",
        ),
        stages=tuple(stages),
        style_weights=tuple(_style_weights(reader, row, stages)),
        w_of=partial(row.w_of, classes),
        w_avg=row.average(classes),
    )


def _block_indices(reader: TensorReader) -> Iterator[int]:
    return itertools.takewhile(
        lambda index: index == 0 or f"block{index}.conv1.weight" in reader, itertools.count()
    )


def _row(dense: Tensor, condition: int, *, num_blocks: int, class_dims: int, has_tables: bool) -> Row:
    """How z is shared out: all of it to every layer, or a part to each."""
    part, width = condition - class_dims, dense.shape[1]
    if part < 0 or (part and width not in (part, condition)):
        raise MissingWeightsError(
            f"Tensor 'block0.norm1.gain' reads {condition} numbers, of which {class_dims} are the class; that"
            f" does not go with 'dense.weight', which reads {width}.",
            hint="The file may be damaged, or hold another kind of network.",
        )
    if width == condition:
        whole = Part(0, part, with_class=True)
        return Row(part, has_tables, class_dims, start=whole, blocks=(whole,) * num_blocks)
    return Row(
        width + num_blocks * part,
        has_tables,
        class_dims,
        start=Part(0, width, with_class=False),
        blocks=tuple(
            Part(width + index * part, width + (index + 1) * part, with_class=True)
            for index in range(num_blocks)
        ),
    )


def _add_attention(
    reader: TensorReader,
    resolutions: list[tuple[int, list[Block | DeepBlock | Attention]]],
    blocks_below: int,
    channels: int,
) -> None:
    name = f"attention{blocks_below}"
    if f"{name}.gamma" in reader:
        resolutions[-1][1].append(read_attention(reader, name, channels))


def _colours(conv: Conv) -> int:
    colours = conv.weight.shape[0]
    if colours not in (1, 3, 4):
        raise MissingWeightsError(
            f"Tensor 'to_rgb.weight' makes {colours} channels; a picture has 1, 3 or 4.",
            hint="The file may be damaged, or hold another kind of network.",
        )
    return colours


def _style_weights(reader: TensorReader, row: Row, stages: Sequence[ZStage]) -> Iterator[StyleWeight]:
    """What reads z: the dense layer and the normalisations.

    The class's columns are left at zero, so that directions change how a thing looks and not what it is.
    """
    dense = reader.take("dense.weight", None, None)
    yield StyleWeight("dense", 0, "conv", stages[0].resolution, row.over_z(dense, row.start))
    names = {name: None for name in reader.names if name.endswith((".gain", ".bias"))}
    for stage in stages:
        layers = stage.forward
        if not isinstance(layers, Resolution):
            raise AssertionError("stages are made of resolutions")
        for step in layers.steps:
            if isinstance(step, Attention):
                continue
            for name in names:
                if name.startswith(f"{step.name}.norm"):
                    weight = reader.take(name, None, None)
                    yield StyleWeight(name, 0, "conv", stage.resolution, row.over_z(weight, step.part))
