"""Weights of others that do not come with the program: fetched once, and checked."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from latent_studio.app.downloads import fetch
from latent_studio.core.errors import DownloadError
from latent_studio.methods.alignment import fan
from latent_studio.methods.alignment.fan import missing_fan_files
from latent_studio.methods.hub_file import hub_folder
from latent_studio.methods.projection import lpips_net
from latent_studio.methods.projection.lpips_net import missing_backbones

if TYPE_CHECKING:
    from latent_studio.core.jobs import CancelToken, Progress, ProgressSink
    from latent_studio.methods.hub_file import HubFile


def files_of(user_id: str) -> tuple[HubFile, ...]:
    """What a finder or a distance needs, there or not."""
    return fan.FAN_FILES if user_id == "fan" else (lpips_net.BACKBONES[user_id],)


def missing_files(user_id: str) -> tuple[HubFile, ...]:
    """What a finder or a distance lacks, by its id, such as ``"fan"`` or ``"lpips-vgg"``."""
    return missing_fan_files() if user_id == "fan" else missing_backbones(user_id)


def fetch_missing(user_id: str, progress: ProgressSink, cancel: CancelToken) -> None:
    """Fetch what a finder or a distance lacks. A download that stopped goes on.

    Args:
        user_id: such as ``"fan"`` or ``"lpips-vgg"``; what comes with the program lacks nothing.
        progress: told over all files together.
        cancel: looked at ten times a second.

    Raises:
        DownloadError: it cannot be had, or is another file than published; says how to go on without.
        Cancelled: a stop was asked for; what has arrived stays for the next try.
    """
    missing = missing_files(user_id)
    folder = hub_folder()
    total = sum(file.size_mb for file in missing)
    done = 0
    for file in missing:

        def report(one: Progress, done: int = done, size: int = file.size_mb) -> None:
            share = None if one.fraction is None else (done + one.fraction * size) / total
            progress(replace(one, fraction=share))

        try:
            fetch(file.url, folder / file.name, sha256=file.digits, progress=report, cancel=cancel)
        except DownloadError as error:
            raise DownloadError(error.title, hint=f"{error.hint} {_instead(user_id)}") from error
        done += file.size_mb


def _instead(user_id: str) -> str:
    if user_id == "fan":
        return "Until then the built-in finder (mtcnn) and marks by hand do without."
    return "Until then st-lpips, which comes with the program, does without."
