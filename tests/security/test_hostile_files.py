"""Every hostile file is refused in words, runs nothing and costs next to nothing."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from latent_studio.checkpoints.open import open_checkpoint
from latent_studio.core.errors import (
    CheckpointError,
    CorruptFileError,
    MissingWeightsError,
    UnknownFormatError,
    UnsafeCheckpointError,
)
from tests.helpers.network_pickles import network_file, small_stylegan2

ROOT = Path(__file__).resolve().parents[2]
CORPUS = ROOT / "tests" / "golden" / "data" / "malicious"

#: File to the error and what its sentence must say.
EXPECTED = {
    "01_os_system_reduce.pkl": (UnsafeCheckpointError, "os.system"),
    "02_builtins_eval.pkl": (UnsafeCheckpointError, "builtins.eval"),
    "03_builtins_exec_proto0.pkl": (UnsafeCheckpointError, "__builtin__.exec"),
    "04_subprocess_popen_newobj.pkl": (UnsafeCheckpointError, "subprocess.Popen"),
    "05_runpy_run_code.pkl": (UnsafeCheckpointError, "runpy._run_code"),
    "06_importlib_import_module.pkl": (UnsafeCheckpointError, "builtins.getattr"),
    "07_getattr_chain.pkl": (UnsafeCheckpointError, "builtins.getattr"),
    "08_stack_global_dotted_torch.pkl": (UnsafeCheckpointError, "torch.serialization.os.system"),
    "09_stack_global_memo_indirection.pkl": (UnsafeCheckpointError, "os.system"),
    "10_torch_zip_os_system.pt": (UnsafeCheckpointError, "os.system"),
    "11_torch_zip_nested_in_state_dict.pth": (UnsafeCheckpointError, "builtins.exec"),
    "12_torch_legacy_stream_exec.pt": (UnsafeCheckpointError, "builtins.exec"),
    "13_nvidia_module_src_runs_code.pkl": (MissingWeightsError, "without any weights"),
    "14_nvidia_nested_state_exec.pkl": (UnsafeCheckpointError, "builtins.exec"),
    "15_load_from_bytes_nested.pkl": (UnsafeCheckpointError, "builtins.exec"),
    "16_tf_network_build_module_src.pkl": (UnknownFormatError, "TensorFlow"),
    "17_object_array.npy": (UnsafeCheckpointError, "Python objects"),
    "18_object_array_in.npz": (UnsafeCheckpointError, "Python objects"),
    "19_numpy_runstring.pkl": (UnsafeCheckpointError, "numpy.testing._private.utils.runstring"),
    "20_inst_opcode.pkl": (UnsafeCheckpointError, "os.system"),
    "21_obj_opcode.pkl": (UnsafeCheckpointError, "os.system"),
    "22_newobj_ex_popen.pkl": (UnsafeCheckpointError, "subprocess.Popen"),
    "23_pathlib_touch_methodcaller.pkl": (UnsafeCheckpointError, "operator.methodcaller"),
    "24_torch_load_recursive.pkl": (UnsafeCheckpointError, "torch.load"),
    "30_huge_claimed_tensor.pt": (CorruptFileError, "claims 4000000000000 bytes"),
    "31_stride0_expand_bomb.pt": (CorruptFileError, "repeats the same stored numbers"),
    "32_out_of_range_offset.pt": (CorruptFileError, "does not fit"),
    "33_negative_stride_size.pt": (CorruptFileError, "impossible size"),
    "34_bytearray_bomb.pkl": (UnsafeCheckpointError, "builtins.bytearray"),
    "35_numpy_zeros_bomb.pkl": (CorruptFileError, "without contents"),
    "36_memo_billion_laughs.pkl": (UnknownFormatError, "list of 2"),
    "37_deep_nesting_200k.pkl": (UnknownFormatError, "tuple of 1"),
    "38_self_recursive.pkl": (UnknownFormatError, "list of 1"),
    "39_binunicode8_length_lie.pkl": (CorruptFileError, "cut short"),
    "40_frame_length_lie.pkl": (CorruptFileError, "cut short"),
    "41_npy_header_huge_shape.npy": (UnknownFormatError, "NumPy array"),
    "42_truncated_nvidia.pkl": (CorruptFileError, "cut short"),
    "43_truncated_torch_zip.pt": (CorruptFileError, "cut off"),
    "44_wrong_shapes.pt": (
        MissingWeightsError,
        "“convs.1.conv.weight” with shape 1 × 23 × 24 × 3 × 3; expected 1 × 24 × 24 × 3 × 3",
    ),
    "45_nan_inf_weights.pt": (MissingWeightsError, "not numbers: 9 of 5184 in “conv1.conv.weight”, "),
    "46_zip_path_traversal.pt": (UnsafeCheckpointError, "outside of the archive"),
    "47_html_page.pkl": (UnknownFormatError, "web page"),
    "48_empty.pkl": (CorruptFileError, "is empty"),
    "49_git_lfs_pointer.pkl": (UnknownFormatError, "Git LFS pointer"),
    "50_torchscript_archive.pt": (UnsafeCheckpointError, "TorchScript"),
    "51_zip_without_data_pkl.zip": (UnknownFormatError, "zip archive"),
    "52_plain_int.pkl": (UnknownFormatError, "int"),
    "53_unknown_extension_code.pkl": (UnsafeCheckpointError, "extension 7"),
    "54_safetensors_header_lie.safetensors": (CorruptFileError, "header claims"),
}


def markers(*folders):
    return [found for folder in folders for found in folder.glob("**/PWNED_MARKER*")]


@pytest.mark.parametrize(("name", "error", "words"), [(name, *rest) for name, rest in EXPECTED.items()])
def test_a_hostile_file_is_refused_in_one_sentence(tmp_path, monkeypatch, name, error, words):
    path = CORPUS / name
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CheckpointError) as caught:
        open_checkpoint(path)
    assert type(caught.value) is error
    assert caught.value.title.startswith(f"{name} ")
    assert words in caught.value.title
    assert "\n" not in caught.value.title
    assert caught.value.hint
    assert not markers(tmp_path, path.parent)


def test_no_file_of_the_corpus_is_forgotten():
    files = {path.name for path in CORPUS.iterdir() if path.name != "README.md"}
    assert files == set(EXPECTED)


_CHILD = """
import json, resource, sys, time
from pathlib import Path
import torch, numpy
from latent_studio.checkpoints.open import open_checkpoint
from latent_studio.core.errors import LatentStudioError

