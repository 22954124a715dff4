import dataclasses

import numpy as np
import pytest

from latent_studio.checkpoints.nvidia import read_nvidia
from latent_studio.checkpoints.source import Source
from latent_studio.checkpoints.tensors import read_tensors
from latent_studio.core.errors import (
    CorruptFileError,
    MissingWeightsError,
    UnknownFormatError,
    UnsafeCheckpointError,
)
from tests.helpers.network_pickles import (
    Call,
    Module,
    Name,
    New,
    Raw,
    TensorLie,
    code,
    network_file,
    pickled,
    small_stylegan2,
)


@pytest.fixture
def find(tmp_path):
    def run(data):
        path = tmp_path / "network.pkl"
        path.write_bytes(data)
        with Source(path) as source:
            found = read_nvidia(source)
            return found, read_tensors(found.tensors, source, report=lambda done: None)

    return run


def replaced(module, **changes):
    return dataclasses.replace(module, **changes)


def changed(module, path, **attributes):
    """The same network with other attributes in one of its modules."""
    if not path:
        return replaced(module, attributes={**module.attributes, **attributes})
    name, _, rest = path.partition(".")
    child = changed(module.modules[name], rest, **attributes)
    return replaced(module, modules={**module.modules, name: child})


def test_every_parameter_and_buffer_is_found_under_its_official_name(find):
    network = small_stylegan2()
    found, tensors = find(network_file(network))
    assert found.family == "stylegan2"
    assert found.format == "nvidia-pickle"
    assert set(tensors) == {
        "mapping.w_avg",
        *(f"mapping.fc{idx}.{part}" for idx in (0, 1) for part in ("weight", "bias")),
        "synthesis.b4.const",
        *(f"synthesis.b{side}.resample_filter" for side in (4, 8)),
        *(
            f"synthesis.{layer}.{part}"
            for layer in ("b4.conv1", "b8.conv0", "b8.conv1")
            for part in (
                "weight",
                "bias",
                "noise_strength",
                "noise_const",
                "resample_filter",
                "affine.weight",
                "affine.bias",
            )
        ),
        *(
            f"synthesis.b{side}.torgb.{part}"
            for side in (4, 8)
            for part in ("weight", "bias", "affine.weight", "affine.bias")
        ),
    }
    conv = network.modules["synthesis"].modules["b8"].modules["conv0"]
    assert np.array_equal(tensors["synthesis.b8.conv0.weight"].numpy(), conv.parameters["weight"])
    assert tensors["synthesis.b8.conv0.noise_strength"].shape == ()


def test_weights_stored_channels_last_come_out_in_the_usual_order(find):
    network = small_stylegan2(channels_last=True)
    _found, tensors = find(network_file(network))
    weight = network.modules["synthesis"].modules["b8"].modules["conv0"].parameters["weight"]
    assert not weight.flags.c_contiguous
    assert tensors["synthesis.b8.conv0.weight"].is_contiguous()
    assert np.array_equal(tensors["synthesis.b8.conv0.weight"].numpy(), weight)


def test_scratch_buffers_do_not_count_as_weights(find):
    network = small_stylegan2()
    mapping = network.modules["mapping"]
    mapping = replaced(
        mapping, buffers={**mapping.buffers, "grid": np.zeros(3, np.float32)}, scratch=["grid"]
    )
    _found, tensors = find(network_file(replaced(network, modules={**network.modules, "mapping": mapping})))
    assert "mapping.grid" not in tensors
    assert "mapping.w_avg" in tensors


def test_the_averaged_generator_is_preferred_and_the_choice_is_noted(find):
    average, last = small_stylegan2(seed=1), small_stylegan2(seed=2)
    found, tensors = find(network_file(average, G=last, D=small_stylegan2(seed=3)))
    assert np.array_equal(
        tensors["mapping.fc0.weight"].numpy(), average.modules["mapping"].modules["fc0"].parameters["weight"]
    )
    assert found.notes == ("Took G_ema; ignored training_set_kwargs, G, D, augment_pipe.",)


def test_without_an_average_the_last_generator_is_taken_and_that_is_noted(find):
    found, tensors = find(network_file(None, G=small_stylegan2(seed=2)))
    assert tensors
    assert "no averaged G_ema" in found.notes[0]


def test_a_file_that_is_just_one_network_opens(find):
    found, _tensors = find(pickled(small_stylegan2()))
    assert found.notes == ("The file is a single network.",)


def test_options_that_shapes_cannot_tell_are_read_from_the_modules(find):
    network = small_stylegan2(conv_clamp=256)
    for path in ("synthesis.b4.conv1", "synthesis.b8.conv0", "synthesis.b8.conv1"):
        network = changed(network, path, activation="relu", use_noise=False)
    for path in ("mapping.fc0", "mapping.fc1"):
        network = changed(network, path, activation="sigmoid", bias_gain=0.1)
    network = changed(network, "synthesis.b8", use_fp16=True)
    for path in ("synthesis.b4", "synthesis.b8"):
        network = changed(network, path, architecture="orig")
    found, _tensors = find(network_file(network))
    assert dict(found.options) == {
        "architecture": "orig",
        "activation": "relu",
        "mapping_activation": "sigmoid",
        "mapping_lr_multiplier": 0.1,
        "conv_clamp": 256.0,
        "use_noise": False,
        "num_fp16_res": 1,
    }
    assert type(found.options["conv_clamp"]) is float


