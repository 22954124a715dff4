"""Weights of face finders that do not come with the program: fetched once, and checked."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from latent_studio.app.downloads import fetch
from latent_studio.core.errors import DownloadError
from latent_studio.methods.alignment import fan

if TYPE_CHECKING:
    from latent_studio.core.jobs import CancelToken, Progress, ProgressSink


def fetch_face_weights(finder_id: str, progress: ProgressSink, cancel: CancelToken) -> None:
    """Fetch what a finder lacks; nothing for one that has all it needs. A download that stopped goes on.

    Args:
        finder_id: such as ``"fan"``.
        progress: told over all files together.
        cancel: looked at ten times a second.

    Raises:
        DownloadError: it cannot be had, or is another file than published; says how to go on without.
        Cancelled: a stop was asked for; what has arrived stays for the next try.
    """
    if finder_id != "fan":
        return
    folder = fan.fan_folder()
    missing = fan.missing_fan_files(folder)
    total = sum(file.size_mb for file in missing)
    done = 0
    for file in missing:

        def report(one: Progress, done: int = done, size: int = file.size_mb) -> None:
            share = None if one.fraction is None else (done + one.fraction * size) / total
            progress(replace(one, fraction=share))

        try:
            fetch(file.url, folder / file.name, sha256=file.digits, progress=report, cancel=cancel)
        except DownloadError as error:
            raise DownloadError(
                error.title,
                hint=f"{error.hint} Until then the built-in finder (mtcnn) and marks by hand do without.",
            ) from error
        done += file.size_mb
