import hashlib
import os
import threading

import numpy as np
import psutil
import pytest
import torch

from latent_studio.checkpoints import open as door
from latent_studio.checkpoints.open import open_checkpoint
from latent_studio.core.errors import (
    Cancelled,
    CheckpointError,
    CorruptFileError,
    LatentStudioError,
    MissingWeightsError,
    OutOfMemoryError,
    UnknownFormatError,
)
from tests.helpers.network_pickles import Module, network_file, pickled, small_stylegan2


@pytest.fixture
def path(tmp_path):
    found = tmp_path / "faces.pkl"
    found.write_bytes(network_file(small_stylegan2()))
    return found


def with_bad_values(*values):
    network = small_stylegan2()
    mapping = network.modules["mapping"]
    w_avg = np.array(mapping.buffers["w_avg"])
    w_avg[: len(values)] = values
    changed = Module(mapping.class_name, mapping.attributes, {}, {"w_avg": w_avg}, mapping.modules)
    return Module(network.class_name, network.attributes, {}, {}, {**network.modules, "mapping": changed})


def test_a_checkpoint_knows_where_it_came_from(path):
    found = open_checkpoint(path)
    origin = found.provenance
    assert origin.path == path
    assert origin.name == "faces"
    assert origin.format == "nvidia-pickle"
    assert origin.size_bytes == path.stat().st_size
    assert origin.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_path_may_be_text(path):
    assert open_checkpoint(str(path)).family == "stylegan2"


def test_the_suffix_does_not_matter(path):
    misnamed = path.rename(path.with_suffix(".safetensors"))
    assert open_checkpoint(misnamed).provenance.format == "nvidia-pickle"


def test_tensors_are_plain_and_belong_to_nobody_else(path):
    found = open_checkpoint(path)
    storages = set()
    for values in found.tensors.values():
        assert values.device.type == "cpu"
        assert values.dtype == torch.float32
        assert values.is_contiguous()
        assert not values.requires_grad
        storages.add(values.untyped_storage().data_ptr())
    assert len(storages) == len(found.tensors)


def test_a_checkpoint_cannot_be_changed_by_accident(path):
    found = open_checkpoint(path)
    with pytest.raises(TypeError):
        found.tensors["mapping.w_avg"] = None
    with pytest.raises(TypeError):
        found.options["architecture"] = "resnet"


def test_progress_rises_from_nothing_to_all(path):
    seen = []
    open_checkpoint(path, progress=lambda done, message: seen.append((done, message)))
    fractions = [done for done, _message in seen]
    assert fractions == sorted(fractions)
    assert fractions[0] == 0.0
    assert fractions[-1] == 1.0
    assert all("faces.pkl" in message for _done, message in seen)


@pytest.mark.parametrize("asked", [1, 2, 5])
def test_opening_can_be_cancelled_at_any_step_and_leaves_no_thread(path, asked):
    count = 0

    def check():
        nonlocal count
        count += 1
        if count == asked:
            raise Cancelled

    before = threading.active_count()
    with pytest.raises(Cancelled):
        open_checkpoint(path, check_cancel=check)
    assert threading.active_count() == before


@pytest.mark.parametrize("bad", [(np.nan,), (np.inf,), (-np.inf,), (np.nan, np.inf, -np.inf)])
def test_weights_that_are_no_numbers_are_refused_by_name(tmp_path, bad):
    path = tmp_path / "diverged.pkl"
    path.write_bytes(network_file(with_bad_values(*bad)))
    with pytest.raises(MissingWeightsError) as caught:
        open_checkpoint(path)
    assert "mapping.w_avg" in caught.value.title
    assert f"{len(bad)} of 6" in caught.value.title


def test_the_largest_finite_weight_is_still_a_number(tmp_path):
    path = tmp_path / "large.pkl"
    path.write_bytes(network_file(with_bad_values(np.finfo(np.float32).max, np.finfo(np.float32).min)))
    assert open_checkpoint(path).family == "stylegan2"


REFUSED = {
    "nothing": (b"", CorruptFileError, "is empty"),
    "web page": (b"<!DOCTYPE html><html></html>", UnknownFormatError, "web page"),
    "LFS pointer": (b"version https://git-lfs.github.com/spec/v1\n", UnknownFormatError, "Git LFS pointer"),
    "JSON": (b'{"a": 1}', UnknownFormatError, "JSON"),
    "picture": (b"\x89PNG\r\n\x1a\n", UnknownFormatError, "picture"),
    "text": (b"hello\n", UnknownFormatError, "text file"),
    "packed": (b"\x1f\x8b\x08", UnknownFormatError, "packed archive"),
    "HDF5": (b"\x89HDF\r\n\x1a\n", UnknownFormatError, "HDF5"),
    "noise": (bytes(range(1, 200)), UnknownFormatError, "does not know"),
    "empty zip": (b"PK\x05\x06" + bytes(18), UnknownFormatError, "zip archive"),
    "array": (b"\x93NUMPY\x01\x00\x10\x00{'descr': '<f4'}", UnknownFormatError, "NumPy array"),
}


