from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from latent_studio.app.tasks.interpolate import InterpolateOptions, run_interpolate
from latent_studio.app.tasks.render import RenderOptions, run_render
from latent_studio.checkpoints.safetensors_file import write_checkpoint
from latent_studio.core.errors import Cancelled, ExportError, InputError, ModelError, OptionError
from latent_studio.core.jobs import CancelToken, ignore_progress
from latent_studio.exporters.recipe_text import read_recipe
from tests.helpers.foreign_stylegan2 import small_multi_size_network

if TYPE_CHECKING:
    from latent_studio.app.studio import Studio
    from latent_studio.core.jobs import Progress

STYLEGAN3 = Path(__file__).parents[3] / "golden" / "data" / "stylegan3" / "r_32" / "network.pkl"


def run(studio: Studio, model: Path, out: Path, **options):
    options = InterpolateOptions(str(model), out, **options)
    return run_interpolate(studio, options, ignore_progress, CancelToken())


def pictures(folder: Path) -> list[np.ndarray]:
    found = []
    for path in sorted(folder.glob("*.png")):
        with Image.open(path) as picture:
            found.append(np.asarray(picture))
    return found


def test_a_sequence_shows_inner_endpoints_once(studio, tiny_model, tmp_path):
    result = run(studio, tiny_model, tmp_path / "stills", seeds=(1, 2, 3), interval=5)

    found = pictures(tmp_path / "stills")
    assert result.frames == len(found) == 9
    assert all((a != b).any() for a, b in pairwise(found))


@pytest.mark.parametrize(
    "changes",
    [{}, {"space": "z"}, {"space": "z", "method": "slerp"}, {"method": "smooth"}, {"method": "natural"}],
)
def test_endpoints_are_the_pictures_of_their_seeds(studio, tiny_model, tmp_path, changes):
    run(studio, tiny_model, tmp_path / "a", seeds=(1, 2, 3), interval=4, **changes)
    run(studio, tiny_model, tmp_path / "b", seeds=(1, 2, 3), interval=2)

    assert [one.tobytes() for one in pictures(tmp_path / "a")[::3]] == [
        one.tobytes() for one in pictures(tmp_path / "b")
    ]


def test_a_group_is_a_sheet_with_a_row_for_each_pair(studio, tiny_model, tmp_path):
    run(
        studio,
        tiny_model,
        tmp_path / "group.png",
        seeds=(1, 2, 3, 4),
        interval=5,
        mode="group",
        format="sheet",
    )

    with Image.open(tmp_path / "group.png") as sheet:
        assert sheet.width > 2 * sheet.height
    result = run(studio, tiny_model, tmp_path / "group", seeds=(1, 2, 3, 4), interval=5, mode="group")
    assert result.frames == 10


def test_a_group_film_shows_all_pairs_at_once(studio, tiny_model, tmp_path):
    result = run(studio, tiny_model, tmp_path / "group.gif", seeds=(1, 2, 3, 4), interval=3, mode="group")
    assert result.frames == 3
    assert result.size[0] > 2 * result.size[1]


def test_the_embedding_of_classes_is_blended_and_never_steps(studio, tiny_classes, tmp_path):
    run(studio, tiny_classes, tmp_path / "c", seeds=(1,), classes=(0, 2), fix_z=True, interval=6)

    found = [picture.astype(int) for picture in pictures(tmp_path / "c")]
    steps = [np.abs(a - b).mean() for a, b in pairwise(found)]
    assert len(found) == 6
    assert min(steps) > 0
    assert max(steps) < 0.6 * np.abs(found[0] - found[-1]).mean()


def test_a_fixed_class_stays(studio, tiny_classes, tmp_path):
    run(studio, tiny_classes, tmp_path / "a", seeds=(1, 2), classes=(1, 2), fix_class=True, interval=3)
    run(studio, tiny_classes, tmp_path / "b", seeds=(1, 2), classes=(1,), interval=3)
    assert [p.tobytes() for p in pictures(tmp_path / "a")] == [p.tobytes() for p in pictures(tmp_path / "b")]


def test_latents_of_files_are_endpoints(studio, tiny_model, tmp_path):
    np.save(tmp_path / "w.npy", np.ones((1, 6, 16), np.float32))
    np.savez(tmp_path / "projected_w.npz", w=np.zeros((1, 6, 16), np.float32))
    files = (tmp_path / "w.npy", tmp_path / "projected_w.npz")
    result = run(studio, tiny_model, tmp_path / "film", latents=files, interval=4)
    assert result.frames == 4
    np.save(tmp_path / "wrong.npy", np.ones((3, 5), np.float32))
    with pytest.raises(ModelError, match=r"\(3, 5\)"):
        run(studio, tiny_model, tmp_path / "none", latents=(tmp_path / "wrong.npy",))


