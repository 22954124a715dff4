"""generate: files, names, bytes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from PIL import Image

from latent_studio.app.tasks.generate import GenerateOptions, run_generate
from latent_studio.core.errors import CheckpointError, ExportError, OptionError
from latent_studio.core.jobs import Cancelled, CancelToken, ignore_progress
from latent_studio.exporters.still import RECIPE_KEY
from tests.helpers.recorder import Recorder

if TYPE_CHECKING:
    from pathlib import Path

    from latent_studio.app.studio import Studio


def generate(
    studio: Studio, model: Path, out: Path, seeds: tuple[int, ...] = (0, 7), **more: object
) -> list[Path]:
    options = GenerateOptions(str(model), seeds, out, **more)  # type: ignore[arg-type]
    return list(run_generate(studio, options, ignore_progress, CancelToken()).paths)


def pixels(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image)


def test_files_are_named_by_seed(studio: Studio, tiny_model: Path, tmp_path: Path) -> None:
    generate(studio, tiny_model, tmp_path / "deep" / "out", (7, 0, 12345))
    names = sorted(path.name for path in (tmp_path / "deep" / "out").iterdir())
    assert names == ["seed0000.png", "seed0007.png", "seed12345.png"]


def test_a_seed_gives_the_picture_of_its_z(studio: Studio, tiny_model: Path, tmp_path: Path) -> None:
    (path,) = generate(studio, tiny_model, tmp_path, (5,), truncation_psi=0.7, truncation_cutoff=4)
    generator = studio.model.generator
    z = torch.from_numpy(np.random.RandomState(5).randn(1, generator.spec.z_dim)).float()
    with torch.inference_mode():
        ws = generator.map(z, truncation_psi=0.7, truncation_cutoff=4)
        image = generator.synthesize(ws)[0].permute(1, 2, 0)
    expected = (image * 127.5 + 128).clamp(0, 255).to(torch.uint8).numpy()
    assert np.abs(pixels(path).astype(int) - expected).max() <= 1


def test_two_runs_give_the_same_bytes(studio: Studio, tiny_model: Path, tmp_path: Path) -> None:
    once = generate(studio, tiny_model, tmp_path / "a", noise_mode="random", noise_seed=3)
    again = generate(studio, tiny_model, tmp_path / "b", noise_mode="random", noise_seed=3)
    assert [path.read_bytes() for path in once] == [path.read_bytes() for path in again]


def test_options_change_the_picture(studio: Studio, tiny_model: Path, tmp_path: Path) -> None:
    found = [
        pixels(generate(studio, tiny_model, tmp_path / str(index), (1,), **more)[0]).tobytes()
        for index, more in enumerate(
            [{}, {"truncation_psi": 0.3}, {"noise_mode": "none"}, {"noise_mode": "random"},
             {"noise_mode": "random", "noise_seed": 1}]
        )
    ]  # fmt: skip
    assert len(set(found)) == 5


def test_classes_change_the_picture(studio: Studio, tiny_classes: Path, tmp_path: Path) -> None:
    default, zero, two = (
        pixels(
            generate(studio, tiny_classes, tmp_path / str(index), (1,), class_idx=index_of_class)[0]
        ).tobytes()
        for index, index_of_class in enumerate([None, 0, 2])
    )
    assert default == zero != two


def test_the_sheet_holds_all_pictures(studio: Studio, tiny_model: Path, tmp_path: Path) -> None:
    options = GenerateOptions(str(tiny_model), (0, 1, 2), tmp_path, sheet=True)
    result = run_generate(studio, options, ignore_progress, CancelToken())
    assert result.sheet is not None
    sheet = pixels(result.sheet)
    assert sheet.shape == (34, 34, 3)
    np.testing.assert_array_equal(sheet[:16, 18:34], pixels(result.paths[1]))
    assert [line.rsplit("/")[-1] for line in result.lines] == ["seed0000.png", "seed0001.png", "seed0002.png", "sheet.png"]  # fmt: skip # noqa: E501


def test_jpeg_and_grey_models_work(studio: Studio, tiny_grey: Path, tmp_path: Path) -> None:
    (path,) = generate(studio, tiny_grey, tmp_path, (1,), format="jpg")
    assert path.name == "seed0001.jpg"
    assert pixels(path).shape == (16, 16)


def test_the_recipe_inside_says_how_and_names_no_place(
    studio: Studio, tiny_model: Path, tmp_path: Path
) -> None:
    (path,) = generate(studio, tiny_model, tmp_path, (5,), truncation_psi=0.5)
    with Image.open(path) as image:
        text = image.info[RECIPE_KEY]
    recipe = json.loads(text)
    assert recipe["base"] == {"seed": 5, "dx": 0.0, "dy": 0.0}
    assert recipe["synthesis"]["truncation_psi"] == 0.5
    assert recipe["model"]["sha256"] == studio.model.ref.sha256
    assert str(tmp_path) not in text
    assert str(tiny_model.parent) not in text


def test_style_mixing_keeps_the_form_of_the_one_and_takes_the_rest_of_the_other(
    studio: Studio, tiny_model: Path, tmp_path: Path
) -> None:
    (plain,) = generate(studio, tiny_model, tmp_path / "a", (1,))
    (none,) = generate(studio, tiny_model, tmp_path / "b", (1,), mix_seed=1)
    (mixed,) = generate(studio, tiny_model, tmp_path / "c", (1,), mix_seed=9, mix_rows=(3,))
    (all_rows,) = generate(studio, tiny_model, tmp_path / "d", (1,), mix_seed=9, mix_rows=tuple(range(6)))
    (other,) = generate(studio, tiny_model, tmp_path / "e", (9,))
    assert np.array_equal(pixels(plain), pixels(none))
    assert np.array_equal(pixels(all_rows), pixels(other))
    assert not np.array_equal(pixels(plain), pixels(mixed))
    with Image.open(mixed) as image:
        recipe = json.loads(image.info[RECIPE_KEY])
    assert recipe["mix"] == {"source": {"seed": 9, "dx": 0.0, "dy": 0.0}, "rows": [3], "weight": 1.0}


@pytest.mark.parametrize(
    ("more", "flag"),
    [
        ({"mix_rows": (1,)}, "--mix-rows"),
        ({"mix_seed": 2, "mix_rows": (3, 6)}, "--mix-rows"),
        ({"mix_seed": -2}, "--mix-seed"),
        ({"class_idx": 1}, "--class"),
        ({"class_blend": ((0, 0.5), (1, 0.5))}, "--class-blend"),
        ({"translate": (0.1, 0.0)}, "--translate"),
        ({"rotate": 10.0}, "--translate"),
        ({"lod": 1.0}, "--lod"),
        ({"chosen_scale": 1}, "--chosen-scale"),
        ({"truncation_cutoff": 7}, "--truncation-cutoff"),
        ({"truncation_psi": float("nan")}, "--psi"),
        ({"noise_mode": "loud"}, "--noise-mode"),
        ({"format": "bmp"}, "--format"),
    ],
)
def test_options_that_do_not_fit_are_named(
    studio: Studio, tiny_model: Path, tmp_path: Path, more: dict[str, object], flag: str
) -> None:
    with pytest.raises(OptionError) as error:
        generate(studio, tiny_model, tmp_path, **more)
    assert error.value.option == flag
    assert list(tmp_path.iterdir()) == []


def test_a_class_beyond_the_last_is_refused(studio: Studio, tiny_classes: Path, tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="from 0 to 2"):
        generate(studio, tiny_classes, tmp_path, class_idx=3)


def test_a_model_that_is_not_there_is_refused(studio: Studio, tmp_path: Path) -> None:
    with pytest.raises(CheckpointError):
        generate(studio, tmp_path / "nope.pkl", tmp_path)


def test_a_file_in_place_of_the_folder_is_refused(studio: Studio, tiny_model: Path, tmp_path: Path) -> None:
    (tmp_path / "out").write_bytes(b"")
    with pytest.raises(ExportError, match="is a file"):
        generate(studio, tiny_model, tmp_path / "out")


def test_cancel_keeps_what_is_done_and_leaves_nothing_half(
    studio: Studio, tiny_model: Path, tmp_path: Path
) -> None:
    recorder = Recorder(cancel_after=2, message="Rendered")
    options = GenerateOptions(str(tiny_model), tuple(range(9)), tmp_path / "out")
    with pytest.raises(Cancelled):
        run_generate(studio, options, recorder, recorder.token)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["seed0000.png", "seed0001.png"]


def test_progress_ends_at_one_and_shows_the_pictures(
    studio: Studio, tiny_model: Path, tmp_path: Path
) -> None:
    recorder = Recorder()
    run_generate(studio, GenerateOptions(str(tiny_model), (0, 1), tmp_path), recorder, recorder.token)
    assert recorder.reports[-1].fraction == 1
    assert recorder.reports[-1].preview is not None


def test_a_blend_of_classes_is_another_picture_and_stands_in_the_recipe(
    studio: Studio, tiny_classes: Path, tmp_path: Path
) -> None:
    blend = ((0, 0.5), (2, 0.5))
    (path,) = generate(studio, tiny_classes, tmp_path / "blend", (1,), class_blend=blend)
    ends = [
        pixels(generate(studio, tiny_classes, tmp_path / str(end), (1,), class_idx=end)[0]).tobytes()
        for end in (0, 2)
    ]
    assert pixels(path).tobytes() not in ends
    with Image.open(path) as image:
        assert json.loads(image.text[RECIPE_KEY])["synthesis"]["class_blend"] == [[0, 0.5], [2, 0.5]]


def test_a_class_and_a_blend_exclude_each_other(studio: Studio, tiny_classes: Path, tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="exclude each other"):
        generate(studio, tiny_classes, tmp_path, class_idx=1, class_blend=((0, 1.0),))
