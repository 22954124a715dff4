"""A small writer of pickles, for network files made up in tests, honest and hostile alike.

Nothing is imported to write a name, so files can be made that mention any function, real or not.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

_STORAGE_CLASSES = {
    "float32": "FloatStorage",
    "float64": "DoubleStorage",
    "float16": "HalfStorage",
    "int64": "LongStorage",
}


@dataclass(frozen=True)
class Name:
    """A module and a name in it."""

    module: str
    name: str


@dataclass(frozen=True)
class Call:
    """A call of a name."""

    function: Name
    args: tuple[object, ...] = ()


@dataclass(frozen=True)
class New:
    """An instance of a class, with an optional state."""

    cls: Name
    args: tuple[object, ...] = ()
    state: object = None


@dataclass(frozen=True)
class Raw:
    """Pickle instructions as they are; they must leave one value."""

    code: bytes


@dataclass(frozen=True)
class Persistent:
    """A reference to data outside of the pickle."""

    reference: object


@dataclass(frozen=True)
class TensorLie:
    """A tensor whose description may contradict its numbers."""

    values: NDArray[np.generic]
    shape: tuple[int, ...]
    stride: tuple[int, ...]
    offset: int = 0


@dataclass(frozen=True)
class Module:
    """A network or a part of one, as NVIDIA's code saves it."""

    class_name: str
    attributes: Mapping[str, object] = field(default_factory=dict)
    parameters: Mapping[str, object] = field(default_factory=dict)
    buffers: Mapping[str, object] = field(default_factory=dict)
    modules: Mapping[str, object] = field(default_factory=dict)
    scratch: Sequence[str] = ()


def pickled(value: object, *, protocol: int = 3) -> bytes:
    """A whole pickle of ``value``."""
    return b"\x80" + bytes([protocol]) + code(value) + b"."