@pytest.mark.parametrize("walk", ["seeds", "random", "noise-loop"])
def test_walks_make_their_own_endpoints_and_the_same_ones_again(studio, tiny_model, tmp_path, walk):
    for name in ("a.gif", "b.gif"):
        run(
            studio,
            tiny_model,
            tmp_path / name,
            walk=walk,
            endpoints=4,
            interval=3,
            loop="closed",
            method="smooth",
        )
    assert (tmp_path / "a.gif").read_bytes() == (tmp_path / "b.gif").read_bytes()


def test_a_film_carries_its_timeline_and_renders_again_to_the_same_bytes(studio, tiny_model, tmp_path):
    run(
        studio,
        tiny_model,
        tmp_path / "film.gif",
        seeds=(4, 5),
        interval=6,
    )
    (tmp_path / "film.json").write_text(read_recipe(tmp_path / "film.gif"))
    for source in ("film.gif", "film.json"):
        options = RenderOptions(tmp_path / source, tmp_path / "again.gif", model=str(tiny_model))
        run_render(studio, options, ignore_progress, CancelToken())
        with Image.open(tmp_path / "again.gif") as again, Image.open(tmp_path / "film.gif") as first:
            assert again.n_frames == first.n_frames == 6
            assert np.asarray(again.convert("RGB")).tobytes() == np.asarray(first.convert("RGB")).tobytes()


def test_even_speed_keeps_the_endpoints_and_is_remembered(studio, tiny_model, tmp_path):
    run(studio, tiny_model, tmp_path / "a", seeds=(1, 2, 3), interval=5, even=True)
    kept = list((studio.paths.cache / "pacing").glob("*.json"))
    run(studio, tiny_model, tmp_path / "b", seeds=(1, 2, 3), interval=5)

    even, keyed = pictures(tmp_path / "a"), pictures(tmp_path / "b")
    assert len(kept) == 1
    assert [even[i].tobytes() for i in (0, 4, 8)] == [keyed[i].tobytes() for i in (0, 4, 8)]

    seen = []
    options = InterpolateOptions(str(tiny_model), tmp_path / "a", seeds=(1, 2, 3), interval=5, even=True)
    run_interpolate(studio, options, lambda progress: seen.append(progress.message), CancelToken())
    assert not any("Compared" in message for message in seen)


@pytest.mark.parametrize("after", [0, 1, 3])
def test_a_cancel_at_any_frame_leaves_nothing(studio, tiny_model, tmp_path, after: int):
    cancel, seen = CancelToken(), []

    def watch(progress: Progress) -> None:
        if progress.message.startswith("Rendered"):
            seen.append(progress)
        if len(seen) > after:
            cancel.cancel()

    options = InterpolateOptions(str(tiny_model), tmp_path / "film.gif", seeds=(1, 2), interval=30)
    with pytest.raises(Cancelled):
        run_interpolate(studio, options, watch, cancel)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"seeds": ()},
        {"seeds": (1,)},
        {"seeds": (1, 2, 3), "mode": "group"},
        {"method": "slerp"},
        {"space": "z", "method": "smooth"},
        {"classes": (1, 2)},
        {"interval": 1},
        {"fps": 0.0},
        {"fps": 1000.0},
        {"mode": "group", "loop": "closed"},
        {"truncation_cutoff": 99},
        {"interval": 100_000, "walk": "seeds", "endpoints": 10_000},
    ],
)
def test_options_that_do_not_fit_are_refused(studio, tiny_model, tmp_path, changes):
    with pytest.raises(OptionError):
        run(studio, tiny_model, tmp_path / "film.gif", **{"seeds": (1, 2), **changes})
    assert list(tmp_path.iterdir()) == []


def render(studio, source, out, **options):
    return run_render(studio, RenderOptions(source, out, **options), ignore_progress, CancelToken())


def test_files_without_a_timeline_are_refused(studio, tiny_model, tmp_path):
    (tmp_path / "empty.json").write_text('{"version": 1}')
    (tmp_path / "text.json").write_text("[1, 2]")
    for name in ("empty.json", "text.json", "missing.json"):
        with pytest.raises(Exception) as caught:
            render(studio, tmp_path / name, tmp_path / "a.gif", model=str(tiny_model))
        assert caught.value.title
    Image.new("RGB", (4, 4)).save(tmp_path / "plain.png")
    with pytest.raises(InputError, match=r"plain\.png"):
        render(studio, tmp_path / "plain.png", tmp_path / "a.gif")
    with pytest.raises(OptionError, match="model"):
        render(studio, tmp_path / "empty.json", tmp_path / "a.png")


def test_a_hand_written_timeline_renders(studio, tiny_model, tmp_path):
    (tmp_path / "film.json").write_text(
        '{"version": 1, "timeline": {"fps": 5, "keys": [{"seconds": 0, "base": {"seed": 1}},'
        ' {"seconds": 1, "base": {"seed": 2}, "easing": "cubic"}]}}'
    )
    assert render(studio, tmp_path / "film.json", tmp_path / "a.gif", model=str(tiny_model)).frames == 6


