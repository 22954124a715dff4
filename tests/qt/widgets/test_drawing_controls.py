"""Controls that move, leave out or enlarge are there where a network can do it."""

from __future__ import annotations

import pytest

from latent_studio.ui.widgets.drawing_controls import Drawing, DrawingControls

MOVES = ("translate-x", "translate-y", "rotate")


@pytest.fixture
def controls(qtbot):
    widget = DrawingControls()
    qtbot.addWidget(widget)
    return widget


def visible(controls):
    controls.show()
    names = (*MOVES, "lod", "chosen-scale")
    return {name for name in names if controls.findChild(object, name).isVisible()}


@pytest.mark.parametrize(
    ("abilities", "shown"),
    [
        ({"can_move": True}, set(MOVES)),
        ({"highest_lod": 3}, {"lod"}),
        ({"sizes": (16, 20, 24)}, {"chosen-scale"}),
        ({"sizes": (16,)}, set()),
    ],
)
def test_only_what_applies_is_shown(controls, abilities, shown):
    controls.setAbilities(**{"can_move": False, "highest_lod": 0, **abilities})
    assert visible(controls) == shown


def test_setting_says_nothing_and_changes_are_told(controls):
    controls.setAbilities(can_move=True, highest_lod=3, sizes=(16, 20, 24))
    told = []
    controls.moved.connect(lambda *place: told.append(place))
    controls.lodChanged.connect(lambda lod: told.append(lod))
    controls.scaleChosen.connect(lambda scale: told.append(scale))
    controls.setDrawing(Drawing(0.1, -0.2, 30.0, 1.5, 2))
    assert told == []
    assert controls.findChild(object, "chosen-scale").currentText() == "24 px"
    controls.findChild(object, "rotate").slider().changeTo(45.0)
    controls.findChild(object, "lod").slider().changeTo(2.0)
    controls.findChild(object, "chosen-scale").activated.emit(1)
    assert told == [(pytest.approx(0.1), pytest.approx(-0.2), 45.0), 2.0, 1]
