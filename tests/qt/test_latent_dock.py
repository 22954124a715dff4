"""The latent dock offers what the open model can do, and changes the session by one undo step a gesture."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtWidgets import QWidget

from latent_studio.core.synthesis import SynthesisSettings
from tests.helpers.fake_studio import CONDITIONAL, SPEC

ABLE = replace(SPEC, can_move=True, highest_lod=3, lod=1.0, sizes=(32, 64, 96))


def test_a_blend_of_classes_is_a_step_of_undo(open_window, studio):
    studio.spec = CONDITIONAL
    window = open_window("labelled")
    store = window.context.store
    window.findChild(QWidget, "class-blend").click()
    assert store.session.synthesis.class_blend == ((0, 0.5), (1, 0.5))
    window.findChild(QWidget, "class-share").slider().changeTo(0.9)
    assert store.session.synthesis.class_blend[1][1] == 0.9
    store.close_gesture()
    store.undo()
    store.undo()
    assert store.session.synthesis.class_blend == ()
    assert not window.findChild(QWidget, "class-blend").isChecked()
    assert not window.findChild(QWidget, "class-share").isVisible()


def test_moving_levels_and_sizes_reach_the_session(open_window, studio):
    studio.spec = ABLE
    window = open_window("able")
    store = window.context.store
    window.findChild(QWidget, "translate-y").slider().changeTo(-0.25)
    window.findChild(QWidget, "rotate").slider().changeTo(15.0)
    window.findChild(QWidget, "lod").slider().changeTo(2.0)
    window.findChild(QWidget, "chosen-scale").activated.emit(2)
    found = store.session.synthesis
    assert (found.translate_y, found.rotate_degrees, found.lod, found.chosen_scale) == (-0.25, 15.0, 2.0, 2)


def test_the_files_own_level_and_size_are_shown_and_stand_for_nothing_said(open_window, studio):
    studio.spec = ABLE
    window = open_window("able")
    store = window.context.store
    assert window.findChild(QWidget, "lod").value() == 1.0
    assert window.findChild(QWidget, "chosen-scale").currentText() == "64 px"
    store.set_synthesis(SynthesisSettings(lod=3.0, chosen_scale=0), "Set")
    assert window.findChild(QWidget, "chosen-scale").currentText() == "32 px"
    window.findChild(QWidget, "lod").slider().changeTo(1.0)
    window.findChild(QWidget, "chosen-scale").activated.emit(1)
    assert (store.session.synthesis.lod, store.session.synthesis.chosen_scale) == (None, None)


def test_a_plain_model_has_none_of_them(window):
    for name in ("class", "class-blend", "translate-x", "lod", "chosen-scale"):
        assert not window.findChild(QWidget, name).isVisible()
