"""Check that every relative link and picture in the Markdown files leads somewhere. Uses no network."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING
from urllib.parse import unquote

from tracked import ROOT, tracked_files

if TYPE_CHECKING:
    from pathlib import Path

_FENCE = re.compile(r"^(```|~~~).*?^\1", re.DOTALL | re.MULTILINE)
_CODE = re.compile(r"`[^`\n]*`")
_INLINE = re.compile(r"\]\(\s*<?([^)\s>]+)")
_REFERENCE = re.compile(r"^\[[^\]]+\]:\s*(\S+)", re.MULTILINE)
_HTML = re.compile(r"""(?:src|href)=["']([^"']+)["']""")
_HEADING = re.compile(r"^#+\s+(.*?)\s*#*$", re.MULTILINE)
_ELSEWHERE = re.compile(r"^[a-z][a-z0-9+.-]*:", re.IGNORECASE)


def targets(text: str) -> list[str]:
    """Link targets of a Markdown text, without those inside code."""
    prose = _CODE.sub("", _FENCE.sub("", text))
    return [found for pattern in (_INLINE, _REFERENCE, _HTML) for found in pattern.findall(prose)]


def anchors(text: str) -> set[str]:
    """Names that the headings of a Markdown text can be linked by."""
    found: set[str] = set()
    for heading in _HEADING.findall(_FENCE.sub("", text)):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()
        name = re.sub(r"[^\w\- ]", "", plain).replace(" ", "-")
        number = 1
        unique = name
        while unique in found:
            unique = f"{name}-{number}"
            number += 1
        found.add(unique)
    return found


def broken_links(path: Path) -> list[str]:
    """Targets in a Markdown file that lead nowhere."""
    broken = []
    for target in targets(path.read_text(encoding="utf-8")):
        if _ELSEWHERE.match(target):
            continue
        name, _, anchor = target.partition("#")
        aim = path.parent / unquote(name) if name else path
        if not aim.exists():
            broken.append(target)
        elif anchor and aim.suffix == ".md" and anchor not in anchors(aim.read_text(encoding="utf-8")):
            broken.append(target)
    return broken


def main() -> int:
    bad = False
    for path in tracked_files():
        if path.suffix == ".md":
            for target in broken_links(path):
                print(f"{path.relative_to(ROOT)}: {target} leads nowhere")
                bad = True
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
