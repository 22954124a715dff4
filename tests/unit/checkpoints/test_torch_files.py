"""Torch's own two formats, written by torch itself, read as records."""

import struct
import warnings
import zipfile
import zlib

import pytest
import torch

from latent_studio.checkpoints.source import ByteRange, Source
from latent_studio.checkpoints.tensors import read_tensors
from latent_studio.checkpoints.torch_legacy import LegacyReader
from latent_studio.checkpoints.torch_records import TensorRecord
from latent_studio.checkpoints.torch_zip import read_torch_zip, torch_vocabulary
from latent_studio.core.errors import CorruptFileError, UnknownFormatError, UnsafeCheckpointError
from tests.helpers.network_pickles import Call, Name, Persistent, legacy_stream, pickled


def save(value, path, *, legacy):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.save(value, path, _use_new_zipfile_serialization=not legacy)


def read(source, *, legacy):
    if legacy:
        return LegacyReader(source, names=torch_vocabulary(source)).read(ByteRange(source, 0, source.size))
    return read_torch_zip(source)


def same(found, expected):
    return found.dtype == expected.dtype and torch.equal(found, expected)


@pytest.mark.parametrize("legacy", [True, False], ids=["stream", "zip"])
def test_what_torch_saves_is_read_bit_for_bit(tmp_path, legacy):
    rng = torch.Generator().manual_seed(0)
    weight = torch.randn(4, 6, 3, 3, generator=rng)
    state = {
        "plain": weight,
        "half": weight.half(),
        "channels_last": weight.clone(memory_format=torch.channels_last),
        "transposed": weight[0, 0].t(),
        "slice": weight[1:3, 2:4],
        "scalar": torch.tensor(0.25),
        "none at all": torch.zeros(0, 5),
        "parameter": torch.nn.Parameter(torch.randn(7, generator=rng)),
    }
    path = tmp_path / "weights.pt"
    save({"g_ema": state, "args": {"lr": 0.002, "path": "x"}}, path, legacy=legacy)
    with Source(path) as source:
        tree = read(source, legacy=legacy)
        assert tree["args"] == {"lr": 0.002, "path": "x"}
        found = read_tensors(tree["g_ema"], source, report=lambda done: None)
    for name, expected in state.items():
        assert same(found[name], expected.detach()), name
        assert found[name].is_contiguous()


def test_tensors_of_one_storage_do_not_share_memory_afterwards(tmp_path):
    base = torch.arange(6.0)
    path = tmp_path / "shared.pt"
    save({"all": base, "tail": base[2:], "again": base}, path, legacy=False)
    with Source(path) as source:
        found = read_tensors(read_torch_zip(source), source, report=lambda done: None)
    found["all"].zero_()
    assert torch.equal(found["tail"], torch.arange(2.0, 6.0))
    assert torch.equal(found["again"], base)


@pytest.mark.parametrize(("dtype", "read_as"), [("float64", "float32"), ("bfloat16", "float32")])
def test_wider_kinds_become_float32(tmp_path, dtype, read_as):
    values = torch.tensor([0.5, -3.0, 1e30], dtype=getattr(torch, dtype))
    path = tmp_path / "wide.pt"
    save({"w": values}, path, legacy=True)
    with Source(path) as source:
        found = read_tensors(read(source, legacy=True), source, report=lambda done: None)
    assert same(found["w"], values.to(getattr(torch, read_as)))


def test_whole_numbers_are_no_weights(tmp_path):
    path = tmp_path / "steps.pt"
    save({"num_batches_tracked": torch.tensor(3)}, path, legacy=False)
    with Source(path) as source, pytest.raises(UnknownFormatError, match=r"num_batches_tracked.*int64"):
        read_tensors(read_torch_zip(source), source, report=lambda done: None)


def tensor(*, numel=4, offset=0, shape=(2, 2), stride=(2, 1)):
    storage = Persistent(("storage", Name("torch", "FloatStorage"), "0", "cpu", numel))
    hooks = Call(Name("collections", "OrderedDict"))
    rebuild = Name("torch._utils", "_rebuild_tensor_v2")
    return Call(rebuild, (storage, offset, shape, stride, False, hooks))


