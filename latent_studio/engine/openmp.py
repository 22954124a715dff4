"""OpenMP settings: threads that wait for each other soon let others have the core.

By default, a thread of torch's pool that waits for the rest turns in a loop for milliseconds. That gains a
little on an idle machine. As soon as anything else wants a core, even our own window, the loop takes the time
from the very thread it waits for, at every one of a hundred meeting points in a picture.
"""

from __future__ import annotations

import os
import sys

#: About 50 microseconds: long enough for the pause between two operations.
_SPINS = 1000

#: The user's own settings for the same thing; either one has the last word.
_USER_SETTINGS = ("GOMP_SPINCOUNT", "OMP_WAIT_POLICY")


def shorten_waits() -> bool:
    """Set how long threads wait in a loop. Call it before torch is imported, which reads the setting once.

    Returns:
        Whether the setting was made; False when the environment has one already or torch is loaded.
    """
    if "torch" in sys.modules or any(name in os.environ for name in _USER_SETTINGS):
        return False
    os.environ["GOMP_SPINCOUNT"] = str(_SPINS)
    return True
