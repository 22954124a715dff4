"""Rules that every source file keeps."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

REPO = Path(__file__).resolve().parents[2]
PACKAGE = REPO / "latent_studio"
MODULES = sorted(PACKAGE.rglob("*.py"))
SCRIPTS = sorted([*(REPO / "scripts").glob("*.py"), *(REPO / "benchmarks").glob("*.py")])

#: Calls that run what they read, or can be made to.
RUNS_DATA = {
    "eval",
    "exec",
    "__import__",
    "pickle.load",
    "pickle.loads",
    "pickle.Unpickler",
    "pickle._Unpickler",
    "_pickle.load",
    "_pickle.loads",
    "_pickle.Unpickler",
    "marshal.load",
    "marshal.loads",
    "shelve.open",
    "joblib.load",
    "dill.load",
    "dill.loads",
    "cloudpickle.load",
    "cloudpickle.loads",
    "torch.load",
    "torch.jit.load",
    "torch.hub.load",
    "yaml.load",
    "yaml.unsafe_load",
    "os.system",
    "os.popen",
}
#: What the one door to weights may use of these: an unpickler whose names are looked up by us.
ALLOWED_IN_CHECKPOINTS = {"pickle._Unpickler"}


def relative(path):
    return path.relative_to(REPO).as_posix()


def dangerous_names(source):
    """Dangerous functions that a source names, by their full names, however they were imported.

    ``numpy.load`` counts where it allows pickles, and ``subprocess`` where it starts a shell.
    """
    tree = ast.parse(source)
    aliases = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for name in node.names:
                aliases[name.asname or name.name.partition(".")[0]] = (
                    name.name if name.asname else name.name.partition(".")[0]
                )
        elif isinstance(node, ast.ImportFrom) and node.module:
            for name in node.names:
                aliases[name.asname or name.name] = f"{node.module}.{name.name}"

    def full_name(node):
        if isinstance(node, ast.Name):
            return aliases.get(node.id, node.id)
        if isinstance(node, ast.Attribute):
            owner = full_name(node.value)
            return f"{owner}.{node.attr}" if owner else ""
        return ""

    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name | ast.Attribute):
            name = full_name(node).removeprefix("builtins.")
            if name in RUNS_DATA:
                found.add(name)
        elif isinstance(node, ast.Call):
            for keyword in node.keywords:
                is_off = isinstance(keyword.value, ast.Constant) and not keyword.value.value
                if keyword.arg in ("allow_pickle", "shell") and not is_off:
                    found.add(f"{full_name(node.func)}({keyword.arg}=…)")
    return found


@pytest.mark.parametrize("path", [*MODULES, *SCRIPTS], ids=relative)
def test_a_module_says_in_a_docstring_what_it_is_for(path):
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))

    assert docstring, f"{relative(path)} has no docstring"
    assert docstring.splitlines()[0].endswith("."), f"{relative(path)}: the first line is no sentence"


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_nothing_runs_what_it_reads(path):
    found = dangerous_names(path.read_text(encoding="utf-8"))
    if path.is_relative_to(PACKAGE / "checkpoints"):
        found -= ALLOWED_IN_CHECKPOINTS

    assert not found


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("eval('1')", "eval"),
        ("f = exec", "exec"),
        ("import builtins\nbuiltins.eval('1')", "eval"),
        ("import pickle\npickle.load(f)", "pickle.load"),
        ("import pickle as p\np.loads(b)", "pickle.loads"),
        ("from pickle import load as read\nread(f)", "pickle.load"),
        ("from pickle import Unpickler\nclass U(Unpickler): ...", "pickle.Unpickler"),
        ("def f():\n    import torch\n    return torch.load(p, weights_only=True)", "torch.load"),
        ("from torch import jit\njit.load(p)", "torch.jit.load"),
        ("import torch.hub\ntorch.hub.load(p)", "torch.hub.load"),
        ("import numpy as np\nnp.load(p, allow_pickle=True)", "numpy.load(allow_pickle=…)"),
        ("import numpy as np\nnp.load(p, allow_pickle=flag)", "numpy.load(allow_pickle=…)"),
        ("import subprocess\nsubprocess.run(c, shell=True)", "subprocess.run(shell=…)"),
    ],
)
def test_a_dangerous_call_is_seen_however_it_is_written(source, name):
    assert dangerous_names(source) == {name}


@pytest.mark.parametrize(
    "source",
    [
        "model.eval()",
        "self.exec()",
        "from PySide6.QtWidgets import QDialog\nQDialog().exec()",
        "import json\njson.load(f)",
        "import numpy as np\nnp.load(p, allow_pickle=False)",
        "import pickle\npickle.dumps(x)",
        "import safetensors.torch\nsafetensors.torch.load(b)",
    ],
)
def test_a_harmless_call_is_not_taken_for_a_dangerous_one(source):
    assert dangerous_names(source) == set()
