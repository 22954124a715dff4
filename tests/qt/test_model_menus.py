"""The library's menu, and what the latent dock shows for models without a mapping network."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtWidgets import QMenu, QWidget

from latent_studio.app.library import library_dir
from latent_studio.checkpoints.bundled import bundled_models
from tests.helpers.fake_studio import CONDITIONAL, SPEC


def keep(studio, name):
    path = library_dir(studio.paths) / name / f"{name}.safetensors"
    path.parent.mkdir(parents=True)
    path.touch()


def test_a_model_fetched_while_the_window_is_open_is_in_the_menu(window, studio):
    menu = window.findChild(QMenu, "menu-library")
    assert [action.text() for action in menu.actions()] == list(bundled_models())

    keep(studio, "dogs")
    menu.aboutToShow.emit()

    *_, last = menu.actions()
    assert (last.text(), last.data(), last.toolTip()) == ("dogs", "dogs", "In your library.")
    assert len(menu.actions()) == len(bundled_models()) + 1


def test_a_model_of_the_library_opens_from_the_menu(qtbot, window, studio):
    keep(studio, "dogs")
    menu = window.findChild(QMenu, "menu-library")
    menu.aboutToShow.emit()

    menu.actions()[-1].trigger()

    qtbot.waitUntil(lambda: window.context.store.session.model.name == "dogs")


@pytest.mark.parametrize(
    ("spec", "is_shown"),
    [
        (SPEC, True),
        (replace(SPEC, has_mapping=False, num_ws=1), False),
        (replace(CONDITIONAL, has_mapping=False, num_ws=1, class_dims=3), True),
    ],
    ids=["mapping", "z alone", "z and a class"],
)
def test_truncation_is_offered_where_it_means_something(studio, open_window, spec, is_shown):
    studio.spec = spec
    latent = open_window().docking["latent"]

    assert latent.findChild(QWidget, "truncation-psi").isVisible() == is_shown
