from __future__ import annotations

import pytest
from changelog import FragmentProblem, collect, read_fragments


@pytest.fixture
def project(tmp_path):
    folder = tmp_path / "changelog.d"
    folder.mkdir()
    (folder / "README.md").write_text("# The rule\n")
    (folder / "12.fixed.md").write_text("A picture\nkeeps its colours.\n")
    (folder / "3-dice.added.md").write_text("A dice rolls the seed.\n")
    (tmp_path / "CHANGELOG.md").write_text("# Changelog\n\n<!-- releases -->\n\n## 0.1.0 (2026-01-01)\n")
    return tmp_path


def test_a_release_gathers_the_fragments_above_the_older_ones(project):
    collect(project, version="0.2.0", date="2026-02-03")

    assert (project / "CHANGELOG.md").read_text() == (
        "# Changelog\n\n<!-- releases -->\n\n## 0.2.0 (2026-02-03)\n\n"
        "### Added\n\n- A dice rolls the seed. (#3)\n\n"
        "### Fixed\n\n- A picture keeps its colours. (#12)\n\n\n## 0.1.0 (2026-01-01)\n"
    )
    assert [path.name for path in (project / "changelog.d").iterdir()] == ["README.md"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("dice.added.md", "A dice rolls the seed.\n"),
        ("3.new.md", "A dice rolls the seed.\n"),
        ("3.added.txt", "A dice rolls the seed.\n"),
        ("3.added.md", "\n"),
        ("3.added.md", "- A dice rolls the seed.\n"),
        ("3.added.md", "A dice rolls the seed\n"),
    ],
)
def test_a_fragment_against_the_rule_is_named_and_stops_the_release(project, name, text):
    (project / "changelog.d" / name).write_text(text)
    before = (project / "CHANGELOG.md").read_text()

    _, problems = read_fragments(project / "changelog.d")

    assert len(problems) == 1
    assert name in problems[0]
    with pytest.raises(FragmentProblem, match=name):
        collect(project, version="0.2.0", date="2026-02-03")
    assert (project / "CHANGELOG.md").read_text() == before
