from __future__ import annotations

import pytest

from latent_studio.app.paths import Paths
from latent_studio.core.edits import Edit, EditStack
from latent_studio.core.errors import Cancelled, CorruptFileError, OutOfMemoryError
from latent_studio.core.jobs import CancelToken, ignore_progress
from latent_studio.core.render import Quality, RenderRequest
from latent_studio.core.seed_plane import SeedPoint
from tests.helpers.fake_engine import FakeEngine, colour_of
from tests.helpers.fake_studio import FakeStudio, fake_model

MODEL = fake_model("cats")


def request_of(amount: float = 0.0, *, seed: int = 0) -> RenderRequest:
    return RenderRequest(7, SeedPoint(seed), EditStack((Edit(MODEL.directions[0], amount),)))


def never() -> bool:
    return False


def test_pictures_tell_which_request_they_answer():
    frames = list(FakeEngine().render(request_of(3.0, seed=2), superseded=never))

    assert [(frame.revision, frame.quality) for frame in frames] == [(7, Quality.COARSE), (7, Quality.FINAL)]
    assert tuple(frames[-1].pixels[0, 0]) == (colour_of(3.0), 40, 100)


def test_a_superseded_picture_ends_after_its_coarse_frame():
    frames = list(FakeEngine().render(request_of(), superseded=lambda: True))

    assert [frame.quality for frame in frames] == [Quality.COARSE]


def test_an_error_is_raised_until_it_is_taken_away():
    engine = FakeEngine(error=OutOfMemoryError("Full."))
    with pytest.raises(OutOfMemoryError):
        next(engine.render(request_of(), superseded=never))

    engine.error = None
    assert next(engine.render(request_of(), superseded=never)).revision == 7


def test_a_batch_gives_the_final_pictures_and_can_be_stopped():
    token = CancelToken()
    frames = FakeEngine().render_batch([request_of(1.0), request_of(2.0)], check_cancel=token.check)

    assert next(frames).pixels[0, 0, 0] == colour_of(1.0)
    token.cancel()
    with pytest.raises(Cancelled):
        next(frames)


def test_the_studio_opens_and_adopts_models(profile):
    studio = FakeStudio(Paths.in_profile(profile))

    model = studio.load_model("dogs.pkl", progress=ignore_progress, cancel=CancelToken())
    studio.adopt(model)

    assert studio.model is model
    assert model.ref.name == "dogs"
    assert studio.engine.swapped == [model]


def test_the_studio_refuses_bad_names_and_stops_when_asked(profile):
    studio = FakeStudio(Paths.in_profile(profile))
    with pytest.raises(CorruptFileError):
        studio.load_model("bad", progress=ignore_progress, cancel=CancelToken())

    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        studio.load_model("good", progress=ignore_progress, cancel=token)
