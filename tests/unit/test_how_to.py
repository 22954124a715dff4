"""The Python in docs/how-to does what the pages say."""

import re

import pytest


def blocks(path):
    return re.findall(r"```python\n(.*?)```", path.read_text(encoding="utf-8"), flags=re.DOTALL)


@pytest.mark.parametrize("name", ["use-from-python.md"])
def test_the_code_of_a_page_runs_from_top_to_bottom(repo_root, name, capsys):
    page = repo_root / "docs" / "how-to" / name
    found = blocks(page)
    assert found
    exec(compile("\n".join(found), name, "exec"), {})
    assert "stylegan2" in capsys.readouterr().out
