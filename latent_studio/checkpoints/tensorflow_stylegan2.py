"""StyleGAN2 in the pickles of the TensorFlow era: three networks, of which the last is the average.

Each network keeps a list of variables and, below it, its mapping and synthesis network. Arrays are stored as
TensorFlow likes them: input channels before output channels, kernels of up-convolutions turned round, styles
without the 1 that is added to them.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

import torch

from latent_studio.checkpoints import refusals, stylegan2
from latent_studio.checkpoints.foreign import ForeignObject
from latent_studio.checkpoints.found import Found
from latent_studio.checkpoints.numpy_records import ArrayRecord
from latent_studio.checkpoints.nvidia_attributes import positive, text, whole
from latent_studio.checkpoints.source import ByteRange
from latent_studio.checkpoints.state_dicts import Converted, StateDict
from latent_studio.checkpoints.stylegan2_parts import MOST_LEVELS
from latent_studio.checkpoints.tensors import as_weights, check_finite
from latent_studio.checkpoints.torch_records import StorageRecord, TensorRecord

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

    from latent_studio.checkpoints.checkpoint import OptionValue
    from latent_studio.checkpoints.source import Source

FORMAT = "tensorflow-pickle"

_NETWORKS = ("G", "D", "Gs")
_MOST_VARIABLES = 4096
_DEEPEST = 2
_NAME = re.compile(r"[\w/.-]{1,128}")
_DTYPES = {
    "f2": ("float16", torch.float16),
    "f4": ("float32", torch.float32),
    "f8": ("float64", torch.float64),
}
_USUAL_TAPS = (1, 3, 3, 1)
_MOST_TAPS = 32


def read_tensorflow(tree: object, source: Source) -> Found:
    """Find the averaged generator among the networks of a file. No numbers are read.

    Raises:
        UnknownFormatError: it is no StyleGAN2, or not the three networks that belong together.
        ValueError: a network's description contradicts itself.
    """
    if not isinstance(tree, list | tuple) or len(tree) != len(_NETWORKS):
        raise refusals.unknown(
            source.name,
            "is a network pickle of the TensorFlow era, but does not hold the three networks G, D and Gs",
        )
    network = tree[-1]
    if not isinstance(network, ForeignObject):
        raise ValueError("its last network is none")
    variables = _collect(network)
    signs = {"synthesis/4x4/Const/const", "synthesis/4x4/Conv/mod_weight"}
    if not signs <= variables.keys():
        example = next(iter(variables), "")
        raise refusals.unknown(
            source.name,
            "is a network pickle of the TensorFlow era, but no StyleGAN2;"
            f" one of its variables is {example!r}",
        )
    arrays = {name: _as_tensor(array) for name, array in variables.items() if _in_file(array)}
    inline = {name: _inline(value) for name, value in variables.items() if name not in arrays}
    settings = _attributes(network).get("static_kwargs", {})
    if not isinstance(settings, dict):
        raise ValueError("its settings are out of order")
    options = _options(settings)
    taps = _taps(settings.get("resample_kernel"))

    def convert(tensors: dict[str, Tensor]) -> Converted:
        check_finite(inline, file_name=source.name)
        tensors.update(inline)
        return _Conversion(StateDict(tensors, file_name=source.name), options, taps=taps).run()

    return Found(
        format=FORMAT,
        family=stylegan2.FAMILY,
        tensors=arrays,
        options={},
        notes=("Took Gs, the average; ignored G, D.",),
        averaged=True,
        convert=convert,
    )


def _attributes(network: ForeignObject) -> dict[object, object]:
    if not isinstance(network.state, dict):
        raise ValueError("a network has no state")
    return network.state


def _collect(network: ForeignObject, prefix: str = "", depth: int = 0) -> dict[str, ArrayRecord | float]:
    """Variables of a network and of those below it, by name with slashes."""
    attributes = _attributes(network)
    variables, components = attributes.get("variables", []), attributes.get("components", {})
    if not isinstance(variables, list | tuple) or not isinstance(components, dict):
        raise ValueError("a network's variables are out of order")
    found: dict[str, ArrayRecord | float] = {}
    for pair in variables:
        name, value = pair if isinstance(pair, list | tuple) and len(pair) == 2 else (None, None)
        if not isinstance(name, str) or not _NAME.fullmatch(name) or prefix + name in found:
            raise ValueError("a network's variable has an impossible name")
        if not isinstance(value, ArrayRecord | int | float):
            raise ValueError(f"the variable {name!r} is a {type(value).__name__}")
        found[prefix + name] = value
    for name, component in components.items():
        if not isinstance(name, str) or not _NAME.fullmatch(name) or not isinstance(component, ForeignObject):
            raise ValueError("a network's part is out of order")
        if depth >= _DEEPEST:
            raise ValueError("its networks are nested too deep")
        found |= _collect(component, f"{prefix}{name}/", depth + 1)
    if len(found) > _MOST_VARIABLES:
        raise ValueError(f"it holds more than {_MOST_VARIABLES} variables")
    return found


def _in_file(value: ArrayRecord | float) -> bool:
    return isinstance(value, ArrayRecord) and isinstance(value.data, ByteRange)


def _as_tensor(array: ArrayRecord | float) -> TensorRecord:
    """An array as the record that tensors are read from."""
    if not isinstance(array, ArrayRecord) or not isinstance(array.data, ByteRange):
        raise ValueError("a variable is no array")
    shape = array.shape
    fastest_first = shape if array.fortran else shape[::-1]
    steps = tuple(math.prod(fastest_first[:axis]) for axis in range(len(shape)))
    stride = steps if array.fortran else steps[::-1]
    numel = math.prod(shape)
    dtype = _dtype_of(array)[0]
    itemsize = array.data.length // numel if numel else 1
    storage = StorageRecord(dtype=dtype, itemsize=itemsize, numel=numel, data=array.data)
    return TensorRecord(storage=storage, offset=0, shape=shape, stride=stride)


def _inline(value: ArrayRecord | float) -> Tensor:
    """A single number, or an array so old that its bytes are written as text."""
    if not isinstance(value, ArrayRecord):
        return torch.tensor(float(value))
    if not isinstance(value.data, bytes) or not value.data:
        raise ValueError("a variable has no contents")
    flat = torch.frombuffer(bytearray(value.data), dtype=_dtype_of(value)[1])
    order = value.shape[::-1] if value.fortran else value.shape
    shaped = flat.reshape(order)
    return as_weights(shaped.permute(*reversed(range(len(order)))).contiguous() if value.fortran else shaped)


def _dtype_of(array: ArrayRecord) -> tuple[str, torch.dtype]:
    dtype = array.dtype
    if dtype is None or dtype.order != "<" or dtype.code not in _DTYPES:
        raise ValueError("a variable is stored in an unusual way")
    return _DTYPES[dtype.code]


def _options(settings: Mapping[object, object]) -> dict[str, OptionValue]:
    clamp = settings.get("conv_clamp")
    return {
        "activation": text(settings.get("nonlinearity", "lrelu"), "nonlinearity"),
        "mapping_activation": text(settings.get("mapping_nonlinearity", "lrelu"), "mapping_nonlinearity"),
        "mapping_lr_multiplier": positive(settings.get("mapping_lrmul", 0.01), "mapping_lrmul"),
        "conv_clamp": None if clamp is None else positive(clamp, "conv_clamp"),
        "num_fp16_res": whole(settings.get("num_fp16_res", 0), "num_fp16_res"),
    }


def _taps(value: object) -> Tensor:
    """``(k, k)`` of the resampling filter; sums to 1."""
    given = _USUAL_TAPS if value is None else value
    if not isinstance(given, list | tuple) or not 0 < len(given) <= _MOST_TAPS:
        raise ValueError("its resample_kernel is no row of numbers")
    numbers = [number for number in given if isinstance(number, int | float) and math.isfinite(number)]
    if len(numbers) != len(given) or not sum(numbers):
        raise ValueError("its resample_kernel is no row of numbers")
    taps = torch.tensor(numbers, dtype=torch.float32)
    square = torch.outer(taps, taps)
    return square / square.sum()


class _Conversion:
    """Takes the variables of one generator, coarse to fine."""

    def __init__(self, state: StateDict, options: Mapping[str, OptionValue], *, taps: Tensor) -> None:
        self._state = state
        self._options = options
        self._taps = taps
        self._w_dim = state.shape("synthesis/4x4/Conv/mod_weight", ndim=2)[0]
        self._width = state.shape("synthesis/4x4/Const/const", ndim=4)[1]
        self._noisy = "synthesis/4x4/Conv/noise_strength" in state
        self._noises = 0
        self._made: dict[str, Tensor] = {}

    def run(self) -> Converted:
        state = self._state
        self._mapping()
        const = state.take("synthesis/4x4/Const/const", (1, self._width, 4, 4))
        self._made["synthesis.b4.const"] = const[0]
        sides = [int(match[1]) for name in state.shapes if (match := re.match(r"synthesis/(\d{1,5})x", name))]
        levels = max(sides).bit_length() - 3
        if levels > MOST_LEVELS:
            raise state.refuse(f"has a layer for {max(sides)} px, which would make a picture too large")
        for level in range(levels + 1):
            self._block(4 << level, last=level == levels)
        state.ignore(r"lod|synthesis/lod|synthesis/ToRGB_lod\d+/.*")
        state.finish()
        return Converted(
            self._made,
            {
                **self._options,
                **stylegan2.guess_options(self._made),
                "normalize_together": "mapping/LabelConcat/weight" in state,
            },
        )

    def _mapping(self) -> None:
        state = self._state
        self._made["mapping.w_avg"] = state.take("dlatent_avg", (self._w_dim,))
        if "mapping/LabelEmbed/weight" in state:
            classes, features = state.shape("mapping/LabelEmbed/weight", ndim=2)
            weight = state.take("mapping/LabelEmbed/weight", (classes, features))
            self._made["mapping.embed.weight"] = weight.T.contiguous()
            self._made["mapping.embed.bias"] = state.take("mapping/LabelEmbed/bias", (features,))
        elif "mapping/LabelConcat/weight" in state:
            classes, features = state.shape("mapping/LabelConcat/weight", ndim=2)
            weight = state.take("mapping/LabelConcat/weight", (classes, features))
            # The catalogue divides by the root of the number of classes when it runs.
            self._made["mapping.embed.weight"] = (weight.float() * math.sqrt(classes)).T.contiguous()
            self._made["mapping.embed.bias"] = torch.zeros(features)
        found = [re.fullmatch(r"mapping/Dense(\d{1,3})/weight", name) for name in state.shapes]
        last = max((int(match[1]) for match in found if match), default=0)
        width = state.shape("mapping/Dense0/weight", ndim=2)[0]
        for number in range(last + 1):
            name = f"mapping/Dense{number}"
            out = self._w_dim if number == last else state.shape(f"{name}/bias", ndim=1)[0]
            weight = state.take(f"{name}/weight", (width, out))
            self._made[f"mapping.fc{number}.weight"] = weight.T.contiguous()
            self._made[f"mapping.fc{number}.bias"] = state.take(f"{name}/bias", (out,))
            width = out

    def _block(self, side: int, *, last: bool) -> None:
        name, ours, below = f"synthesis/{side}x{side}", f"synthesis.b{side}", self._width
        if side == 4:
            self._conv(f"{name}/Conv", f"{ours}.conv1", side=side)
        else:
            self._conv(f"{name}/Conv0_up", f"{ours}.conv0", side=side, up=True)
            self._conv(f"{name}/Conv1", f"{ours}.conv1", side=side)
        if f"{name}/Skip/weight" in self._state:
            weight = self._state.take(f"{name}/Skip/weight", (1, 1, below, self._width))
            self._made[f"{ours}.skip.weight"] = _as_kernel(weight)
            self._made[f"{ours}.skip.resample_filter"] = self._taps.clone()
        if f"{name}/ToRGB/weight" in self._state:
            self._picture(f"{name}/ToRGB", ours)
        elif last:
            # Networks that grew while they were trained number their pictures from the finest one.
            self._picture("synthesis/ToRGB_lod0", ours)
        self._made[f"{ours}.resample_filter"] = self._taps.clone()

    def _conv(self, name: str, ours: str, *, side: int, up: bool = False) -> None:
        state, below = self._state, self._width
        out = state.shape(f"{name}/bias", ndim=1)[0]
        kernel = _as_kernel(state.take(f"{name}/weight", (3, 3, below, out)))
        self._made[f"{ours}.weight"] = kernel.flip(2, 3) if up else kernel
        self._made[f"{ours}.bias"] = state.take(f"{name}/bias", (out,))
        self._style(name, ours)
        if self._noisy:
            noise = state.take(f"synthesis/noise{self._noises}", (1, 1, side, side))
            self._noises += 1
            self._made[f"{ours}.noise_strength"] = state.take(f"{name}/noise_strength", ())
            self._made[f"{ours}.noise_const"] = noise[0, 0]
        if up:
            self._made[f"{ours}.resample_filter"] = self._taps.clone()
        self._width = out

    def _picture(self, name: str, ours: str) -> None:
        state = self._state
        colours = state.shape(f"{name}/bias", ndim=1)[0]
        self._made[f"{ours}.torgb.weight"] = _as_kernel(
            state.take(f"{name}/weight", (1, 1, self._width, colours))
        )
        self._made[f"{ours}.torgb.bias"] = state.take(f"{name}/bias", (colours,))
        self._style(name, f"{ours}.torgb")

    def _style(self, name: str, ours: str) -> None:
        state, width = self._state, self._width
        weight = state.take(f"{name}/mod_weight", (self._w_dim, width))
        self._made[f"{ours}.affine.weight"] = weight.T.contiguous()
        self._made[f"{ours}.affine.bias"] = state.take(f"{name}/mod_bias", (width,)).float() + 1.0


def _as_kernel(weight: Tensor) -> Tensor:
    """``(k, k, in, out)`` to ``(out, in, k, k)``."""
    return weight.permute(3, 2, 0, 1).contiguous()
