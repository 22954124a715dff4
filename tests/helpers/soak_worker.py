"""A program that edits, autosaves, saves and exports without end, to be killed at any moment.

It says on its output what is safe: ``A 12`` once the safety copy holds step 12, ``S 12`` once the file does.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from latent_studio.app.document_files import Autosave, find_leftovers, save_document
from latent_studio.app.open_document import OpenDocument
from latent_studio.app.paths import Paths
from latent_studio.app.recipe import recipe_of
from latent_studio.app.store import SessionStore
from latent_studio.core.latent import Latent
from latent_studio.core.seed_plane import SeedPoint
from latent_studio.core.session import ModelRef, Session
from latent_studio.core.session_file import read_document
from latent_studio.core.spaces import Space
from latent_studio.exporters.still import save_png


def main(profile: Path, path: Path, exports: Path) -> None:
    """Go on from the newest copy there is, and never end."""
    paths = Paths.in_profile(profile)
    model = ModelRef("soak", "soak.safetensors", "ab" * 32)
    store = SessionStore(Session(model))
    document = OpenDocument(store)
    number = 0
    leftovers = find_leftovers(paths)
    if leftovers:
        document.open(read_document(leftovers[0].path), model, path=path)
        number = max(int(step.label or 0) for step in store.history.steps)
    autosave = Autosave(paths)
    picture = np.zeros((16, 16, 3), np.uint8)
    while True:
        number += 1
        if number % 7 == 0:
            store.undo()
        # A projection's end, now and then; its label is the number by which the test finds it.
        projected = Latent(Space.W_PLUS, np.full((14, 128), number, np.float32))
        store.set_base(projected if number % 5 == 0 else SeedPoint(number), str(number))
        document.thumbnails[store.history.place] = b"\xff\xd8" + bytes(2000)
        autosave.write(document.snapshot(), origin=path)
        print("A", number, flush=True)
        if number % 3 == 0:
            save_document(document.snapshot(), path, paths)
            print("S", number, flush=True)
            save_png(exports / f"{number:06}.png", picture, recipe_of(store.session))


if __name__ == "__main__":
    main(*(Path(word) for word in sys.argv[1:4]))
