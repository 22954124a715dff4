import contextlib
import pickle
import struct

import numpy as np
import pytest

from latent_studio.checkpoints.foreign import vocabulary
from latent_studio.checkpoints.numpy_records import ArrayRecord, NumpyNames
from latent_studio.checkpoints.safe_pickle import Machine
from latent_studio.checkpoints.source import ByteRange, Source
from latent_studio.core.errors import CorruptFileError, UnsafeCheckpointError
from tests.helpers.network_pickles import Call, Name, New, Raw, pickled

NUMPY = "numpy.core.multiarray"


@pytest.fixture
def load(tmp_path):
    def run(data):
        path = tmp_path / "numbers.pkl"
        path.write_bytes(data)
        source = opened.enter_context(Source(path))
        names = vocabulary(NumpyNames(source).names)
        return Machine(ByteRange(source, 0, source.size), names=names).load()

    with contextlib.ExitStack() as opened:
        yield run


@pytest.mark.parametrize("protocol", [2, 3, 4])
@pytest.mark.parametrize(
    "number", [np.float64(1.5), np.float32(-0.25), np.float16(2), np.int64(-7), np.uint8(200), np.bool_(True)]
)
def test_a_number_becomes_a_python_number(load, number, protocol):
    found = load(pickle.dumps(number, protocol))
    assert found == number.item()
    assert type(found) is type(number.item())


def test_the_byte_order_counts(load):
    dtype = New(Name("numpy", "dtype"), ("f8", False, True))
    call = Raw(
        b"c"
        + f"{NUMPY}\nscalar\n(".encode()
        + pickled(Call(dtype.cls, dtype.args))[2:-1]
        + pickled((3, ">", None, None, None, -1, -1, 0))[2:-1]
        + b"b"
        + pickled(struct.pack(">d", 2.5))[2:-1]
        + b"tR"
    )
    assert load(pickled(call)) == 2.5


@pytest.mark.parametrize("protocol", [2, 4])
def test_an_array_is_kept_as_shape_and_place(load, protocol):
    values = np.arange(6, dtype=np.float32).reshape(2, 3)
    found = load(pickle.dumps(values, protocol))
    assert isinstance(found, ArrayRecord)
    assert found.shape == (2, 3)
    assert found.dtype.code == "f4"
    raw = found.data if isinstance(found.data, bytes) else found.data.read(at_most=100)
    assert raw == values.tobytes()


def test_arrays_of_objects_are_refused(load):
    with pytest.raises(UnsafeCheckpointError, match="Python objects"):
        load(pickle.dumps(np.array([{}], dtype=object), 2))


def state(shape, data, *, code="f4", fortran=False):
    array = Call(Name(NUMPY, "_reconstruct"), (Name("numpy", "ndarray"), (0,), b"b"))
    dtype = Call(Name("numpy", "dtype"), (code, False, True))
    return Raw(pickled(array)[2:-1] + pickled((1, shape, dtype, fortran, data))[2:-1] + b"b")


def test_an_honest_description_passes(load):
    assert load(pickled(state((2, 2), bytes(16)))).shape == (2, 2)


@pytest.mark.parametrize(
    "lie",
    [
        state((10**6, 10**6), bytes(16)),
        state((-2, -2), bytes(16)),
        state((True, 4), bytes(16)),
        state((1,) * 9, bytes(4)),
        state("22", bytes(16)),
        state((2, 2), [1, 2, 3, 4]),
        state((2, 2), bytes(16), fortran=0),
        state((2, 2), bytes(16), code="V16"),
        state((2, 2), bytes(64), code="c16"),
        state((1,), b"", code="S0"),
        Call(Name(NUMPY, "_reconstruct"), (Name("numpy", "ndarray"), (10**6, 10**6), b"b")),
        Call(Name(NUMPY, "_reconstruct"), (Name("numpy", "dtype"), (0,), b"b")),
        Call(Name(NUMPY, "scalar"), (Call(Name("numpy", "dtype"), ("f8", False, True)), bytes(4))),
        Call(Name(NUMPY, "scalar"), (Call(Name("numpy", "dtype"), ("f8", False, True)), "12345678")),
        Call(Name(NUMPY, "scalar"), (Call(Name("numpy", "dtype"), ("S99", False, True)), bytes(99))),
        Call(Name("_codecs", "encode"), ("abc", "rot13")),
        Call(Name("numpy", "dtype"), (4, False, True)),
    ],
)
def test_a_description_that_does_not_add_up_is_refused(load, lie):
    with pytest.raises(CorruptFileError):
        load(pickled(lie))


def test_bytes_written_as_text_cannot_be_multiplied(load):
    # One text of 1 MB, turned into bytes again and again, would fill the memory from a small file.
    text = pickled("a" * (1 << 20))[2:-1]
    encode = b"c_codecs\nencode\n(h\x00" + pickled("latin1")[2:-1] + b"tR"
    with pytest.raises(CorruptFileError, match="written as text"):
        load(b"\x80\x02" + text + b"q\x00" + encode * 10 + b".")
