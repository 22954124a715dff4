"""The files around the code agree with each other."""

from __future__ import annotations

import re
import tomllib

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name


@pytest.fixture(scope="module")
def project(repo_root):
    return tomllib.loads((repo_root / "pyproject.toml").read_text())["project"]


@pytest.fixture(scope="module")
def pinned(repo_root):
    """Exact version of each package in constraints.txt."""
    lines = (repo_root / "constraints.txt").read_text().splitlines()
    pairs = [line.split("==") for line in lines if line and not line.startswith("#")]
    return {canonicalize_name(name): version for name, version in pairs}


def test_every_requirement_is_pinned_within_its_range(project, pinned):
    extras = project["optional-dependencies"]
    wanted = [Requirement(line) for line in [*project["dependencies"], *extras["test"], *extras["check"]]]

    wrong = [
        str(requirement)
        for requirement in wanted
        if not requirement.specifier.contains(pinned.get(canonicalize_name(requirement.name), "0"))
    ]

    assert wrong == []


def test_no_package_is_pinned_twice(repo_root, pinned):
    lines = [line for line in (repo_root / "constraints.txt").read_text().splitlines() if "==" in line]

    assert len(lines) == len(pinned)


def test_the_notice_names_every_package_we_use(repo_root, project):
    notice = (repo_root / "NOTICE").read_text()

    assert [name for line in project["dependencies"] if (name := Requirement(line).name) not in notice] == []


def test_the_readme_names_only_targets_that_exist(repo_root):
    targets = set(re.findall(r"^([a-z0-9]+):", (repo_root / "Makefile").read_text(), re.MULTILINE))
    texts = "".join((repo_root / name).read_text() for name in ("README.md", "CONTRIBUTING.md"))
    # Running text says "make" too, so only words in code count: four spaces or a back-tick before.
    calls = re.findall(r"(?:^    |`)make ((?:[a-z0-9]+ ?)+)", texts, re.MULTILINE)
    named = {word for words in calls for word in words.split()}

    assert {"run", "test"} <= named <= targets


def test_decisions_are_numbered_without_gaps_and_listed(repo_root):
    folder = repo_root / "docs" / "adr"
    files = sorted(path.name for path in folder.glob("[0-9]*.md"))
    index = (folder / "README.md").read_text()

    assert [name[:4] for name in files] == [f"{number:04d}" for number in range(1, len(files) + 1)]
    assert [name for name in files if f"({name})" not in index] == []
