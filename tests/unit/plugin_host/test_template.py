"""What ``plugin new`` writes passes its own tests, in a process of its own as its author would run them."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from latent_studio.core.errors import ExportError, OptionError
from latent_studio.plugin_host.template import TEMPLATE_KINDS, TemplateKind, write_template
from tests.helpers.plugins import host_of

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.slow
def test_new_plugins_pass_their_own_tests(tmp_path: Path, repo_root: Path) -> None:
    folders = [write_template(tmp_path / f"red-{kind}", f"red-{kind}", kind) for kind in TEMPLATE_KINDS]
    # Their tests have one name, which only this way of importing allows in one process.
    flags = ["-q", "-W", "error", "-p", "no:cacheprovider", "--import-mode=importlib"]
    run = subprocess.run(
        [sys.executable, "-m", "pytest", *flags, *map(str, folders)],
        cwd=tmp_path,
        env=_environment(repo_root),
        capture_output=True,
        text=True,
        timeout=110,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert f"{len(folders)} passed" in run.stdout


@pytest.mark.parametrize("kind", TEMPLATE_KINDS)
def test_a_new_plugin_can_be_enabled(kind: TemplateKind, tmp_path: Path) -> None:
    write_template(tmp_path / "mine" / "red-lines", "red-lines", kind)
    status = host_of(tmp_path, tmp_path / "mine").enable("red-lines")
    assert (status.state, status.name, status.problem) == ("on", "Red lines", "")


def test_what_is_there_is_not_written_over(tmp_path: Path) -> None:
    write_template(tmp_path / "a", "a", "exporter")
    with pytest.raises(ExportError, match="there already"):
        write_template(tmp_path / "a", "a", "dock")


def test_a_name_that_can_be_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="hyphens"):
        write_template(tmp_path / "x", "../x", "exporter")
    assert not list(tmp_path.iterdir())


def _environment(repo_root: Path) -> dict[str, str]:
    import os

    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    return {**kept, "PYTHONPATH": str(repo_root), "QT_QPA_PLATFORM": "offscreen"}