@pytest.mark.parametrize(
    "timeline",
    [
        '{"fps": 0, "keys": []}',
        '{"keys": [{"seconds": 1}, {"seconds": 1}]}',
        '{"keys": [{"seconds": 0}, {"seconds": 1, "easing": "bezier:nan,0,1,1"}]}',
        '{"keys": [{"seconds": 0}]}',
        '{"keys": [{"seconds": 0}, {"seconds": 1e99}]}',
        '{"keys": [{"seconds": NaN}]}',
    ],
)
def test_damaged_timelines_say_what_is_wrong(studio, tiny_model, tmp_path, timeline):
    from latent_studio.core.errors import LatentStudioError

    (tmp_path / "film.json").write_text('{"version": 1, "timeline": ' + timeline + "}")
    with pytest.raises(LatentStudioError) as caught:
        render(studio, tmp_path / "film.json", tmp_path / "a.gif", model=str(tiny_model))
    assert caught.value.hint
    assert not (tmp_path / "a.gif").exists()


def test_keys_of_another_model_are_refused_by_name_until_rekeyed(studio, tiny_model, tmp_path):
    run(studio, tiny_model, tmp_path / "film.gif", seeds=(4, 5), interval=3)
    text = read_recipe(tmp_path / "film.gif").replace(studio.model.ref.sha256, "ab" * 32)
    (tmp_path / "film.json").write_text(text)
    source, out = tmp_path / "film.json", tmp_path / "out.gif"
    with pytest.raises(ModelError, match="seed 4 at 0 s"):
        render(studio, source, out, model=str(tiny_model))
    assert render(studio, source, out, model=str(tiny_model), rekey=True).frames == 3


def test_a_film_is_not_written_over_its_own_source(studio, tiny_model, tmp_path):
    run(studio, tiny_model, tmp_path / "film.gif", seeds=(4, 5), interval=3)
    with pytest.raises(ExportError):
        render(studio, tmp_path / "film.gif", tmp_path / "film.gif", model=str(tiny_model))


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_memory_does_not_grow_with_the_frames_of_a_long_film(studio, tiny_model, tmp_path):
    """Neither requests nor frames nor the network's features are held; torch's memory counts too."""
    import psutil

    process, seen = psutil.Process(), []

    def note(progress: Progress) -> None:
        seen.append(process.memory_info().rss)

    options = InterpolateOptions(str(tiny_model), tmp_path / "long.mp4", seeds=(1, 2), interval=1500)
    run_interpolate(studio, options, note, CancelToken())
    # Features of all frames would be 16 MB a thousand.
    assert seen[-1] - seen[500] < 6 << 20


def test_a_film_of_a_model_of_several_sizes_has_the_size_asked_for(studio, tmp_path):
    model = tmp_path / "sizes.safetensors"
    write_checkpoint(small_multi_size_network(), model)
    for scale, side in ((0, 16), (2, 24)):
        run(studio, model, tmp_path / str(scale), seeds=(1, 2), interval=3, chosen_scale=scale)
        assert {picture.shape for picture in pictures(tmp_path / str(scale))} == {(side, side, 3)}


def test_a_film_of_stylegan3_is_moved_and_turned(studio, tmp_path):
    ways = {"still": {}, "moved": {"translate": (0.25, 0.0)}, "turned": {"rotate": 30.0}}
    for name, way in ways.items():
        run(studio, STYLEGAN3, tmp_path / name, seeds=(1, 2), interval=2, **way)
    still, moved, turned = (pictures(tmp_path / name) for name in ways)
    for one, other, third in zip(still, moved, turned, strict=True):
        assert (one != other).any()
        assert (one != third).any()
        assert (other != third).any()


@pytest.mark.parametrize(
    ("more", "flag"),
    [
        ({"translate": (0.1, 0.0)}, "--translate"),
        ({"rotate": 10.0}, "--translate"),
        ({"lod": 1.0}, "--lod"),
        ({"chosen_scale": 1}, "--chosen-scale"),
        ({"truncation_cutoff": 7}, "--truncation-cutoff"),
    ],
)
def test_how_to_draw_must_fit_the_model(studio, tiny_model, tmp_path, more, flag):
    with pytest.raises(OptionError) as error:
        run(studio, tiny_model, tmp_path / "film.gif", seeds=(1, 2), **more)
    assert error.value.option == flag
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("more", [{}, {"classes": (1, 2)}])
def test_several_pictures_at_once_are_the_same_to_the_last_bit(
    studio, tiny_model, tiny_classes, tmp_path, more
):
    model = tiny_classes if more else tiny_model
    for batch in (1, 3):
        run(studio, model, tmp_path / str(batch), seeds=(1, 2), interval=7, batch=batch, **more)
    one, many = (pictures(tmp_path / name) for name in ("1", "3"))
    assert len(one) == len(many) == 7
    for alone, together in zip(one, many, strict=True):
        assert np.abs(alone.astype(int) - together.astype(int)).max() <= 1
