"""Finding: one line of the self-test; and what a probe, which gives findings, is made of."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from latent_studio.app.studio import Studio
    from latent_studio.core.jobs import CancelToken

#: ``warn`` works, but not all of it or not well; ``bad`` does not work.
State = Literal["ok", "warn", "bad"]


@dataclass(frozen=True, slots=True)
class Finding:
    """What is known about one thing.

    Attributes:
        name: of the thing, in one or two words.
        state: how it is.
        fact: what was found, in one sentence or a few figures.
        hint: what to do about it; empty when nothing needs doing.
    """

    name: str
    state: State
    fact: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Examination:
    """What a probe may use.

    Attributes:
        studio: paths, settings, the engine. Its open model stays as it is.
        cancel: asks the work to stop.
        report: takes the share done of this probe, 0 to 1, and what is going on.
    """

    studio: Studio
    cancel: CancelToken
    report: Callable[[float, str], None]


#: Looks at one part; raises ``Cancelled`` when a stop was asked for.
Look = Callable[[Examination], Iterable[Finding]]
