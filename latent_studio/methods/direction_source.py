"""DirectionSource: what finds directions of a model when it comes from outside the program."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from latent_studio.core.directions import LinearDirection
    from latent_studio.core.options import OptionsClass
    from latent_studio.generators.protocol import Generator


class DirectionSource(Protocol):
    """Finds directions on a model. The same model and options give the same directions."""

    @property
    def options(self) -> type[OptionsClass]:
        """A frozen dataclass whose fields are made with ``option``, each with a default.

        The form in the window and ``--set NAME=VALUE`` on the command line come from it.
        """

    def find_directions(
        self,
        generator: Generator,
        options: OptionsClass,
        *,
        progress: Callable[[float, str], None],
        check_cancel: Callable[[], None],
    ) -> Sequence[LinearDirection]:
        """Find them.

        Args:
            generator: any family; it may be run, and must not be changed.
            options: an instance of the class above.
            progress: told the fraction done and a few words, often enough to show that work goes on.
            check_cancel: called between steps; raises to stop.

        Returns:
            the best first, at least one.

        Raises:
            LatentStudioError: it cannot be done on this model; one sentence says why.
        """
        ...
