"""Functions that attackers like, written into files in every way a pickle has. None is ever looked up."""

import struct
import zipfile

import numpy as np
import pytest

from latent_studio.checkpoints.open import open_checkpoint
from latent_studio.core.errors import UnsafeCheckpointError
from tests.helpers.network_pickles import (
    Call,
    Module,
    Name,
    Raw,
    code,
    legacy_stream,
    network_file,
    pickled,
    storage_stream,
)

GADGETS = """
    os.system os.popen os.remove os.execv posix.system nt.system subprocess.Popen subprocess.call pty.spawn
    builtins.eval builtins.exec builtins.compile builtins.getattr builtins.__import__ builtins.open
    builtins.bytearray builtins.map builtins.print __builtin__.eval __builtin__.file
    importlib.import_module importlib._bootstrap._exec pkgutil.resolve_name runpy.run_path runpy._run_code
    operator.attrgetter operator.methodcaller functools.partial functools.reduce itertools.starmap
    types.FunctionType types.CodeType marshal.loads pickle.loads _pickle.loads cloudpickle.loads dill.loads
    codecs.decode webbrowser.open ctypes.CDLL code.InteractiveInterpreter timeit.timeit cProfile.run pdb.run
    shutil.rmtree socket.create_connection urllib.request.urlopen logging.config.fileConfig
    collections.Counter collections.defaultdict copyreg._reconstructor pathlib.Path tempfile.mkstemp
    torch.load torch.hub.load torch.jit.load torch.serialization.load torch._utils._rebuild_tensor_v3
    torch._utils._rebuild_device_tensor_from_numpy torch.storage.UntypedStorage torch.nn.Module
    torch.nn.modules.linear.Linear torch.cuda.init torch._C._nn.gelu torch.classes.load_library
    numpy.load numpy.fromfile numpy.core.multiarray.fromstring numpy.testing._private.utils.runstring
    numpy.f2py.compile numpy.random._pickle.__randomstate_ctor
    dnnlib.util.open_url dnnlib.util.call_func_by_name torch_utils.persistence.persistent_class
    latent_studio.checkpoints.open.open_checkpoint
""".split()


def names():
    for gadget in GADGETS:
        module, _, name = gadget.rpartition(".")
        yield gadget, module, name


def short(text):
    raw = text.encode()
    return b"\x8c" + bytes([len(raw)]) + raw


def by_global(module, name):
    return b"\x80\x02" + code(Call(Name(module, name), ("echo",))) + b"."


def by_global_as_text(module, name):
    return f"c{module}\n{name}\n(S'echo'\ntR.".encode()


def by_stack_global(module, name):
    return b"\x80\x04" + short(module) + short(name) + b"\x93" + code(("echo",)) + b"R."


def by_memo(module, name):
    return b"\x80\x04" + short(name) + b"\x940" + short(module) + b"h\x00\x93" + code(("echo",)) + b"R."


def by_instance(module, name):
    return f"(S'echo'\ni{module}\n{name}\n.".encode()


def by_object(module, name):
    return b"\x80\x02(" + code(Name(module, name)) + code("echo") + b"o."


def by_new(module, name):
    return b"\x80\x02" + code(Name(module, name)) + code(("echo",)) + b"\x81."


def by_new_with_keywords(module, name):
    return b"\x80\x04" + short(module) + short(name) + b"\x93)" + code({"shell": True}) + b"\x92."


def by_frame(module, name):
    body = by_stack_global(module, name)[2:]
    return b"\x80\x05\x95" + struct.pack("<Q", len(body)) + body


def without_stop(module, name):
    return by_global(module, name)[:-1]


def dropped_at_once(module, name):
    return b"\x80\x02" + code(Call(Name(module, name), ("echo",))) + b"0K\x01."


def as_a_key(module, name):
    return pickled({"G_ema": {"x": Raw(b"}" + code(Name(module, name)) + b"K\x01s")}})


def in_a_network(module, name):
    return network_file(Module("Generator", attributes={"hook": Call(Name(module, name), ("echo",))}))


def as_the_class_of_a_network(module, name):
    return pickled({"G_ema": Call(Name(module, name), ({"module_src": "", "state": {}},))})


def in_a_nested_storage(module, name):
    stream = storage_stream(np.zeros(1, np.float32), value=Call(Name(module, name), ("echo",)))
    return network_file(Call(Name("torch.storage", "_load_from_bytes"), (stream,)))


def as_a_storage_class(module, name):
    return network_file(
        Call(
            Name("torch.storage", "_load_from_bytes"),
            (storage_stream(np.zeros(1, np.float32), value=Raw(code(Name(module, name)) + b"Q")),),
        )
    )


def in_a_torch_stream(module, name):
    return legacy_stream({"g_ema": Call(Name(module, name), ("echo",))}, {})


WAYS = [
    by_global,
    by_global_as_text,
    by_stack_global,
    by_memo,
    by_instance,
    by_object,
    by_new,
    by_new_with_keywords,
    by_frame,
    without_stop,
    dropped_at_once,
    as_a_key,
    in_a_network,
    as_the_class_of_a_network,
    in_a_nested_storage,
    as_a_storage_class,
    in_a_torch_stream,
]


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_no_gadget_gets_in_this_way(tmp_path, monkeypatch, way):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "model.pkl"
    for gadget, module, name in names():
        path.write_bytes(way(module, name))
        with pytest.raises(UnsafeCheckpointError) as caught:
            open_checkpoint(path)
        assert gadget in caught.value.title
    assert [found.name for found in tmp_path.iterdir()] == ["model.pkl"]


def test_no_gadget_gets_in_through_a_torch_zip(tmp_path):
    path = tmp_path / "model.pt"
    for gadget, module, name in names():
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("archive/data.pkl", by_global(module, name))
        with pytest.raises(UnsafeCheckpointError) as caught:
            open_checkpoint(path)
        assert gadget in caught.value.title


def test_there_are_enough_of_them():
    assert len(GADGETS) * (len(WAYS) + 1) >= 1000
