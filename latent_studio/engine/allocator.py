"""Allocator settings: keep freed memory instead of giving every large activation back to the system.

With its defaults, glibc maps each large block afresh and unmaps it when it is freed, so a network touches new
pages all the time; at 512 px and above that costs more than half of a frame. Kept memory stays with the
process at its peak, which is what a renderer needs again for the next frame anyway.
"""

from __future__ import annotations

import ctypes
import logging
import os
import threading

logger = logging.getLogger(__name__)

#: Set to ``default`` to leave the system's allocator alone.
ENVIRONMENT_SWITCH = "LATENT_STUDIO_ALLOCATOR"

# Parameter numbers of mallopt, from glibc's malloc.h.
_M_TRIM_THRESHOLD = -1
_M_TOP_PAD = -2
_M_MMAP_MAX = -4
_M_ARENA_MAX = -8

_SETTINGS = (
    (_M_MMAP_MAX, 0),  # large blocks come from the heap, which is reused
    (_M_TRIM_THRESHOLD, 2**31 - 1),  # the heap's end is not given back
    (_M_TOP_PAD, 256 << 20),  # and grows in steps this large
    # Threads other than the first have heaps of 64 MB each, which do not hold large blocks; they share the
    # first one's instead.
    (_M_ARENA_MAX, 1),
)

_lock = threading.Lock()
_tuned: bool | None = None


def tune_allocator() -> bool:
    """Tell glibc to keep freed memory. Call it before the first large allocation; later calls change nothing.

    Returns:
        Whether the settings are in force; False on other C libraries or when the environment says no.
    """
    global _tuned
    with _lock:
        if _tuned is None:
            _tuned = _tune()
            logger.debug("allocator %s", "keeps freed memory" if _tuned else "left as it is")
        return _tuned


def _tune() -> bool:
    if os.environ.get(ENVIRONMENT_SWITCH, "").strip().lower() == "default" or not _is_glibc():
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):
        return False
    mallopt.argtypes = (ctypes.c_int, ctypes.c_int)
    mallopt.restype = ctypes.c_int
    return all(mallopt(parameter, value) == 1 for parameter, value in _SETTINGS)


def _is_glibc() -> bool:
    try:
        return (os.confstr("CS_GNU_LIBC_VERSION") or "").startswith("glibc")
    except (AttributeError, ValueError, OSError):
        return False
