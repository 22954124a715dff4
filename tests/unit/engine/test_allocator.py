"""The allocator is tuned on glibc only, once, and not against the user's will."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

_ON_GLIBC = sys.platform == "linux" and (os.confstr("CS_GNU_LIBC_VERSION") or "").startswith("glibc")

_PROGRAM = """
import sys
from latent_studio.engine.allocator import tune_allocator
first, second = tune_allocator(), tune_allocator()
assert first == second
assert "torch" not in sys.modules
print(first)
"""

# A large block is mapped by glibc's defaults, and lies on the heap when tuned.
_WHERE = """
import ctypes, sys, threading
from latent_studio.engine.allocator import tune_allocator
tune_allocator()
libc = ctypes.CDLL(None)
libc.malloc.restype, libc.malloc.argtypes = ctypes.c_void_p, (ctypes.c_size_t,)
blocks = []
take = lambda: blocks.append(libc.malloc(64 << 20))
if len(sys.argv) > 1:
    thread = threading.Thread(target=take)
    thread.start()
    thread.join()
else:
    take()
heap = next(line for line in open("/proc/self/maps") if line.rstrip().endswith("[heap]"))
low, high = (int(end, 16) for end in heap.split()[0].split("-"))
print(low <= blocks[0] < high)
"""


def _run(program: str, *arguments: str, **environment: str) -> str:
    env = {key: value for key, value in os.environ.items() if key != "LATENT_STUDIO_ALLOCATOR"}
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        env={**env, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return done.stdout.strip()


def test_it_says_whether_it_tuned_and_needs_no_torch() -> None:
    assert _run(_PROGRAM) == str(_ON_GLIBC)


def test_the_environment_can_switch_it_off() -> None:
    assert _run(_PROGRAM, LATENT_STUDIO_ALLOCATOR="default") == "False"


@pytest.mark.skipif(not _ON_GLIBC, reason="needs glibc")
@pytest.mark.parametrize("place", [(), ("thread",)])
def test_large_blocks_come_from_the_heap_when_tuned(place: tuple[str, ...]) -> None:
    assert _run(_WHERE, *place) == "True"
    assert _run(_WHERE, *place, LATENT_STUDIO_ALLOCATOR="default") == "False"
