import hashlib
import os
import threading

import pytest

from latent_studio.checkpoints.digest import Digest
from latent_studio.checkpoints.source import ByteRange, Source
from latent_studio.core.errors import Cancelled, CorruptFileError


@pytest.fixture
def path(tmp_path):
    found = tmp_path / "file.bin"
    found.write_bytes(bytes(range(256)) * 40)
    return found


def test_any_part_can_be_read_in_any_order(path):
    with Source(path) as source:
        assert source.read(5, 3) == bytes([5, 6, 7])
        assert source.read(0, 2) == bytes([0, 1])
        assert source.read(source.size, 0) == b""
        target = bytearray(4)
        source.read_into(254, memoryview(target))
        assert bytes(target) == bytes([254, 255, 0, 1])


@pytest.mark.parametrize(("start", "length"), [(0, 10241), (10240, 1), (-1, 1), (0, -1), (10**30, 1)])
def test_nothing_outside_of_the_file_is_read(path, start, length):
    with Source(path) as source, pytest.raises(CorruptFileError, match="cut short"):
        source.read(start, length)


def test_a_file_that_shrinks_while_it_is_read_is_reported_and_kills_nothing(path):
    with Source(path) as source:
        os.truncate(path, 100)
        with pytest.raises(CorruptFileError, match="cut short"):
            source.read(0, 10240)
        with pytest.raises(CorruptFileError, match="cut short"):
            source.read_into(50, memoryview(bytearray(100)))


def test_a_file_that_was_written_to_is_noticed(path):
    with Source(path) as source:
        source.check_unchanged()
        with path.open("ab") as file:
            file.write(b"more")
        with pytest.raises(CorruptFileError, match="changed while"):
            source.check_unchanged()


def test_a_file_that_was_exchanged_is_not_opened_a_second_time(path):
    with Source(path) as source:
        path.unlink()
        path.write_bytes(b"another file")
        with pytest.raises(CorruptFileError, match="changed while"):
            source.reopened()
        source.check_unchanged()


def test_a_range_reads_itself_when_it_is_small_enough(path):
    with Source(path) as source:
        assert ByteRange(source, 10, 4).read(at_most=4) == bytes([10, 11, 12, 13])
        with pytest.raises(CorruptFileError):
            ByteRange(source, 10, 4).read(at_most=3)


def test_a_folder_is_no_source(tmp_path):
    with pytest.raises(OSError, match="regular file"):
        Source(tmp_path)


def test_the_digest_is_that_of_the_whole_file(tmp_path):
    path = tmp_path / "large.bin"
    content = os.urandom((3 << 20) + 17)
    path.write_bytes(content)
    with Source(path) as source, Digest(source) as digest:
        assert digest.result(report=lambda done: None) == hashlib.sha256(content).hexdigest()


def test_the_digest_of_an_empty_file_is_known(tmp_path):
    path = tmp_path / "empty.bin"
    path.write_bytes(b"")
    with Source(path) as source, Digest(source) as digest:
        assert digest.result(report=lambda done: None) == hashlib.sha256().hexdigest()


def test_no_thread_is_left_when_somebody_cancels(tmp_path):
    path = tmp_path / "large.bin"
    with path.open("wb") as file:
        file.truncate(1 << 30)

    def cancel(done):
        raise Cancelled

    before = threading.active_count()
    with Source(path) as source:
        digest = Digest(source)
        with pytest.raises(Cancelled), digest:
            digest.result(report=cancel)
        assert digest.done_bytes < source.size
    assert threading.active_count() == before


def test_a_file_that_shrinks_under_the_digest_is_reported(path):
    with Source(path) as source:
        digest = Digest(source)
        os.truncate(path, 10)
        with pytest.raises(CorruptFileError), digest:
            digest.result(report=lambda done: None)
