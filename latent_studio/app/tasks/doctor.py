"""doctor: a self-test whose text can be pasted into a report."""

from __future__ import annotations

import json
import logging
from dataclasses import asdict, dataclass
from importlib import import_module
from typing import TYPE_CHECKING, cast

from latent_studio import __version__
from latent_studio.app.probes.finding import Examination, Finding
from latent_studio.app.probes.privacy import without_places
from latent_studio.core.errors import Cancelled, LatentStudioError
from latent_studio.core.jobs import Progress
from latent_studio.core.options import check_options, option

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from latent_studio.app.probes.finding import Look
    from latent_studio.app.studio import Studio
    from latent_studio.core.jobs import CancelToken, ProgressSink

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class DoctorOptions:
    """How to say it."""

    json: bool = option(False, help="As JSON, for other programs.")


@dataclass(frozen=True, slots=True)
class DoctorResult:
    """What was found.

    Attributes:
        findings: in the order they are shown; without names of users and places.
        as_json: what ``lines`` should look like.
    """

    findings: tuple[Finding, ...]
    as_json: bool = False

    @property
    def is_good(self) -> bool:
        """Whether nothing is bad; warnings do not count."""
        return not self._count("bad")

    @property
    def summary(self) -> str:
        """One sentence."""
        bad, warnings = self._count("bad"), self._count("warn")
        problems = f"{bad or 'No'} problem{'' if bad == 1 else 's'}"
        return f"{problems}, {warnings or 'no'} warning{'' if warnings == 1 else 's'}."

    @property
    def lines(self) -> tuple[str, ...]:
        """A table for people and reports, or one JSON object."""
        if self.as_json:
            facts = {
                "version": __version__,
                "is_good": self.is_good,
                "findings": [asdict(finding) for finding in self.findings],
            }
            return (json.dumps(facts, indent=2, ensure_ascii=False),)
        width = max((len(finding.name) for finding in self.findings), default=0)
        rows = ["Latent Studio self-test"]
        for finding in self.findings:
            rows.append(f"{finding.state:<4}  {finding.name:<{width}}  {finding.fact}")
            if finding.hint:
                rows.append(f"{'':<4}  {'':<{width}}  hint: {finding.hint}")
        return (*rows, self.summary)

    def _count(self, state: str) -> int:
        return sum(finding.state == state for finding in self.findings)


@dataclass(frozen=True, slots=True)
class Probe:
    """One part of the self-test.

    Attributes:
        name: of what it looks at; names the finding when the probe itself fails.
        look: dotted name of the function, ``package.module:function``; imported when its turn comes.
        share: of the whole time, in parts.
    """

    name: str
    look: str
    share: int = 1

    def load(self) -> Look:
        """The function."""
        module, _, name = self.look.partition(":")
        return cast("Look", getattr(import_module(module), name))


_PROBES = "latent_studio.app.probes"

#: In the order of the report.
PROBES: tuple[Probe, ...] = (
    Probe("system", f"{_PROBES}.system:look_at_system"),
    Probe("computing", f"{_PROBES}.computing:look_at_computing", share=10),
    Probe("bundled model", f"{_PROBES}.pictures:look_at_pictures", share=10),
    Probe("window", f"{_PROBES}.window:look_at_window", share=2),
    Probe("packages", f"{_PROBES}.packages:look_at_packages"),
    Probe("encoders", f"{_PROBES}.encoders:look_at_encoders"),
    Probe("folders", f"{_PROBES}.folders:look_at_folders"),
)


def run_doctor(
    studio: Studio, options: DoctorOptions, progress: ProgressSink, cancel: CancelToken
) -> DoctorResult:
    """Look at everything. A part that fails is a finding and does not stop the others.

    Raises:
        Cancelled: a stop was asked for.
    """
    check_options(options)
    total = sum(probe.share for probe in PROBES)
    done = 0
    findings: list[Finding] = []
    for probe in PROBES:
        cancel.check()

        def report(fraction: float, message: str, before: int = done, share: int = probe.share) -> None:
            progress(Progress((before + share * fraction) / total, message))

        report(0.0, f"Looking at the {probe.name}")
        findings.extend(_findings(probe, Examination(studio, cancel, report)))
        done += probe.share
    progress(Progress(1.0, "Looked at everything"))
    return DoctorResult(tuple(_private(findings)), options.json)


def _findings(probe: Probe, examination: Examination) -> Iterator[Finding]:
    """What a probe finds; if it fails, what it found so far and how it failed."""
    try:
        yield from probe.load()(examination)
    except Cancelled:
        raise
    except LatentStudioError as error:
        yield Finding(probe.name, "bad", error.title, error.hint)
    except Exception as error:
        # A border: a self-test that ends at the first surprise says nothing about the rest.
        log.info("the probe of the %s failed", probe.name, exc_info=True)
        said = next(iter(str(error).strip().splitlines()), "")
        yield Finding(
            probe.name,
            "bad",
            f"cannot be looked at: {type(error).__name__}{': ' if said else ''}{said}",
            "Run `latent-studio doctor -v` and report what it prints.",
        )


def _private(findings: Iterable[Finding]) -> Iterator[Finding]:
    for finding in findings:
        yield Finding(finding.name, finding.state, without_places(finding.fact), without_places(finding.hint))