@pytest.mark.parametrize(
    ("path", "attributes", "named"),
    [
        ("synthesis.b8.conv1", {"activation": "relu"}, "activation"),
        ("synthesis.b8.torgb", {"conv_clamp": 3}, "conv_clamp"),
        ("mapping.fc1", {"bias_gain": 1}, "bias_gain"),
        ("synthesis.b8", {"architecture": "resnet"}, "architecture"),
        ("synthesis.b8.conv1", {"use_noise": 1.5}, "use_noise"),
        ("synthesis.b8.conv1", {"activation": ["lrelu"]}, "activation"),
    ],
)
def test_layers_that_contradict_each_other_are_refused(find, path, attributes, named):
    with pytest.raises(CorruptFileError, match=named):
        find(network_file(changed(small_stylegan2(), path, **attributes)))


@pytest.mark.parametrize("clamp", [0, -1.0, float("nan"), float("inf"), True, "big"])
def test_an_impossible_clamp_is_refused(find, clamp):
    network = small_stylegan2()
    for path in ("synthesis.b4.conv1", "synthesis.b8.conv0", "synthesis.b8.conv1"):
        network = changed(network, path, conv_clamp=clamp)
    for path in ("synthesis.b4.torgb", "synthesis.b8.torgb"):
        network = changed(network, path, conv_clamp=clamp)
    with pytest.raises(CorruptFileError, match="conv_clamp"):
        find(network_file(network))


def test_a_network_without_weights_says_so(find):
    with pytest.raises(MissingWeightsError, match="Generator"):
        find(network_file(Module("Generator")))


def test_other_families_are_refused_by_name(find):
    other = Module("DhariwalUNet", parameters={"weight": np.zeros(3, np.float32)})
    with pytest.raises(UnknownFormatError, match="DhariwalUNet"):
        find(network_file(other))


def test_tensorflow_networks_are_recognised_and_their_source_text_is_never_run(find):
    network = New(Name("dnnlib.tflib.network", "Network"), (), {"build_module_src": "raise SystemExit"})
    with pytest.raises(UnknownFormatError, match="TensorFlow"):
        find(pickled((network, network, network)))


@pytest.mark.parametrize(
    ("value", "named"),
    [
        (42, "int"),
        ([1, 2], "list of 2"),
        ({}, "nothing"),
        ({"weights": 1}, "weights"),
        ({"G_ema": 1, "G": [small_stylegan2()]}, "G_ema"),
        (None, "NoneType"),
    ],
)
def test_a_pickle_of_something_else_says_what_it_holds(find, value, named):
    with pytest.raises(UnknownFormatError, match=named):
        find(pickled(value))


def test_a_network_that_contains_itself_is_refused(find):
    # The state dict is stored in the memo, and put into the modules of the network that is made of it.
    rebuild = Name("torch_utils.persistence", "_reconstruct_persistent_obj")
    state = b"}q\x01"
    meta = (
        b"}(" + code("type") + code("class") + code("class_name") + code("Generator") + code("state") + state
    )
    network = code(rebuild) + b"(" + meta + b"utRq\x02"
    knot = b"0h\x01" + code("_modules") + b"}" + code("again") + b"h\x02ss0h\x02"
    with pytest.raises(CorruptFileError, match="contains itself"):
        find(network_file(Raw(network + knot)))


def test_modules_that_unfold_without_end_are_refused(find):
    # 25 doublings: each module holds the one before twice, by reference.
    program = code(small_stylegan2()) + b"q\x64"
    for level in range(25):
        below = Raw(bytes([ord("h"), 0x64 + level]))
        program += (
            b"0" + code(Module("Pair", modules={"a": below, "b": below})) + bytes([ord("q"), 0x65 + level])
        )
    with pytest.raises(CorruptFileError, match="too many modules"):
        find(network_file(Raw(program)))


@pytest.mark.parametrize(
    "network",
    [
        Module("Generator", modules={"synthesis": {"not": "a module"}}),
        Module("Generator", modules={"a.b": Module("X")}),
        Module("Generator", modules={7: Module("X")}),
        Module("Generator", parameters={"w": 3.5}),
        Module("Generator", parameters={"w\n": np.zeros(1, np.float32)}),
        Module("G", parameters={"w": np.zeros(1, np.float32)}, buffers={"w": np.zeros(1, np.float32)}),
        Module("Generator", attributes={"_modules": [1]}),
        Call(Name("torch_utils.persistence", "_reconstruct_persistent_obj"), ({"type": "class"},)),
        Call(Name("torch_utils.persistence", "_reconstruct_persistent_obj"), (7,)),
        Call(Name("torch_utils.persistence", "_reconstruct_persistent_obj")),
        Module("G", parameters={"w": TensorLie(np.zeros(1, np.float32), (1 << 20, 1 << 20), (0, 0))}),
        Module("G", parameters={"w": TensorLie(np.zeros(4, np.float32), (5,), (1,))}),
    ],
)
def test_a_garbled_network_is_called_damaged(find, network):
    with pytest.raises(CorruptFileError):
        find(network_file(network))


def test_code_in_a_nested_storage_is_refused_even_in_a_network_nobody_wants(find):
    evil = Call(Name("torch.storage", "_load_from_bytes"), (pickled(Name("os", "system")),))
    with pytest.raises(UnsafeCheckpointError, match=r"os\.system"):
        find(network_file(small_stylegan2(), D=Module("D", parameters={"w": evil})))


def test_the_source_text_in_the_file_is_dropped_unread(find, tmp_path):
    marker = tmp_path / "PWNED_MARKER"
    meta = {
        "type": "class",
        "version": 6,
        "module_src": f"open({str(marker)!r}, 'w').close()",
        "class_name": "Generator",
        "state": {},
    }
    network = Call(Name("torch_utils.persistence", "_reconstruct_persistent_obj"), (meta,))
    with pytest.raises(MissingWeightsError):
        find(network_file(network))
    assert not marker.exists()
