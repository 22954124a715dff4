import io
import pickle

import numpy as np
import pytest
import torch

from tests.helpers.network_pickles import Call, Name, Persistent, legacy_stream, pickled


@pytest.mark.parametrize(
    "value", [None, True, 0, -1, 255, 2**40, 1.5, "ü", b"raw", (1, "a"), [[]], {"k": (None,)}, {"b", "a"}]
)
def test_plain_values_are_written_as_pickle_reads_them(value):
    assert pickle.loads(pickled(value)) == value


def test_calls_are_written_as_pickle_reads_them():
    assert pickle.loads(pickled(Call(Name("builtins", "divmod"), (7, 2)))) == (3, 1)


def test_streams_are_written_as_torch_reads_them():
    values = np.arange(6, dtype=np.float32)
    storage = Persistent(("storage", Name("torch", "FloatStorage"), "k", "cpu", 6, None))
    hooks = Call(Name("collections", "OrderedDict"))
    rebuild = Call(Name("torch._utils", "_rebuild_tensor_v2"), (storage, 0, (2, 3), (3, 1), False, hooks))
    found = torch.load(io.BytesIO(legacy_stream({"w": rebuild}, {"k": values})), weights_only=True)
    assert torch.equal(found["w"], torch.from_numpy(values.reshape(2, 3)))
