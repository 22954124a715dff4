"""doctor: what probes find becomes a text for a report; a failing probe is a finding."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from latent_studio.app.probes.finding import Finding
from latent_studio.app.tasks import doctor
from latent_studio.app.tasks.doctor import DoctorOptions, DoctorResult, Probe, run_doctor
from latent_studio.core.errors import DeviceUnavailableError
from latent_studio.core.jobs import Cancelled, CancelToken, Progress, ignore_progress

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from latent_studio.app.probes.finding import Examination
    from latent_studio.app.studio import Studio

GOOD = Finding("disk", "ok", "turns")
POOR = Finding("lamp", "warn", "flickers", "Change it.")
BROKEN = Finding("wire", "bad", "is cut", "Solder it.")


@pytest.fixture
def put(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Put functions in place of the probes."""

    def put(*looks: Callable[[Examination], Iterator[Finding]]) -> None:
        for number, look in enumerate(looks):
            monkeypatch.setattr(doctor, f"probe_{number}", look, raising=False)
        monkeypatch.setattr(
            doctor,
            "PROBES",
            tuple(Probe(f"part {n}", f"{doctor.__name__}:probe_{n}") for n in range(len(looks))),
        )

    return put


def finds(*findings: Finding) -> Callable[[Examination], Iterator[Finding]]:
    return lambda examination: iter(findings)


def run(studio: Studio, *, as_json: bool = False) -> DoctorResult:
    return run_doctor(studio, DoctorOptions(json=as_json), ignore_progress, CancelToken())


def test_findings_are_lined_up_with_their_hints(studio: Studio, put) -> None:
    put(finds(GOOD), finds(POOR, BROKEN))

    assert run(studio).lines == (
        "Latent Studio self-test",
        "ok    disk  turns",
        "warn  lamp  flickers",
        "            hint: Change it.",
        "bad   wire  is cut",
        "            hint: Solder it.",
        "1 problem, 1 warning.",
    )


@pytest.mark.parametrize(
    ("findings", "is_good", "summary"),
    [
        ((GOOD,), True, "No problems, no warnings."),
        ((POOR, POOR), True, "No problems, 2 warnings."),
        ((GOOD, BROKEN), False, "1 problem, no warnings."),
    ],
)
def test_only_what_is_bad_makes_it_fail(studio: Studio, put, findings, is_good: bool, summary: str) -> None:
    put(finds(*findings))

    result = run(studio)

    assert (result.is_good, result.summary) == (is_good, summary)


def test_json_says_the_same(studio: Studio, put) -> None:
    put(finds(GOOD, BROKEN))

    (text,) = run(studio, as_json=True).lines

    facts = json.loads(text)
    assert facts["is_good"] is False
    assert facts["findings"][1] == {"name": "wire", "state": "bad", "fact": "is cut", "hint": "Solder it."}


def test_a_probe_that_fails_keeps_what_it_found_and_stops_no_other(studio: Studio, put) -> None:
    def unlucky(examination: Examination) -> Iterator[Finding]:
        yield GOOD
        raise RuntimeError("the bus left\nwithout us")

    def refused(examination: Examination) -> Iterator[Finding]:
        raise DeviceUnavailableError("cuda:7 is not there.", hint="Choose cpu.")
        yield GOOD

    put(unlucky, refused, finds(POOR))

    found = run(studio).findings

    assert [(one.name, one.state) for one in found] == [
        ("disk", "ok"),
        ("part 0", "bad"),
        ("part 1", "bad"),
        ("lamp", "warn"),
    ]
    assert found[1].fact == "cannot be looked at: RuntimeError: the bus left"
    assert (found[2].fact, found[2].hint) == ("cuda:7 is not there.", "Choose cpu.")


def test_a_probe_that_is_not_there_is_a_finding(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "PROBES", (Probe("attic", "latent_studio.no_such:look"),))

    (found,) = run(studio).findings

    assert (found.name, found.state) == ("attic", "bad")


def test_the_text_names_neither_the_user_nor_the_machine(
    studio: Studio, put, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "anna"))
    put(finds(Finding("a", "ok", f"{tmp_path}/anna/models/cat.pkl", f"see {tmp_path}/anna2/secret/notes")))

    text = "\n".join(run(studio).lines)

    assert "~/models/cat.pkl" in text
    assert "…/notes" in text
    assert "anna" not in text


def test_progress_grows_to_one(studio: Studio, put) -> None:
    def talks(examination: Examination) -> Iterator[Finding]:
        examination.report(0.5, "half")
        yield GOOD

    put(talks, talks)
    seen: list[Progress] = []

    run_doctor(studio, DoctorOptions(), seen.append, CancelToken())

    assert [report.fraction for report in seen] == [0.0, 0.25, 0.5, 0.75, 1.0]


def test_it_stops_within_a_probe_when_asked(studio: Studio, put) -> None:
    token = CancelToken()

    def long(examination: Examination) -> Iterator[Finding]:
        yield GOOD
        token.cancel()
        examination.cancel.check()

    put(long, finds(POOR))

    with pytest.raises(Cancelled):
        run_doctor(studio, DoctorOptions(), ignore_progress, token)
