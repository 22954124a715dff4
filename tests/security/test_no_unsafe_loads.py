"""No module of the package may load pickles or run text: checked in the source, module by module."""

import ast
from pathlib import Path

import pytest

import latent_studio

PACKAGE = Path(latent_studio.__file__).parent
MODULES = sorted(PACKAGE.glob("**/*.py"))

FORBIDDEN_IMPORTS = {"pickle", "_pickle", "cPickle", "dill", "cloudpickle", "joblib", "shelve", "marshal"}
FORBIDDEN_BUILTINS = {"eval", "exec", "compile", "__import__"}
FORBIDDEN_CALLS = {
    "pickle.load",
    "pickle.loads",
    "torch.load",
    "torch.hub.load",
    "torch.jit.load",
    "torch.package.PackageImporter",
    "numpy.lib.format.read_array",
    "runpy.run_path",
    "runpy.run_module",
    "os.system",
}


def dotted(node):
    parts = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else ""


def offences(source):
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found += [name.name for name in node.names if name.name.split(".")[0] in FORBIDDEN_IMPORTS]
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [f"{node.module}.{name.name}" for name in node.names]
            found += [
                name for name in names if name.split(".")[0] in FORBIDDEN_IMPORTS or name in FORBIDDEN_CALLS
            ]
        if isinstance(node, ast.Call):
            if isinstance(node.func, ast.Name) and node.func.id in FORBIDDEN_BUILTINS:
                found.append(node.func.id)
            if dotted(node.func) in FORBIDDEN_CALLS:
                found.append(dotted(node.func))
            for keyword in node.keywords:
                allowed = isinstance(keyword.value, ast.Constant) and keyword.value.value is False
                if keyword.arg == "allow_pickle" and not allowed:
                    found.append("allow_pickle")
                if keyword.arg == "weights_only" and isinstance(keyword.value, ast.Constant):
                    found += [] if keyword.value.value else ["weights_only=False"]
    return found


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_module_neither_unpickles_nor_runs_text(path):
    assert offences(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "source",
    [
        "import pickle", "from pickle import loads", "import dill.session", "eval('1')", "exec(text)",
        "torch.load(path)", "from torch import load", "np.load(p, allow_pickle=True)",
        "np.load(p, allow_pickle=flag)", "x.read(weights_only=False)", "os.system('x')",
    ],
)  # fmt: skip
def test_the_check_itself_notices(source):
    assert offences(source)


@pytest.mark.parametrize(
    "source", ["net.eval()", "app.exec()", "re.compile('x')", "np.load(p, allow_pickle=False)"]
)
def test_the_check_itself_leaves_honest_calls_alone(source):
    assert offences(source) == []
