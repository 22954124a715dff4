"""The window's texts: ``check`` the language files, or print a ``template`` with what one still lacks."""

from __future__ import annotations

import argparse
import ast
import json
import re
import sys
from typing import TYPE_CHECKING

from tracked import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

SOURCES = ROOT / "latent_studio"
LANGUAGES = ROOT / "resources" / "languages"
#: What is filled in later.
_PLACE = re.compile(r"\{[^{}]*\}")
#: Calls whose argument is a text, and where among the arguments it stands.
_CALLS = {"tr": 0, "_tr": 0, "marked": 0, "translate": 1}


def window_texts(folder: Path = SOURCES) -> dict[str, str]:
    """Every text of the window, and where it stands first."""
    found: dict[str, str] = {}
    for path in sorted(folder.rglob("*.py")):
        for text, line in texts_of(path.read_text(encoding="utf-8")):
            found.setdefault(text, f"{path.relative_to(folder.parent)}:{line}")
    return found


def texts_of(source: str) -> Iterator[tuple[str, int]]:
    """Texts in one file, with their lines: of calls, and of the options that forms show."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        name = _name(node.func)
        place = _CALLS.get(name)
        if place is not None and len(node.args) == place + 1:
            yield from _constant(node.args[place])
        elif name == "option":
            for keyword in node.keywords:
                if keyword.arg in ("help", "label"):
                    yield from _constant(keyword.value)


def untranslatable(source: str) -> Iterator[tuple[str, int]]:
    """Calls that build their text, so that no catalogue can have it."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            place = _CALLS.get(_name(node.func))
            if place is not None and len(node.args) == place + 1:
                given = node.args[place]
                if not isinstance(given, ast.Constant | ast.Name | ast.Attribute):
                    yield ast.unparse(given), node.lineno


def problems_of(path: Path, texts: dict[str, str]) -> list[str]:
    """What is wrong in a language file: texts nobody says any more, and places in braces that differ."""
    read = json.loads(path.read_text(encoding="utf-8"))
    problems = []
    for group in (read["texts"], *read.get("contexts", {}).values()):
        for english, said in group.items():
            if english not in texts:
                problems.append(f"{path.name}: nobody says {english!r} any more")
            elif said and sorted(_PLACE.findall(said)) != sorted(_PLACE.findall(english)):
                problems.append(f"{path.name}: {said!r} fills in other things than {english!r}")
    return problems


def missing_in(path: Path, texts: dict[str, str]) -> list[str]:
    """Texts a language file has no translation for."""
    read = json.loads(path.read_text(encoding="utf-8"))
    there = {english for english, said in read["texts"].items() if said}
    for group in read.get("contexts", {}).values():
        there |= set(group)
    return [text for text in texts if text not in there]


def _name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def _constant(node: ast.expr) -> Iterator[tuple[str, int]]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value:
        yield node.value, node.lineno


def main(words: Sequence[str] | None = None) -> int:
    """Run one of the two."""
    parser = argparse.ArgumentParser(description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("check", help="find texts that are gone or differ, and count what is missing")
    template = verbs.add_parser("template", help="print what a language lacks, ready to fill in")
    template.add_argument("code", help="of the language: de, pt_BR")
    given = parser.parse_args(words)
    texts = window_texts()
    if given.verb == "template":
        path = LANGUAGES / f"{given.code}.json"
        lacking = missing_in(path, texts) if path.exists() else list(texts)
        whole = {"name": given.code, "texts": dict.fromkeys(lacking, "")}
        print(json.dumps(whole, indent=2, ensure_ascii=False))
        return 0
    problems = []
    for source in sorted((SOURCES / "ui").rglob("*.py")):
        for built, line in untranslatable(source.read_text(encoding="utf-8")):
            problems.append(f"{source.relative_to(ROOT)}:{line}: a text that is built: {built}")
    for path in sorted(LANGUAGES.glob("*.json")):
        problems += problems_of(path, texts)
        lacking = missing_in(path, texts)
        print(f"{path.name}: {len(texts) - len(lacking)} of {len(texts)} texts")
    for problem in problems:
        print(problem)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