def zipped(path, value, *, data=b"\0" * 16, compression=zipfile.ZIP_STORED, extra=()):
    with zipfile.ZipFile(path, "w", compression) as archive:
        archive.writestr("archive/data.pkl", pickled(value, protocol=2))
        archive.writestr("archive/data/0", data)
        for name, content in extra:
            archive.writestr(name, content)
    return path


def refuse(path):
    with Source(path) as source, pytest.raises(CorruptFileError) as caught:
        read_torch_zip(source)
    return caught.value.title


def test_an_honest_tensor_passes(tmp_path):
    with Source(zipped(tmp_path / "a.pt", {"w": tensor()})) as source:
        assert isinstance(read_torch_zip(source)["w"], TensorRecord)


LIES = {
    "more than the storage": {"shape": (3, 2)},
    "beyond the end": {"offset": 1},
    "offset past the storage": {"offset": 10**9, "shape": (0,), "stride": (1,)},
    "stride nought": {"shape": (10**6, 10**6), "stride": (0, 0)},
    "overlapping rows": {"shape": (3, 2), "stride": (1, 1)},
    "negative size": {"shape": (-2, -2)},
    "negative stride": {"stride": (-2, 1), "offset": 2},
    "negative offset": {"offset": -1},
    "too many dimensions": {"shape": (1,) * 9, "stride": (1,) * 9},
    "shape without stride": {"stride": (1,)},
    "astronomic": {"shape": (2**60,), "stride": (1,)},
    "shape of text": {"shape": ("2", "2")},
    "truth for a size": {"shape": (True, True)},
    "storage larger than its bytes": {"numel": 10**12},
    "storage smaller than its bytes": {"numel": 3, "shape": (3,), "stride": (1,)},
}


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES)
def test_a_tensor_that_does_not_fit_its_bytes_is_refused(tmp_path, lie):
    assert "lie.pt" in refuse(zipped(tmp_path / "lie.pt", {"w": tensor(**lie)}))


def test_many_views_of_one_storage_cannot_claim_much_more_than_the_file(tmp_path):
    value = {"w": tensor(numel=1 << 18, shape=(1 << 18,), stride=(1,))}
    path = zipped(tmp_path / "copies.pt", value, data=bytes(1 << 20))
    with Source(path) as source:
        tree = read_torch_zip(source)
        many = {f"{name} {idx}": record for name, record in tree.items() for idx in range(80)}
        with pytest.raises(CorruptFileError, match="claim more bytes"):
            read_tensors(many, source, report=lambda done: None)


def test_a_compressed_member_is_refused_before_it_is_unpacked(tmp_path):
    path = zipped(
        tmp_path / "bomb.pt",
        {"w": tensor(numel=1 << 20)},
        data=bytes(4 << 20),
        compression=zipfile.ZIP_DEFLATED,
    )
    with Source(path) as source, pytest.raises(UnknownFormatError, match="packed in a way"):
        read_torch_zip(source)


@pytest.mark.parametrize(
    "name", ["../evil", "/evil", "archive/../../evil", "archive/data/..\\evil", "C:/evil", "archive/\\evil"]
)
def test_a_member_that_would_leave_the_folder_is_refused(tmp_path, name):
    path = zipped(tmp_path / "paths.pt", {}, extra=[(name, b"x")])
    with Source(path) as source, pytest.raises(UnsafeCheckpointError, match="outside of the archive"):
        read_torch_zip(source)


