"""The wheel holds everything the program needs away from its sources."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile

import pytest

pytest.importorskip("hatchling", reason="needed to build without a network")
pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def wheel(repo_root, tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [
            sys.executable,
            "-m",
            "pip",
            "wheel",
            "--quiet",
            "--no-deps",
            "--no-build-isolation",
            "-w",
            folder,
            ".",
        ],
        cwd=repo_root,
        check=True,
    )
    (path,) = folder.glob("*.whl")
    return path


def test_the_wheel_holds_models_icons_styles_and_licences(wheel):
    names = zipfile.ZipFile(wheel).namelist()

    for part in (
        "latent_studio/py.typed",
        "latent_studio/resources/models/portraits/portraits.safetensors",
        "latent_studio/resources/icons/app.svg",
        "latent_studio/resources/styles/window.qss",
        "latent_studio/plugins/README.md",
        "/licenses/LICENSE",
        "/licenses/NOTICE",
    ):
        assert any(name.endswith(part) for name in names), part
    # A new plugin's template has a test in it.
    ours = [name for name in names if "/templates/" not in name]
    assert not [name for name in ours if "tests" in name.split("/") or "__pycache__" in name]


def test_the_bundled_model_opens_from_the_wheel_alone(wheel, tmp_path):
    zipfile.ZipFile(wheel).extractall(tmp_path / "site")

    run = subprocess.run(
        [sys.executable, "-m", "latent_studio", "model", "info", "portraits", "--json"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path / "site")},
        capture_output=True,
        text=True,
    )

    assert run.returncode == 0, run.stderr
    assert '"stylegan2"' in run.stdout
