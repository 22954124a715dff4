"""The fragments in changelog.d: ``check`` them, or ``collect`` them into CHANGELOG.md at a release."""

from __future__ import annotations

import argparse
import datetime
import re
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tracked import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

KINDS = ("added", "changed", "fixed", "removed", "security")
#: New releases go below this line of CHANGELOG.md.
MARK = "<!-- releases -->"
_NAME = re.compile(rf"(?P<issue>\d+)(?:-[a-z0-9-]+)?\.(?P<kind>{'|'.join(KINDS)})\.md")


class FragmentProblem(Exception):
    """A fragment that breaks the rule, in one sentence."""


@dataclass(frozen=True)
class Fragment:
    """One change, as users will read it.

    Attributes:
        issue: number of the issue it belongs to.
        kind: one of ``KINDS``.
        text: one or more sentences, on one line.
    """

    issue: int
    kind: str
    text: str

    @classmethod
    def read(cls, path: Path) -> Fragment:
        """Read and check one file.

        Raises:
            FragmentProblem: its name or text breaks the rule.
        """
        name = _NAME.fullmatch(path.name)
        if name is None:
            raise FragmentProblem(
                f"{path.name} is not named NUMBER[-words].KIND.md with a KIND of {', '.join(KINDS)}."
            )
        text = " ".join(path.read_text(encoding="utf-8").split())
        if not text or text[0] in "#-*" or text[-1] != ".":
            raise FragmentProblem(f"{path.name} must be plain sentences that end with a full stop.")
        return cls(int(name["issue"]), name["kind"], text)


def read_fragments(folder: Path) -> tuple[list[Fragment], list[str]]:
    """Fragments of a folder in order of issues, and what is wrong with the rest."""
    fragments, problems = [], []
    for path in sorted(folder.iterdir()):
        if path.name == "README.md":
            continue
        try:
            fragments.append(Fragment.read(path))
        except FragmentProblem as problem:
            problems.append(str(problem))
    return sorted(fragments, key=lambda fragment: fragment.issue), problems


def release_text(fragments: Iterable[Fragment], *, version: str, date: str) -> str:
    """The chapter of one release."""
    fragments = list(fragments)
    lines = [f"## {version} ({date})", ""]
    for kind in KINDS:
        chosen = [fragment for fragment in fragments if fragment.kind == kind]
        if chosen:
            lines += [f"### {kind.capitalize()}", ""]
            lines += [f"- {fragment.text} (#{fragment.issue})" for fragment in chosen]
            lines.append("")
    return "\n".join(lines)


def collect(root: Path, *, version: str, date: str) -> None:
    """Move the fragments into CHANGELOG.md.

    Raises:
        FragmentProblem: a fragment breaks the rule, there are none, or the changelog has lost its mark.
    """
    fragments, problems = read_fragments(root / "changelog.d")
    if problems or not fragments:
        raise FragmentProblem("\n".join(problems) or "There are no fragments to collect.")
    changelog = root / "CHANGELOG.md"
    before, mark, after = changelog.read_text(encoding="utf-8").partition(MARK)
    if not mark:
        raise FragmentProblem(f"CHANGELOG.md has no line {MARK}.")
    chapter = release_text(fragments, version=version, date=date)
    changelog.write_text(f"{before}{MARK}\n\n{chapter}{after}", encoding="utf-8")
    for path in (root / "changelog.d").iterdir():
        if path.name != "README.md":
            path.unlink()


def main(words: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("check", help="check names and texts")
    collecting = verbs.add_parser("collect", help="move the fragments into CHANGELOG.md")
    collecting.add_argument("version")
    arguments = parser.parse_args(words)
    if arguments.verb == "check":
        _, problems = read_fragments(ROOT / "changelog.d")
        print("\n".join(problems))
        return 1 if problems else 0
    try:
        collect(ROOT, version=arguments.version, date=datetime.date.today().isoformat())
    except FragmentProblem as problem:
        print(problem, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
