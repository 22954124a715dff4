"""The recorder itself."""

from __future__ import annotations

from latent_studio.core.jobs import Progress
from tests.helpers.recorder import Recorder


def test_a_recorder_remembers_and_cancels_on_cue() -> None:
    recorder = Recorder(cancel_after=2, message="Render")
    for message in ("Open", "Rendered 1", "Open"):
        recorder(Progress(0.5, message))
    assert not recorder.token.is_cancelled
    recorder(Progress(1.0, "Rendered 2"))
    assert recorder.token.is_cancelled
    assert len(recorder.reports) == 4
