"""``latent-studio doctor`` as a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def doctor(*words: object, **more: str) -> subprocess.CompletedProcess[str]:
    environment = {
        **os.environ,
        "OMP_NUM_THREADS": "1",
        "PYTHONWARNINGS": "error",
        "QT_QPA_PLATFORM": "offscreen",
        **more,
    }
    return subprocess.run(
        [sys.executable, "-m", "latent_studio", "doctor", *(str(word) for word in words)],
        capture_output=True,
        text=True,
        timeout=100,
        env=environment,
        check=False,
    )


def test_a_sound_machine_gets_a_report_without_its_places(tmp_path: Path) -> None:
    home = tmp_path / "anna"
    home.mkdir()
    done = doctor("--profile", home / "profile", "--device", "cpu", HOME=str(home))

    assert done.returncode == 0, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    assert lines[0] == "Latent Studio self-test"
    assert lines[-1].startswith("No problems, ")
    assert any(line.startswith("ok    stored picture") for line in lines)
    assert "~/profile/config" in done.stdout
    assert "anna" not in done.stdout
    assert str(tmp_path) not in done.stdout
    assert "100 %" in done.stderr


def test_what_is_bad_is_named_and_ends_with_one(tmp_path: Path) -> None:
    (tmp_path / "profile").mkdir()
    (tmp_path / "profile" / "data").write_text("in the way")

    done = doctor("--json", "--quiet", "--device", "cpu", "--profile", tmp_path / "profile")

    facts = json.loads(done.stdout)
    assert done.returncode == 1
    assert done.stderr == ""
    assert [one["name"] for one in facts["findings"] if one["state"] == "bad"] == ["data folder"]


def test_help_imports_neither_torch_nor_qt() -> None:
    script = (
        "import sys\n"
        "from latent_studio.cli.main import main\n"
        "code = main(['doctor', '--help'])\n"
        "heavy = {'torch', 'PySide6', 'numpy', 'PIL', 'cv2', 'lpips'} & set(sys.modules)\n"
        "sys.exit(f'imported: {heavy}' if heavy else code)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


def test_the_probes_import_none_of_the_packages_they_look_at(tmp_path: Path) -> None:
    script = (
        "import sys\n"
        "from latent_studio.cli.main import main\n"
        f"main(['doctor', '-q', '--device', 'cpu', '--profile', {str(tmp_path / 'p')!r}])\n"
        "looked = {'torchvision', 'PySide6', 'cv2', 'lpips', 'face_alignment'} & set(sys.modules)\n"
        "sys.exit(f'imported: {looked}' if looked else 0)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stderr