@pytest.mark.parametrize(("content", "error", "words"), REFUSED.values(), ids=REFUSED)
def test_what_is_no_model_is_refused_in_words_with_a_hint(tmp_path, content, error, words):
    path = tmp_path / "thing.pkl"
    path.write_bytes(content)
    with pytest.raises(error) as caught:
        open_checkpoint(path)
    assert caught.value.title.startswith("thing.pkl ")
    assert words in caught.value.title
    assert caught.value.hint


def test_paths_without_a_file_are_refused_in_words(tmp_path):
    with pytest.raises(CheckpointError, match="no file"):
        open_checkpoint(tmp_path / "nothing.pkl")
    with pytest.raises(CheckpointError, match="is a folder"):
        open_checkpoint(tmp_path)
    with pytest.raises(CheckpointError, match="cannot be read"):
        open_checkpoint(tmp_path / "a\0b.pkl")
    with pytest.raises(CheckpointError, match="cannot be read"):
        open_checkpoint(tmp_path / ("x" * 5000))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_is_refused_at_once(tmp_path):
    os.mkfifo(tmp_path / "pipe.pkl")
    with pytest.raises(CheckpointError, match="pipe or device"):
        open_checkpoint(tmp_path / "pipe.pkl")


def test_an_absurdly_large_file_is_refused_unread(tmp_path):
    path = tmp_path / "huge.pkl"
    with path.open("wb") as file:
        file.write(b"\x80\x03}.")
        file.truncate(9 << 30)  # a hole, not nine gigabytes
    with pytest.raises(UnknownFormatError, match=r"9\.0 GB"):
        open_checkpoint(path)


def test_a_control_character_in_the_name_is_not_shown(tmp_path):
    path = tmp_path / "a\x1b[31mb.pkl"
    path.write_bytes(b"")
    with pytest.raises(CorruptFileError) as caught:
        open_checkpoint(path)
    assert caught.value.title.isprintable()


def test_a_file_that_changes_while_it_is_read_is_refused(path):
    def touch(done, _message):
        if 0.1 < done < 0.9:
            os.utime(path, ns=(1, 1))

    with pytest.raises(CorruptFileError, match="changed while"):
        open_checkpoint(path, progress=touch)


def test_a_file_that_is_cut_while_it_is_read_is_refused(path):
    def cut(done, _message):
        if 0.1 < done < 0.9:
            os.truncate(path, 100)

    with pytest.raises(CorruptFileError):
        open_checkpoint(path, progress=cut)


@pytest.mark.parametrize(
    "surprise",
    [
        KeyError("x"), RecursionError(), OverflowError(), UnicodeDecodeError("utf-8", b"", 0, 1, "x"),
        AssertionError(), StopIteration(), RuntimeError("internal"), ZeroDivisionError(),
    ],
    ids=lambda error: type(error).__name__,
)  # fmt: skip
def test_whatever_a_reader_trips_over_becomes_an_error_in_words(path, monkeypatch, surprise):
    def trip(_source):
        raise surprise

    monkeypatch.setattr(door, "read_nvidia", trip)
    with pytest.raises(CorruptFileError, match=r"faces\.pkl") as caught:
        open_checkpoint(path)
    assert caught.value.__cause__ is surprise


@pytest.mark.parametrize(
    "surprise", [MemoryError(), RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried")]
)
def test_no_memory_is_said_to_be_that(path, monkeypatch, surprise):
    def trip(_source):
        raise surprise

    monkeypatch.setattr(door, "read_nvidia", trip)
    with pytest.raises(OutOfMemoryError, match="does not fit"):
        open_checkpoint(path)


def test_a_broken_disk_is_said_to_be_that(path, monkeypatch):
    def trip(_source):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(door, "read_nvidia", trip)
    with pytest.raises(CheckpointError, match="Input/output error"):
        open_checkpoint(path)


def test_a_good_file_opens_after_a_bad_one(path, tmp_path):
    bad = tmp_path / "bad.pkl"
    bad.write_bytes(pickled(1)[:-1])
    for _ in range(3):
        with pytest.raises(LatentStudioError):
            open_checkpoint(bad)
        assert open_checkpoint(path).family == "stylegan2"


@pytest.mark.skipif(not hasattr(psutil.Process, "num_fds"), reason="this system does not count open files")
def test_no_file_stays_open(path, tmp_path):
    bad = tmp_path / "bad.pkl"
    bad.write_bytes(b"\x80\x03cos\nsystem\n.")
    before = psutil.Process().num_fds()
    for _ in range(20):
        open_checkpoint(path)
        with pytest.raises(LatentStudioError):
            open_checkpoint(bad)
    assert psutil.Process().num_fds() == before
