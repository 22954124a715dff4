"""MapPictures: small pictures of samples on the latent map, made when nothing else renders, and kept."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Slot

from latent_studio.core.edits import EditStack
from latent_studio.core.render import RenderRequest
from latent_studio.core.seed_plane import SeedPoint
from latent_studio.ui.widgets.images import image_of

if TYPE_CHECKING:
    from PySide6.QtGui import QImage

    from latent_studio.core.render import Frame
    from latent_studio.ui.api import DockContext
    from latent_studio.ui.widgets.map_canvas import MapCanvas

_CLIENT = "map"
#: Small pictures kept; one takes about 10 kB.
_KEPT = 1500
#: Side they are kept at.
_SIDE = 96


class MapPictures(QObject):
    """Wishes for what the map has room for, and puts there what is known.

    Args:
        context: the window's parts.
        canvas: the map; also the Qt owner.
    """

    def __init__(self, context: DockContext, canvas: MapCanvas) -> None:
        super().__init__(canvas)
        self._context = context
        self._canvas = canvas
        self._images: dict[int, QImage] = {}
        self._look: tuple[object, ...] | None = None
        canvas.picturesWanted.connect(self._wish)
        context.pictures.ready.connect(self._take)

    def put_all(self) -> None:
        """Put everything known on a map that was laid out anew."""
        for point, image in self._images.items():
            self._canvas.setPicture(point, image)

    def forget(self) -> None:
        """Another model draws other pictures."""
        self._images, self._look = {}, None

    def rest(self) -> None:
        """Nobody looks: wish for nothing."""
        self._context.pictures.wish(_CLIENT, ())

    def take_look(self) -> None:
        """Samples are shown as they are drawn now, without edits: other settings make other pictures."""
        session = self._context.store.session
        look = (session.model, session.synthesis, session.centre)
        if look != self._look:
            self._look = look
            self._images.clear()
            self._canvas.clearPictures()

    @Slot(object)
    def _wish(self, points: tuple[int, ...]) -> None:
        session = self._context.store.session
        for point in points:
            if point in self._images and not self._canvas.hasPicture(point):
                self._canvas.setPicture(point, self._images[point])
        plain = replace(session, edits=EditStack(), mix=None, noise=None, locks=())
        self._context.pictures.wish(
            _CLIENT,
            [
                ((self._look, point), RenderRequest.of(replace(plain, base=SeedPoint(point)), revision=0))
                for point in points
                if point not in self._images
            ]
            if session.model is not None
            else (),
            priority=2,
        )

    @Slot(str, object, object)
    def _take(self, client: str, key: tuple[object, int], frame: Frame) -> None:
        if client != _CLIENT or key[0] is not self._look:
            return
        image = image_of(frame.pixels).scaled(
            _SIDE, _SIDE, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
        )
        while len(self._images) >= _KEPT:
            self._images.pop(next(iter(self._images)))
        self._images[key[1]] = image
        self._canvas.setPicture(key[1], image)