good, *bad = map(Path, sys.argv[1:])
open_checkpoint(good)                       # everything that is imported late is imported now
loaded = set(sys.modules)
events = []
WATCHED = ("exec", "compile", "import", "os.system", "os.exec", "os.fork", "os.posix_spawn",
           "subprocess.Popen", "socket.connect", "socket.getaddrinfo", "pickle.find_class",
           "marshal.loads", "ctypes.dlopen", "os.remove", "os.rename", "shutil.rmtree", "code.__new__")
sys.addaudithook(lambda event, args: events.append((event, repr(args)[:200])) if event in WATCHED else None)
idle = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
limit = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize() + (4 << 30)
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
slowest = 0.0
opened = []
for path in bad:
    start = time.perf_counter()
    try:
        open_checkpoint(path)
        opened.append(path.name)
    except LatentStudioError:
        pass
    slowest = max(slowest, time.perf_counter() - start)
    open_checkpoint(good)
growth = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - idle
print(json.dumps({"growth_kb": growth, "slowest": slowest, "opened": opened, "events": events,
                  "imported": sorted(set(sys.modules) - loaded)}))
"""


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="memory is measured the Linux way")
def test_the_whole_corpus_runs_nothing_imports_nothing_and_takes_little_memory(tmp_path):
    good = tmp_path / "good.pkl"
    good.write_bytes(network_file(small_stylegan2()))
    bad = [CORPUS / name for name in EXPECTED]
    run = subprocess.run(
        [sys.executable, "-c", _CHILD, str(good), *map(str, bad)],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    seen = json.loads(run.stdout)
    assert seen["opened"] == []
    assert seen["events"] == []
    assert seen["imported"] == []
    assert seen["growth_kb"] < 100 * 1024
    assert seen["slowest"] < 10
    assert not markers(tmp_path, CORPUS)
