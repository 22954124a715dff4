"""Options that every verb shares that cuts something out of photos."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from latent_studio.core.errors import OptionError
from latent_studio.core.options import option

if TYPE_CHECKING:
    from latent_studio.core.jobs import CancelToken, ProgressSink
    from latent_studio.methods.alignment.crop import Quad
    from latent_studio.methods.alignment.faces import Face, FaceFinder, FaceMarks
    from latent_studio.methods.alignment.photo import Photo


def photos_option() -> Any:
    """Which photos."""
    return option(help="Photos: files, folders or web addresses.", positional=True, metavar="PHOTO")


def finder_option() -> Any:
    """Which face finder."""
    return option(
        "mtcnn",
        help="What finds faces: mtcnn comes with the program; fan is face-alignment's, with 68 marks, whose "
        "190 MB of weights must be there already, or are fetched once with --fetch.",
    )


def fetch_option() -> Any:
    """Whether the finder's weights may be fetched."""
    return option(
        False,
        help="Fetch the weights that are lacking from where their authors offer them, once; without "
        "this nothing is fetched.",
    )


def face_option() -> Any:
    """Which face."""
    return option(0, help="Which face, from 0, the largest first.", low=0, metavar="N")


def marks_option() -> Any:
    """Marks by hand."""
    return option(
        None,
        help="Eyes and mouth by hand, in pixels: x and y of the left eye, the right eye, the left and "
        "the right corner of the mouth, as seen in the picture.",
        metavar="XY",
    )


def square_option() -> Any:
    """No face."""
    return option(
        False, help="Look for no face; cut out a square: the largest in the middle, or the one of --box."
    )


def box_option() -> Any:
    """Which square."""
    return option(
        None, help="A square by hand, in pixels: left, top, right, bottom. Implies --square.", metavar="PX"
    )


class FaceOptions(Protocol):
    """The fields that the options of such a verb have."""

    @property
    def finder(self) -> str: ...  # noqa: D102
    @property
    def fetch(self) -> bool: ...  # noqa: D102
    @property
    def face(self) -> int: ...  # noqa: D102
    @property
    def marks(self) -> tuple[float, ...] | None: ...  # noqa: D102
    @property
    def square(self) -> bool: ...  # noqa: D102
    @property
    def box(self) -> tuple[float, ...] | None: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class Place:
    """What is cut out.

    Attributes:
        quad: where it lies.
        marks: of the face; ``None`` without one.
    """

    quad: Quad
    marks: FaceMarks | None = None


def check_face_options(options: FaceOptions) -> None:
    """Refuse what contradicts itself.

    Raises:
        OptionError: marks and a square at once.
    """
    if options.marks is not None and (options.square or options.box is not None):
        raise OptionError("--marks", "--marks marks a face, but --square and --box ask for none.")


def places_in(
    photo: Photo,
    options: FaceOptions,
    finder: FaceFinder | None,
    *,
    all_faces: bool = False,
    cancel: CancelToken,
) -> tuple[Place, ...]:
    """What the options ask to be cut out of a photo.

    Args:
        photo: upright.
        options: which face, or which square.
        finder: of faces; ``None`` where none is needed.
        all_faces: every face, not only the one of the options.
        cancel: looked at while searching.

    Raises:
        NoFaceFoundError: there is no such face.
        InputError: the marks or the box are impossible.
    """
    from latent_studio.methods.alignment.crop import face_quad, square_quad
    from latent_studio.methods.alignment.faces import FaceMarks
    from latent_studio.methods.alignment.finders import chosen_face

    if options.marks is not None:
        points = [(options.marks[i], options.marks[i + 1]) for i in range(0, 8, 2)]
        marks = FaceMarks.from_array(points)
        return (Place(face_quad(marks), marks),)
    if finder is None:
        box = None
        if options.box is not None:
            left, top, right, bottom = options.box
            box = (left, top, right, bottom)
        return (Place(square_quad((photo.width, photo.height), box=box)),)
    faces: tuple[Face, ...] = finder.find(photo.flat, check_cancel=cancel.check)
    chosen = chosen_face(faces, 0 if all_faces else options.face, photo.name)
    return tuple(Place(face_quad(face.marks), face.marks) for face in (faces if all_faces else (chosen,)))


def finder_for(options: FaceOptions, progress: ProgressSink, cancel: CancelToken) -> FaceFinder | None:
    """The finder that the options need; ``None`` where marks or a square make it unnecessary.

    Raises:
        LatentStudioError: its weights are missing and may not, or cannot, be fetched.
        Cancelled: a stop was asked for while they were fetched.
    """
    from latent_studio.app.hub_files import fetch_missing
    from latent_studio.methods.alignment.finders import make_finder

    if options.marks is not None or options.square or options.box is not None:
        return None
    if options.fetch:
        fetch_missing(options.finder, progress, cancel)
    return make_finder(options.finder)