def test_two_members_of_one_name_are_refused(tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        path = zipped(tmp_path / "twice.pt", {}, extra=[("archive/data/0", b"other")])
    assert "two members" in refuse(path)


def test_a_wrong_checksum_is_noticed(tmp_path):
    path = zipped(tmp_path / "crc.pt", {"a": "abcdefgh"})
    path.write_bytes(path.read_bytes().replace(b"abcdefgh", b"abcdefgX", 1))
    assert "checksum" in refuse(path)


def test_a_wrong_size_in_the_table_is_noticed(tmp_path):
    path = zipped(tmp_path / "size.pt", {})
    raw = bytearray(path.read_bytes())
    at = raw.find(b"PK\x01\x02")
    struct.pack_into("<L", raw, at + 24, 10**9)
    path.write_bytes(bytes(raw))
    assert "size" in refuse(path)


def test_a_cut_zip_is_called_cut(tmp_path):
    path = zipped(tmp_path / "cut.pt", {})
    path.write_bytes(path.read_bytes()[:-30])
    assert "cut off" in refuse(path)


def test_an_encrypted_member_is_refused(tmp_path):
    path = zipped(tmp_path / "locked.pt", {})
    raw = bytearray(path.read_bytes())
    at = raw.find(b"PK\x01\x02")
    raw[at + 8] |= 1
    path.write_bytes(bytes(raw))
    with Source(path) as source, pytest.raises(UnknownFormatError):
        read_torch_zip(source)


def test_a_compiled_program_is_refused(tmp_path):
    path = zipped(tmp_path / "script.pt", {}, extra=[("archive/code/__torch__.py", b"def f(): pass")])
    with Source(path) as source, pytest.raises(UnsafeCheckpointError, match="TorchScript"):
        read_torch_zip(source)


def test_zip64_tables_are_read(tmp_path):
    # What a writer does for members and tables beyond 4 GB: the true values stand in 64-bit fields.
    name, data = b"archive/data.pkl", pickled({"w": 1})
    crc, small = zlib.crc32(data), 0xFFFFFFFF
    local = (
        struct.pack("<4s5H3L2H", b"PK\3\4", 45, 0, 0, 0, 0, crc, len(data), len(data), len(name), 0)
        + name
        + data
    )
    extra = struct.pack("<2H3Q", 1, 24, len(data), len(data), 0)
    entry = struct.pack(
        "<4s6H3L5H2L",
        *(b"PK\1\2", 45, 45, 0, 0, 0, 0, crc, small, small, len(name), len(extra), 0, 0, 0, 0, small),
    )
    table = entry + name + extra
    end64 = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, 1, 1, len(table), len(local))
    locator = struct.pack("<4sLQL", b"PK\6\7", 0, len(local) + len(table), 1)
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 0xFFFF, 0xFFFF, small, small, 0)
    path = tmp_path / "zip64.pt"
    path.write_bytes(local + table + end64 + locator + end)
    with Source(path) as source:
        assert read_torch_zip(source) == {"w": 1}


BROKEN_STREAMS = {
    "another number in front": lambda raw: raw.replace(b"\x19.", b"\x18.", 1),
    "another version": lambda raw: raw.replace(b"\x8a\x02\xe9\x03", b"\x8a\x02\xe8\x03", 1),
    "big-endian": lambda raw: raw.replace(b"little_endian\x88", b"little_endian\x89", 1),
    "cut in its numbers": lambda raw: raw[:-1],
    "cut before its numbers": lambda raw: raw[:-20],
    "other count of numbers": lambda raw: raw[:-24] + struct.pack("<Q", 5) + raw[-16:],
}


@pytest.mark.parametrize("spoil", BROKEN_STREAMS.values(), ids=BROKEN_STREAMS)
def test_a_broken_stream_is_refused(tmp_path, spoil):
    raw = legacy_stream({"w": tensor()}, {"0": torch.zeros(4).numpy()})
    path = tmp_path / "old.pt"
    path.write_bytes(raw)
    with Source(path) as source:
        assert read(source, legacy=True)["w"].numel == 4
    assert spoil(raw) != raw
    path.write_bytes(spoil(raw))
    with Source(path) as source, pytest.raises(CorruptFileError):
        read(source, legacy=True)


def test_a_stream_that_lists_other_storages_is_refused(tmp_path):
    path = tmp_path / "old.pt"
    path.write_bytes(legacy_stream({"w": tensor()}, {"1": torch.zeros(4).numpy()}))
    with Source(path) as source, pytest.raises(CorruptFileError, match="does not list"):
        read(source, legacy=True)
