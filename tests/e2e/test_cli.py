"""Every verb as a process of its own, as a user starts it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.helpers.model_files import write_tiny_model

ENVIRONMENT = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "PYTHONWARNINGS": "error"}
WAIT_SECONDS = 100


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_model(tmp_path_factory.mktemp("models") / "tiny.safetensors")


def command(*words: object) -> list[str]:
    return [sys.executable, "-m", "latent_studio", *(str(word) for word in words)]


def environment(**more: str) -> dict[str, str]:
    return {**os.environ, **ENVIRONMENT, **more}


def run(*words: object, code: int = 0, **more: str) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        command(*words),
        capture_output=True,
        text=True,
        timeout=WAIT_SECONDS,
        env=environment(**more),
        check=False,
    )
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    return done


@pytest.mark.parametrize(
    "words", ["--help", "generate --help", "traverse --help", "model info --help", "--version"]
)
def test_help_imports_neither_torch_nor_qt(words: str) -> None:
    script = (
        "import sys\n"
        "from latent_studio.cli.main import main\n"
        f"code = main({words.split()!r})\n"
        "heavy = {'torch', 'PySide6', 'numpy', 'PIL', 'cv2', 'lpips'} & set(sys.modules)\n"
        "sys.exit(f'imported: {heavy}' if heavy else code)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "latent" in done.stdout.lower()


def test_the_bundled_model_is_known_by_name() -> None:
    facts = json.loads(run("model", "info", "portraits", "--json").stdout)
    assert facts["family"] == "stylegan2"
    assert facts["channels"] == 3


def test_generate_writes_the_files_it_names(model: Path, tmp_path: Path) -> None:
    done = run("generate", model, "--seeds", "0-2,40", "--psi", ".7", "--sheet", "--out", tmp_path / "out")
    names = [Path(line).name for line in done.stdout.splitlines()]
    assert names == ["seed0000.png", "seed0001.png", "seed0002.png", "seed0040.png", "sheet.png"]
    assert all((tmp_path / "out" / name).is_file() for name in names)
    assert "%" in done.stderr


def test_traverse_writes_the_same_film_in_every_process(model: Path, tmp_path: Path) -> None:
    words = [
        "traverse",
        model,
        "--seed",
        3,
        "--direction",
        "sefa:0",
        "--range",
        -3,
        3,
        "--frames",
        8,
        "--fps",
        30,
    ]
    for name in ("a.gif", "b.gif"):
        run(*words, "--layers", "0-3", "--out", tmp_path / name, "-q")
    assert (tmp_path / "a.gif").read_bytes() == (tmp_path / "b.gif").read_bytes()
    with Image.open(tmp_path / "a.gif") as image:
        assert image.n_frames == 8  # type: ignore[attr-defined]
        assert json.loads(image.info["comment"])["sweep"]["directions"][0]["rows"] == [0, 1, 2, 3]
    assert [path.name for path in tmp_path.iterdir() if path.suffix != ".gif"] == []


def test_sefa_writes_directions(model: Path, tmp_path: Path) -> None:
    run("sefa", model, "--variant", "rosinality", "--layers", "0-3", "--out", tmp_path / "d.npz")
    with np.load(tmp_path / "d.npz") as file:
        assert file["vectors"].shape == (16, 16)


def test_demo_renders_the_bundled_model(tmp_path: Path) -> None:
    done = run("demo", "--out", tmp_path / "demo")
    for line in done.stdout.splitlines():
        with Image.open(line) as image:
            assert np.asarray(image.convert("RGB")).std() > 10


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["frobnicate"], 2, "frobnicate"),
        (["generate", "{model}", "--seeds", "5-1", "--out", "{tmp}"], 2, "--seeds"),
        (["generate", "{model}", "--seeds", "1", "--class", "2", "--out", "{tmp}/o"], 2, "--class"),
        (["generate", "{tmp}/none.pkl", "--seeds", "1", "--out", "{tmp}/o"], 1, "none.pkl"),
        (["generate", "{model}", "--seeds", "1", "--device", "cuda:7", "--out", "{tmp}/o"], 1, "cuda"),
        (["traverse", "{model}", "--direction", "sefa:99", "--out", "{tmp}/a.gif"], 2, "sefa:99"),
        (
            ["traverse", "{model}", "--direction", "sefa:0", "--frames", "0", "--out", "{tmp}/a.gif"],
            2,
            "--frames",
        ),
        (["traverse", "{model}", "--direction", "sefa:0", "--out", "{tmp}/no/a.gif"], 1, "no folder"),
        (["sefa", "{model}", "--layers", "3-9", "--out", "{tmp}/d.npz"], 2, "--layers"),
        (["model", "info", "{tmp}"], 1, "folder"),
    ],
)
def test_bad_input_is_a_sentence_and_a_code(
    model: Path, tmp_path: Path, words: list[str], code: int, message: str
) -> None:
    done = run(*(word.format(model=model, tmp=tmp_path) for word in words), code=code)
    last = [line for line in done.stderr.splitlines() if line.startswith("latent-studio: ")]
    assert len(last) == 1
    assert message in last[0]
    assert done.stdout == ""
    assert not list(tmp_path.rglob("*.part"))


def test_without_a_screen_it_says_so() -> None:
    bare = {"QT_QPA_PLATFORM": "", "DISPLAY": "", "WAYLAND_DISPLAY": ""}
    done = run(code=1, **bare)
    assert done.stderr.startswith("latent-studio: There is no screen")
    assert "xvfb-run" in done.stderr
    assert len(done.stderr.splitlines()) == 2


@pytest.mark.skipif(os.name != "posix", reason="needs signals")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_ends_with_130_and_leaves_nothing(model: Path, tmp_path: Path, number: signal.Signals) -> None:
    words = command(
        "traverse", model, "--direction", "sefa:0", "--frames", "99999", "--out", tmp_path / "a.gif"
    )
    with subprocess.Popen(words, stderr=subprocess.PIPE, text=True, env=environment()) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if "Rendered" in line:
                break
        assert list(tmp_path.glob("*.part"))
        process.send_signal(number)
        _, err = process.communicate(timeout=WAIT_SECONDS)
    assert process.returncode == 130
    assert err.splitlines()[-1] == "latent-studio: Cancelled."
    assert list(tmp_path.iterdir()) == []


def test_a_reader_that_goes_away_is_no_traceback(model: Path) -> None:
    words = command("model", "info", model, "-q")
    with subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment()
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        err = process.stderr.read()
        process.wait(timeout=WAIT_SECONDS)
    assert "Traceback" not in err
    assert "Exception" not in err
