"""A session with a long history: how long it takes to save and to open, and what undoing costs.

Steps are slider moves, every tenth a latent of its own, each with a small picture, as the window keeps them.
In the window saving runs on a thread of its own. Then the history is gone through back and forth, and the
process's memory is looked at after every round.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import _prepare  # noqa: F401 - first: finds the package
import numpy as np

from latent_studio.app.store import SessionStore
from latent_studio.core.directions import LinearDirection
from latent_studio.core.latent import Latent
from latent_studio.core.seed_plane import SeedPoint
from latent_studio.core.session import ModelRef
from latent_studio.core.session_file import Document, read_document, write_document
from latent_studio.core.spaces import Space

MODEL = ModelRef("a" * 64, "faces", "/models/faces.pkl")
PICTURE_BYTES = 3000


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--steps", type=int, default=500, help="in the saved history (500)")
    parser.add_argument("--undos", type=int, default=1000, help="steps back and forth in a round (1000)")
    parser.add_argument("--rounds", type=int, default=5, help="the median of them counts (5)")
    arguments = parser.parse_args()
    save_and_open(arguments.steps, arguments.rounds)
    undo_and_redo(arguments.undos)


def save_and_open(steps: int, rounds: int) -> None:
    """Print the times of both."""
    noise = np.random.RandomState(0)
    history = edited(steps).history.state()
    pictures = {step.id: b"\xff\xd8\xff" + noise.bytes(PICTURE_BYTES) for step in history.steps}
    document = Document(history, pictures)
    saved, opened = [], []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "long.lstudio"
        for _ in range(rounds):
            started = time.perf_counter()
            write_document(document, path)
            saved.append(time.perf_counter() - started)
            started = time.perf_counter()
            back = read_document(path)
            opened.append(time.perf_counter() - started)
            assert back == document
        size = path.stat().st_size
    print(
        f"{steps} steps, {size / 1e6:.1f} MB: "
        f"save {1000 * np.median(saved):.0f} ms (worst {1000 * max(saved):.0f}), "
        f"open {1000 * np.median(opened):.0f} ms (worst {1000 * max(opened):.0f})"
    )


def undo_and_redo(moves: int) -> None:
    """Print what a step back or forth takes, and memory after each round of so many."""
    store = edited(moves // 4)
    newest = store.session
    for round_ in range(1, 4):
        made = 0
        started = time.perf_counter()
        while made < moves:
            while store.history.undo_label is not None:
                store.undo()
                made += 1
            while store.history.redo_label is not None:
                store.redo()
                made += 1
        seconds = time.perf_counter() - started
        assert store.session == newest
        print(
            f"{made} steps undone and done again, round {round_}: {1e6 * seconds / made:.0f} us each, "
            f"resident {resident_mb():.1f} MB"
        )


def edited(steps: int) -> SessionStore:
    """A store whose history has so many steps."""
    directions = [
        LinearDirection(f"d{k}", f"d{k}", Space.W, np.random.RandomState(k).randn(512)) for k in range(20)
    ]
    store = SessionStore()
    store.open_model(MODEL, replace(store.session, model=MODEL, base=SeedPoint(1)))
    for step in range(steps):
        if step % 10 == 0:
            values = np.random.RandomState(step).randn(18, 512)
            store.set_base(Latent(Space.W_PLUS, values), f"Latent {step}")
        else:
            store.set_amount(directions[step % 20], step / 7)
        store.close_gesture()
    return store


def resident_mb() -> float:
    """Of this process."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 1e6


if __name__ == "__main__":
    main()
