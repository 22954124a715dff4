"""warp info: what a folder of a training holds, ours or the published program's."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from latent_studio.core.options import check_options, option

if TYPE_CHECKING:
    from collections.abc import Mapping

    from latent_studio.app.studio import Studio
    from latent_studio.core.jobs import CancelToken, ProgressSink


@dataclass(frozen=True, slots=True)
class WarpInfoOptions:
    """Which training, and how to say it."""

    run: Path = option(help="The folder of a training.", positional=True, metavar="RUN")
    json: bool = option(False, help="As JSON, for other programs.")


@dataclass(frozen=True, slots=True)
class WarpInfoResult:
    """A training's facts.

    Attributes:
        facts: in the order to show them.
        as_json: what ``lines`` should look like.
    """

    facts: Mapping[str, object]
    as_json: bool = False

    @property
    def lines(self) -> tuple[str, ...]:
        """A table for people, or one JSON object."""
        if self.as_json:
            return (json.dumps(self.facts, indent=2, ensure_ascii=False),)
        return tuple(f"{name:<22} {_shown(value)}" for name, value in self.facts.items())


def run_warp_info(
    studio: Studio, options: WarpInfoOptions, progress: ProgressSink, cancel: CancelToken
) -> WarpInfoResult:
    """Read the folder's files; opens no model.

    Raises:
        InputError: it is no folder of a training.
    """
    from latent_studio.methods.warp.runs import OURS, WarpRun, read_published_args, read_stats

    check_options(options)
    args = dict(read_published_args(options.run))
    ours = args.pop(OURS, None)
    facts: dict[str, object] = {"trained by": "WarpedGANSpace"}
    if isinstance(ours, dict):
        model = ours.get("model", {})
        facts = {
            "trained by": ours.get("program", "Latent Studio"),
            "model": model.get("name", ""),
            "model sha256": model.get("sha256", ""),
        }
        args = {**args, **ours.get("settings", {})}
        facts["checkpoint"] = WarpRun(options.run).last_iteration
    stats = read_stats(options.run)
    if stats:
        last = max(stats)
        facts["last entry"] = last
        facts |= stats[last]
    return WarpInfoResult({**facts, **args}, options.json)


def _shown(value: object) -> str:
    match value:
        case None:
            return "-"
        case bool():
            return "yes" if value else "no"
        case float():
            return f"{value:.4g}"
        case list():
            return ", ".join(str(one) for one in value) or "-"
    return str(value)
