"""The card over the picture is as high as its words."""

from __future__ import annotations

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QLabel, QWidget

from latent_studio.ui.widgets.overlay_card import OverlayCard


def test_a_long_message_after_a_short_one_is_shown_whole(qtbot):
    host = QWidget()
    qtbot.addWidget(host)
    host.resize(600, 400)
    host.show()
    card = OverlayCard(host)
    for title in ("Short.", "The file is damaged: " + "its header claims more bytes than there are, " * 4):
        card.show_message(title, "Download it again.", kind="error")
        card.place_in(600, 400)
    label = next(one for one in card.findChildren(QLabel) if one.text() == title)
    assert label.height() >= label.heightForWidth(label.width())


def test_a_message_in_place_of_another_makes_room_for_its_buttons(qtbot):
    host = QWidget()
    qtbot.addWidget(host)
    host.resize(600, 400)
    host.show()
    card, action = OverlayCard(host), QAction("Copy details")
    heights = []
    for _ in range(2):
        card.show_message("The file is damaged. " * 6, "Download it again.", kind="error", actions=[action])
        card.place_in(600, 400)
        heights.append(card.height())
    assert heights[1] == heights[0]
