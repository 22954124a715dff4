from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from latent_studio.core.file_lock import FileLock

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

HOLDER = """
import sys
from pathlib import Path
from latent_studio.core.file_lock import FileLock
lock = FileLock(Path(sys.argv[1]))
print(lock.acquire(), flush=True)
sys.stdin.readline()
"""


def test_only_one_may_hold_it(tmp_path: Path):
    first, second = FileLock(tmp_path / "a"), FileLock(tmp_path / "a")

    assert first.acquire()
    assert first.acquire()
    assert not second.acquire()
    first.release()
    first.release()
    assert second.acquire()
    second.release()
    assert list(tmp_path.iterdir()) == []


def test_a_program_that_is_killed_lets_go(tmp_path: Path):
    path = tmp_path / "a"
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline().strip() == "True"
        assert not FileLock(path).acquire()
        holder.kill()
        holder.wait()
    lock = FileLock(path)
    assert lock.acquire()
    lock.release()


def test_where_nothing_can_be_written_the_lock_is_taken_for_granted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def refuse(*args: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("os.open", refuse)
    assert FileLock(tmp_path / "a").acquire()
