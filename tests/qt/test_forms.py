from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pytest
from PySide6.QtWidgets import QComboBox, QLineEdit, QSpinBox, QWidget

from latent_studio.core.errors import OptionError
from latent_studio.core.options import option
from latent_studio.core.rows import parse_rows
from latent_studio.ui.forms import OptionsForm


@dataclass(frozen=True, slots=True)
class FilmOptions:
    frames: int = option(60, help="Frames.", low=1, high=100)
    speed: float = option(2.5, help="Speed.", low=0.1, high=50, unit="fps")
    size: int | None = option(None, help="Side.", low=8, high=64, unit="px")
    quality: Literal["fast", "good"] = option("good", help="Quality.")
    order: Literal["there", "back"] | None = option(None, help="Order.")
    is_loop: bool = option(True, help="For ever.")
    rows: tuple[int, ...] | None = option(None, help="Rows.", parse=parse_rows)
    ends: tuple[float, float] = option((-3.0, 3.0), help="Ends.")
    out: Path = option(Path("film.gif"), help="File.")  # noqa: RUF009


@pytest.fixture
def form(qtbot):
    form = OptionsForm(FilmOptions)
    qtbot.addWidget(form)
    return form


def editor(form, name: str):
    return form.findChild(QWidget, f"option-{name}")


def test_a_new_form_gives_the_defaults(form):
    assert form.build() == FilmOptions()


def test_what_is_filled_in_comes_out(form):
    changed = []
    form.changed.connect(lambda: changed.append(1))

    editor(form, "frames").setValue(12)
    editor(form, "quality").setCurrentIndex(0)
    editor(form, "size").setValue(32)
    editor(form, "is_loop").setChecked(False)
    editor(form, "rows").setText("0-2,5")
    editor(form, "ends").setText("-1 2.5")

    assert form.build() == FilmOptions(
        frames=12, quality="fast", size=32, is_loop=False, rows=(0, 1, 2, 5), ends=(-1.0, 2.5)
    )
    assert len(changed) == 6


def test_showing_values_tells_nobody(form):
    changed = []
    form.changed.connect(lambda: changed.append(1))

    form.set_values({"frames": 3, "size": None, "quality": "fast", "unknown": 1})

    assert form.build() == FilmOptions(frames=3, quality="fast")
    assert changed == []


def test_numbers_cannot_leave_their_range(form):
    editor(form, "frames").setValue(5000)

    assert editor(form, "frames").value() == 100


def test_what_cannot_be_read_is_said(form):
    editor(form, "ends").setText("far away")
    with pytest.raises(OptionError, match="--ends cannot be read"):
        form.build()


def test_only_the_fields_asked_for_are_shown(qtbot):
    form = OptionsForm(FilmOptions, fields=("quality", "frames"))
    qtbot.addWidget(form)

    assert set(form.values()) == {"quality", "frames"}
    assert form.build(out=Path("x.gif")) == FilmOptions(out=Path("x.gif"))


def test_every_field_has_a_name_and_a_tooltip(form):
    editors = [*form.findChildren(QSpinBox), *form.findChildren(QComboBox)]
    editors += [line for line in form.findChildren(QLineEdit) if line.objectName().startswith("option-")]

    assert all(one.accessibleName() and one.toolTip() for one in editors)
