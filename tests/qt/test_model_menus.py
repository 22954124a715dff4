"""The library's menu, and what the latent dock shows for models without a mapping network."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtWidgets import QFileDialog, QMenu, QWidget

from latent_studio.app.library import library_dir
from latent_studio.checkpoints.bundled import bundled_models
from tests.helpers.fake_studio import CONDITIONAL, SPEC


def keep(studio, name):
    path = library_dir(studio.paths) / name / f"{name}.safetensors"
    path.parent.mkdir(parents=True)
    path.touch()


def test_a_model_fetched_while_the_window_is_open_is_in_the_menu(window, studio):
    menu = window.findChild(QMenu, "menu-library")
    bundled = list(bundled_models())
    assert [action.text() for action in menu.actions()] == [*bundled, "", "Library…"]

    keep(studio, "dogs")
    menu.aboutToShow.emit()

    assert [action.text() for action in menu.actions()] == [*bundled, "dogs", "", "Library…"]
    dogs = menu.actions()[len(bundled)]
    assert (dogs.data(), dogs.toolTip()) == ("dogs", "In your library.")


def test_a_model_of_the_library_opens_from_the_menu(qtbot, window, studio):
    keep(studio, "dogs")
    menu = window.findChild(QMenu, "menu-library")
    menu.aboutToShow.emit()

    next(action for action in menu.actions() if action.text() == "dogs").trigger()

    qtbot.waitUntil(lambda: window.context.store.session.model.name == "dogs")


@pytest.mark.parametrize("title", ["StyleGAN2…", "BigGAN…"])
def test_a_file_can_be_read_as_a_family_chosen_by_hand(qtbot, window, studio, monkeypatch, title):
    studio.spec = replace(SPEC, family="stylegan2")
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *args: ("dogs.pt", ""))
    failures = []
    window.context.models.failed.connect(failures.append)
    menu = window.findChild(QMenu, "menu-families")
    menu.aboutToShow.emit()

    next(action for action in menu.actions() if action.text() == title).trigger()

    if title == "StyleGAN2…":
        qtbot.waitUntil(lambda: window.context.store.session.model.name == "dogs")
    else:
        qtbot.waitUntil(lambda: bool(failures))
        assert failures[0].title == "dogs is of another family."
        assert window.context.store.session.model.name == "cats"


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
