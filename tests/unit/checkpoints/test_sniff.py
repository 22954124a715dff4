import os
import socket
import zipfile
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy
from PIL import Image

from latent_studio.checkpoints.sniff import FileFormat, sniff_path
from tests.helpers.network_pickles import legacy_stream, network_file, pickled


def zip_of(path, *names):
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, b"x")


CONTENTS = {
    "nothing": (b"", FileFormat.EMPTY),
    "network pickle": (network_file(None), FileFormat.PICKLE),
    "framed pickle": (b"\x80\x04\x95\x02\x00\x00\x00\x00\x00\x00\x00K\x01.", FileFormat.PICKLE),
    "old pickle": (b"c__builtin__\nexec\n(S'1'\ntR.", FileFormat.PICKLE),
    "old pickle of a dict": (b"(dp0\nS'a'\np1\nI1\ns.", FileFormat.PICKLE),
    "torch stream": (legacy_stream({}, {}), FileFormat.TORCH_LEGACY),
    "web page": (b"\n <!DOCTYPE HTML><html>", FileFormat.HTML),
    "web page with a mark": (b"\xef\xbb\xbf<html lang=en>", FileFormat.HTML),
    "XHTML": (b'<?xml version="1.0"?><html xmlns="x">', FileFormat.HTML),
    "LFS pointer": (b"version https://git-lfs.github.com/spec/v1\noid sha256:00\n", FileFormat.GIT_LFS),
    "JSON": (b'{"family": "stylegan2"}', FileFormat.JSON),
    "JSON list": (b"[1, 2]\n", FileFormat.JSON),
    "gzip": (b"\x1f\x8b\x08\x00", FileFormat.ARCHIVE),
    "tar": (b"model.pkl" + bytes(248) + b"ustar\x0000", FileFormat.ARCHIVE),
    "HDF5": (b"\x89HDF\r\n\x1a\n", FileFormat.HDF5),
    "text": ("Grüße, check this out\n".encode(), FileFormat.TEXT),
    "text like a name": (b"checkpoint is here\nand there\n", FileFormat.TEXT),
    "noise": (bytes(range(1, 200)), FileFormat.UNKNOWN),
    "one byte": (b"\x80", FileFormat.UNKNOWN),
    "safetensors whose header is longer than the file": (b"\0\0\0\0\0\0\0@{}", FileFormat.SAFETENSORS),
    "safetensors with the length of a pickle's start": (
        b"\x80\x03" + bytes(6) + b"{" + b" " * 0x37F,
        FileFormat.SAFETENSORS,
    ),
}


@pytest.mark.parametrize(("content", "expected"), CONTENTS.values(), ids=CONTENTS)
@pytest.mark.parametrize("suffix", [".pkl", ".safetensors", ".png", ""])
def test_the_content_decides_and_the_suffix_does_not(tmp_path, content, expected, suffix):
    path = tmp_path / f"file{suffix}"
    path.write_bytes(content)
    assert sniff_path(path) is expected


def test_files_of_other_programs_are_named(tmp_path):
    path = tmp_path / "file"
    safetensors.numpy.save_file({"w": np.zeros(3, np.float32)}, path)
    assert sniff_path(path) is FileFormat.SAFETENSORS
    for kind in ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF"):
        Image.new("RGB", (2, 2)).save(path, format=kind)
        assert sniff_path(path) is FileFormat.IMAGE, kind
    with path.open("wb") as file:
        np.save(file, np.zeros(3))
    assert sniff_path(path) is FileFormat.NUMPY_ARRAY
    with path.open("wb") as file:
        np.savez(file, a=np.zeros(3))
    assert sniff_path(path) is FileFormat.NUMPY_ARCHIVE


def test_zips_are_told_apart_by_what_they_hold(tmp_path):
    path = tmp_path / "file"
    zip_of(path, "archive/version", "archive/data.pkl")
    assert sniff_path(path) is FileFormat.TORCH_ZIP
    zip_of(path, "readme.txt", "data.pkl")
    assert sniff_path(path) is FileFormat.ZIP
    zip_of(path)
    assert sniff_path(path) is FileFormat.ZIP


def test_what_is_no_file_is_said(tmp_path):
    assert sniff_path(tmp_path) is FileFormat.DIRECTORY
    assert sniff_path(tmp_path / "nothing") is FileFormat.MISSING
    assert sniff_path(tmp_path / "file" / "below") is FileFormat.MISSING
    assert sniff_path(tmp_path / ("x" * 5000)) is FileFormat.UNREADABLE


def test_an_impossible_path_is_unreadable(tmp_path):
    assert sniff_path(tmp_path / "a\0b") is FileFormat.UNREADABLE


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_is_not_opened_so_nothing_waits_for_its_other_end(tmp_path):
    os.mkfifo(tmp_path / "pipe.pkl")
    assert sniff_path(tmp_path / "pipe.pkl") is FileFormat.SPECIAL


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="this system has no device files")
def test_a_device_is_not_read(tmp_path):
    link = tmp_path / "endless.pkl"
    link.symlink_to("/dev/zero")
    assert sniff_path(link) is FileFormat.SPECIAL


@pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="this system has no local sockets")
def test_a_socket_is_no_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # the address of a socket must be short
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("s.pkl")
        assert sniff_path(tmp_path / "s.pkl") is FileFormat.SPECIAL


def test_a_link_that_leads_in_a_circle_is_unreadable(tmp_path):
    (tmp_path / "a").symlink_to(tmp_path / "b")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    assert sniff_path(tmp_path / "a") is FileFormat.UNREADABLE


@pytest.mark.skipif(hasattr(os, "geteuid") and os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission_is_said_to_be_one(tmp_path):
    path = tmp_path / "secret.pkl"
    path.write_bytes(pickled(1))
    path.chmod(0)
    assert sniff_path(path) is FileFormat.NO_PERMISSION


def test_a_refused_permission_is_told_apart_from_a_broken_disk(tmp_path, monkeypatch):
    path = tmp_path / "secret.pkl"
    path.write_bytes(pickled(1))

    def refuse(*_args, **_options):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)
    assert sniff_path(path) is FileFormat.NO_PERMISSION
