"""The picker shows a class or a blend without a signal, and tells what the user chose."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel

from latent_studio.ui.widgets.class_picker import ClassField, ClassPicker

NAMES = ("cat", "dog", "hot dog", "horse")


@pytest.fixture
def picker(qtbot):
    widget = ClassPicker()
    qtbot.addWidget(widget)
    widget.setClasses(4, NAMES)
    widget.show()
    return widget


@pytest.fixture
def heard(picker):
    """What was told, in order."""
    told = []
    picker.classChosen.connect(lambda label: told.append(label))
    picker.blendChanged.connect(lambda blend: told.append(blend))
    picker.gestureFinished.connect(lambda: told.append("end"))
    return told


def typed(qtbot, field, text):
    field.lineEdit().selectAll()
    field.lineEdit().insert(text)
    field.lineEdit().editingFinished.emit()


def test_setting_says_nothing(picker, heard):
    picker.setWeights(((2, 1.0),), is_blend=False)
    picker.setWeights(((0, 0.25), (3, 0.75)), is_blend=True)
    assert heard == []
    assert picker.findChild(ClassField, "class-field").label() == 0
    assert picker.findChild(ClassField, "class-second").label() == 3
    assert picker.findChild(object, "class-share").value() == pytest.approx(0.75)


@pytest.mark.parametrize(("text", "label"), [("3", 3), ("horse", 3), ("hot", 2), ("2  hot dog", 2)])
def test_a_number_or_a_part_of_a_name_chooses(qtbot, picker, heard, text, label):
    typed(qtbot, picker.findChild(ClassField, "class-field"), text)
    assert heard == [label]
    assert picker.findChild(ClassField, "class-field").currentText() == f"{label}  {NAMES[label]}"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", ""),
        ("elephant", "No class is called “elephant”: type a part of a name, or a number from 0 to 3."),
        ("4", "There is no class 4: this model has classes 0 to 3."),
        ("-1", "There is no class -1: this model has classes 0 to 3."),
    ],
)
def test_what_means_no_class_is_put_back_and_said(qtbot, picker, heard, text, said):
    picker.setWeights(((1, 1.0),), is_blend=False)
    typed(qtbot, picker.findChild(ClassField, "class-field"), text)
    refusal = picker.findChild(QLabel, "class-refusal")
    assert heard == []
    assert picker.findChild(ClassField, "class-field").currentText() == "1  dog"
    assert (refusal.text() if refusal.isVisible() else "") == said


def test_a_refusal_goes_with_the_next_choice(qtbot, picker):
    field = picker.findChild(ClassField, "class-field")
    typed(qtbot, field, "99")
    typed(qtbot, field, "horse")
    assert not picker.findChild(QLabel, "class-refusal").isVisible()


def test_without_names_there_are_numbers(qtbot, picker, heard):
    picker.setClasses(12)
    typed(qtbot, picker.findChild(ClassField, "class-field"), "11")
    assert heard == [11]


def test_the_dice_give_another_class(qtbot, picker, heard):
    picker.setWeights(((2, 1.0),), is_blend=False)
    for _ in range(20):
        shown = picker.findChild(ClassField, "class-field").label()
        qtbot.mouseClick(picker.findChild(object, "class-random"), Qt.MouseButton.LeftButton)
        assert heard[-1] != shown
    assert set(heard) <= {0, 1, 2, 3}


def test_a_blend_begins_in_the_middle_and_ends_at_the_nearer_class(qtbot, picker, heard):
    button, share = picker.findChild(object, "class-blend"), picker.findChild(object, "class-share")
    assert not share.isVisible()
    button.click()
    assert share.isVisible()
    assert heard == [((0, 0.5), (1, 0.5)), "end"]
    share.slider().changeTo(0.75)
    assert ((0, 0.25), (1, 0.75)) in heard
    button.click()
    assert heard[-1] == 1
    assert not share.isVisible()


def test_a_blend_of_many_says_how_many_more_there_are(picker):
    picker.setWeights(((0, 0.2), (1, 0.2), (2, 0.3), (3, 0.3)), is_blend=True)
    note = picker.findChild(object, "class-note")
    assert note.isVisible()
    assert "2 more" in note.text()


def test_every_control_has_a_name_and_a_hint(picker):
    for name in ("class-field", "class-random", "class-blend", "class-second"):
        widget = picker.findChild(object, name)
        assert widget.accessibleName()
        assert widget.toolTip()