def code(value: object) -> bytes:
    """The instructions that leave ``value`` on the stack."""
    match value:
        case None:
            return b"N"
        case bool():
            return b"\x88" if value else b"\x89"
        case int():
            raw = value.to_bytes((value.bit_length() + 8) // 8, "little", signed=True)
            return b"\x8a" + bytes([len(raw)]) + raw
        case float():
            return b"G" + struct.pack(">d", value)
        case str():
            raw = value.encode()
            return b"X" + struct.pack("<I", len(raw)) + raw
        case bytes():
            return b"B" + struct.pack("<I", len(value)) + value
        case tuple():
            return b"(" + b"".join(map(code, value)) + b"t"
        case list():
            return b"](" + b"".join(map(code, value)) + b"e"
        case set():
            return code(Call(Name("builtins", "set"), (sorted(value),)))
        case dict():
            return b"}(" + b"".join(code(key) + code(item) for key, item in value.items()) + b"u"
        case Name():
            return f"c{value.module}\n{value.name}\n".encode()
        case Call():
            return code(value.function) + code(value.args) + b"R"
        case New():
            return code(value.cls) + code(value.args) + b"\x81" + _state(value.state)
        case Raw():
            return value.code
        case Persistent():
            return code(value.reference) + b"Q"
        case np.ndarray():
            steps = tuple(step // value.itemsize for step in value.strides)
            stored = np.lib.stride_tricks.as_strided(value, (value.size,), (value.itemsize,))
            return code(TensorLie(stored, value.shape, steps))
        case TensorLie():
            return code(_tensor(value))
        case Module():
            return code(_module(value))
        case _:
            raise TypeError(f"a {type(value).__name__} cannot be written")


def _state(state: object) -> bytes:
    return b"" if state is None else code(state) + b"b"


def _tensor(lie: TensorLie) -> Call:
    storage = Call(Name("torch.storage", "_load_from_bytes"), (storage_stream(lie.values),))
    hooks = Call(Name("collections", "OrderedDict"))
    tensor = Call(
        Name("torch._utils", "_rebuild_tensor_v2"), (storage, lie.offset, lie.shape, lie.stride, False, hooks)
    )
    return Call(Name("torch._utils", "_rebuild_parameter"), (tensor, False, hooks))


def _module(module: Module) -> Call:
    state = {
        "training": False,
        "_parameters": dict(module.parameters),
        "_buffers": dict(module.buffers),
        "_non_persistent_buffers_set": set(module.scratch),
        "_backward_hooks": Call(Name("collections", "OrderedDict")),
        "_modules": dict(module.modules),
        **module.attributes,
    }
    meta = {"type": "class", "version": 6, "module_src": "", "class_name": module.class_name, "state": state}
    return Call(Name("torch_utils.persistence", "_reconstruct_persistent_obj"), (meta,))


def storage_stream(values: NDArray[np.generic], *, value: object = None) -> bytes:
    """Torch's old stream around one storage; ``value`` replaces the object in it."""
    reference = ("storage", Name("torch", _STORAGE_CLASSES[str(values.dtype)]), "1", "cpu", values.size, None)
    return legacy_stream(Persistent(reference) if value is None else value, {"1": values})


def legacy_stream(value: object, storages: Mapping[str, NDArray[np.generic]]) -> bytes:
    """Torch's old stream."""
    return b"".join(
        [
            pickled(0x1950A86A20F9469CFC6C, protocol=2),
            pickled(1001, protocol=2),
            pickled({"protocol_version": 1001, "little_endian": True, "type_sizes": {}}, protocol=2),
            pickled(value, protocol=2),
            pickled(list(storages), protocol=2),
            *(struct.pack("<Q", values.size) + values.tobytes() for values in storages.values()),
        ]
    )


def small_stylegan2(
    *,
    resolution: int = 8,
    channels: int = 4,
    w_dim: int = 6,
    z_dim: int = 5,
    mapping_layers: int = 2,
    seed: int = 0,
    conv_clamp: int | None = None,
    channels_last: bool = False,
) -> Module:
    """A StyleGAN2 generator of random weights, skip architecture, every layer ``channels`` wide."""
    rng = np.random.default_rng(seed)

    def normal(*shape: int) -> NDArray[np.float32]:
        values = rng.standard_normal(shape, dtype=np.float32)
        if channels_last and len(shape) == 4:
            return np.ascontiguousarray(values.transpose(0, 2, 3, 1)).transpose(0, 3, 1, 2)
        return np.array(values)

    taps = np.array([1, 3, 3, 1], np.float32)
    taps = np.outer(taps, taps) / 64

    def dense(inputs: int, outputs: int, *, gain: float = 1, activation: str = "linear") -> Module:
        return Module(
            "FullyConnectedLayer",
            attributes={"activation": activation, "bias_gain": gain},
            parameters={"weight": normal(outputs, inputs), "bias": normal(outputs)},
        )

    def conv(side: int) -> Module:
        return Module(
            "SynthesisLayer",
            attributes={
                "activation": "lrelu",
                "conv_clamp": conv_clamp,
                "use_noise": True,
                "act_gain": 2**0.5,
            },
            parameters={
                "weight": normal(channels, channels, 3, 3),
                "noise_strength": normal(),
                "bias": normal(channels),
            },
            buffers={"resample_filter": taps, "noise_const": normal(side, side)},
            modules={"affine": dense(w_dim, channels)},
        )

    def block(side: int) -> Module:
        to_rgb = Module(
            "ToRGBLayer",
            attributes={"conv_clamp": conv_clamp},
            parameters={"weight": normal(3, channels, 1, 1), "bias": normal(3)},
            modules={"affine": dense(w_dim, channels)},
        )
        first = {} if side == 4 else {"conv0": conv(side)}
        return Module(
            "SynthesisBlock",
            attributes={"architecture": "skip", "use_fp16": False},
            parameters={"const": normal(channels, 4, 4)} if side == 4 else {},
            buffers={"resample_filter": taps},
            modules={**first, "conv1": conv(side), "torgb": to_rgb},
        )

    sides = [2**power for power in range(2, resolution.bit_length())]
    layers = {
        f"fc{idx}": dense(z_dim if idx == 0 else w_dim, w_dim, gain=0.01, activation="lrelu")
        for idx in range(mapping_layers)
    }
    return Module(
        "Generator",
        attributes={"z_dim": z_dim, "c_dim": 0, "w_dim": w_dim, "img_resolution": resolution},
        modules={
            "synthesis": Module("SynthesisNetwork", modules={f"b{side}": block(side) for side in sides}),
            "mapping": Module("MappingNetwork", buffers={"w_avg": normal(w_dim)}, modules=layers),
        },
    )


def network_file(g_ema: object, **others: object) -> bytes:
    """A whole network pickle, with the keys that official files have."""
    return pickled(
        {"training_set_kwargs": {}, "G": None, "D": None, "G_ema": g_ema, "augment_pipe": None, **others}
    )
