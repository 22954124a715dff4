from __future__ import annotations

import pytest
from check_links import anchors, broken_links


@pytest.mark.parametrize(
    "link",
    [
        "[other](other.md)",
        "[part](other.md#the-second-part)",
        "[own](#top)",
        "![picture](images/a%20b.png)",
        '<img src="images/a b.png">',
        "[folder](images)",
        "[web](https://example.org/nothing)",
        "`[code](nowhere.md)`",
        "```\n[code](nowhere.md)\n```",
    ],
)
def test_a_link_that_leads_somewhere_is_fine(tmp_path, link):
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "a b.png").write_bytes(b"")
    (tmp_path / "other.md").write_text("# Other\n\n## The `second` part\n")
    page = tmp_path / "page.md"
    page.write_text(f"# Top\n\n{link}\n")

    assert broken_links(page) == []


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("[a](nowhere.md)", "nowhere.md"),
        ("[a](other.md#nothing)", "other.md#nothing"),
        ("[a](#nothing)", "#nothing"),
        ("![a](nowhere.png)", "nowhere.png"),
        ("[a]: nowhere.md", "nowhere.md"),
        ('<img src="nowhere.png">', "nowhere.png"),
    ],
)
def test_a_link_that_leads_nowhere_is_found(tmp_path, text, target):
    (tmp_path / "other.md").write_text("# Other\n")
    page = tmp_path / "page.md"
    page.write_text(f"# Top\n\n{text}\n")

    assert broken_links(page) == [target]


def test_equal_headings_are_numbered():
    assert anchors("# Use\n\n## Use\n\n## Wrong & right\n") == {"use", "use-1", "wrong--right"}
