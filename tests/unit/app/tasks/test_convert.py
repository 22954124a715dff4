"""convert: one file or a folder becomes safetensors, bit for bit, and what cannot is named."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
import torch

from latent_studio.app.tasks import convert
from latent_studio.app.tasks.convert import ConvertOptions, ConvertResult, run_convert
from latent_studio.checkpoints.open import open_checkpoint
from latent_studio.checkpoints.safetensors_file import write_checkpoint
from latent_studio.core.errors import (
    CheckpointError,
    ExportError,
    InputError,
    MissingWeightsError,
    OptionError,
    UnknownFormatError,
)
from latent_studio.core.jobs import Cancelled, CancelToken, Progress, ignore_progress
from latent_studio.generators.catalog import build_generator
from tests.helpers.foreign_stylegan2 import in_rosinality_names, small_skip_network
from tests.helpers.network_pickles import network_file, small_stylegan2

if TYPE_CHECKING:
    from pathlib import Path

    from latent_studio.app.studio import Studio


@pytest.fixture
def pickle_file(tmp_path: Path) -> Path:
    path = tmp_path / "network.pkl"
    path.write_bytes(network_file(small_stylegan2(conv_clamp=256)))
    return path


def run(studio: Studio, source: Path, target: Path, licence: str | None = None) -> ConvertResult:
    return run_convert(studio, ConvertOptions(source, target, licence), ignore_progress, CancelToken())


def test_a_converted_file_opens_again_bit_for_bit(studio: Studio, pickle_file: Path, tmp_path: Path) -> None:
    result = run(studio, pickle_file, tmp_path / "out.safetensors")

    before, after = open_checkpoint(pickle_file), open_checkpoint(tmp_path / "out.safetensors")
    assert result.lines == (str(tmp_path / "out.safetensors"),)
    assert (before.family, dict(before.options)) == (after.family, dict(after.options))
    assert before.tensors.keys() == after.tensors.keys()
    assert all(torch.equal(tensor, after.tensors[name]) for name, tensor in before.tensors.items())
    z = torch.randn(1, 5, generator=torch.Generator().manual_seed(0))
    one, other = build_generator(before), build_generator(after)
    assert torch.equal(one.synthesize(one.map(z)), other.synthesize(other.map(z)))
    assert after.provenance.name == "out"


def test_a_name_that_the_author_gave_stays(studio: Studio, tmp_path: Path) -> None:
    named = small_skip_network()
    named = replace(named, provenance=replace(named.provenance, name="Cats of the north"))
    write_checkpoint(named, tmp_path / "in.safetensors")
    run(studio, tmp_path / "in.safetensors", tmp_path / "out.safetensors")
    assert open_checkpoint(tmp_path / "out.safetensors").provenance.name == "Cats of the north"


def test_the_copy_says_where_it_came_from(studio: Studio, pickle_file: Path, tmp_path: Path) -> None:
    run(studio, pickle_file, tmp_path / "out.safetensors", licence="CC-BY-4.0")

    raw = (tmp_path / "out.safetensors").read_bytes()
    header = json.loads(raw[8 : 8 + int.from_bytes(raw[:8], "little")])["__metadata__"]
    assert header["converted_from"] == (
        f"nvidia-pickle sha256:{open_checkpoint(pickle_file).provenance.sha256}"
    )
    assert header["licence"] == "CC-BY-4.0"
    assert (header["family"], header["resolution"], header["conv_clamp"]) == ("stylegan2", "8", "256.0")


def test_a_stated_licence_is_kept(studio: Studio, pickle_file: Path, tmp_path: Path) -> None:
    checkpoint = open_checkpoint(pickle_file)
    stated = replace(checkpoint, provenance=replace(checkpoint.provenance, licence="CC0"))
    write_checkpoint(stated, tmp_path / "stated.safetensors")

    run(studio, tmp_path / "stated.safetensors", tmp_path / "out.safetensors", licence="other")

    assert open_checkpoint(tmp_path / "out.safetensors").provenance.licence == "CC0"


def test_a_folder_as_target_gives_the_file_its_old_name(
    studio: Studio, pickle_file: Path, tmp_path: Path
) -> None:
    (tmp_path / "out").mkdir()
    result = run(studio, pickle_file, tmp_path / "out")
    assert result.conversions[0].target == tmp_path / "out" / "network.safetensors"


def test_a_file_is_not_converted_into_itself(studio: Studio, tiny_model: Path, tmp_path: Path) -> None:
    path = tmp_path / "own.safetensors"
    shutil.copyfile(tiny_model, path)
    before = path.read_bytes()

    with pytest.raises(ExportError, match="is the file to convert"):
        run(studio, path, path)
    assert path.read_bytes() == before


def test_a_file_that_is_no_model_is_refused_and_nothing_written(studio: Studio, tmp_path: Path) -> None:
    (tmp_path / "x.pkl").write_text("not a model")

    with pytest.raises(CheckpointError):
        run(studio, tmp_path / "x.pkl", tmp_path / "out.safetensors")
    assert [path.name for path in tmp_path.iterdir()] == ["x.pkl"]


def test_a_model_that_lacks_a_layer_is_refused(studio: Studio, tmp_path: Path) -> None:
    checkpoint = small_skip_network()
    tensors = {name: tensor for name, tensor in checkpoint.tensors.items() if "b8.conv1.bias" not in name}
    write_checkpoint(replace(checkpoint, tensors=tensors), tmp_path / "in.safetensors")

    with pytest.raises(MissingWeightsError, match=r"in\.safetensors: .*b8\.conv1\.bias"):
        run(studio, tmp_path / "in.safetensors", tmp_path / "out.safetensors")
    assert not (tmp_path / "out.safetensors").exists()


def test_a_missing_folder_is_told_before_anything_is_read(
    studio: Studio, pickle_file: Path, tmp_path: Path
) -> None:
    with pytest.raises(ExportError, match="There is no folder"):
        run(studio, pickle_file, tmp_path / "missing" / "out.safetensors")


def test_a_copy_that_reads_back_wrongly_is_removed(
    studio: Studio, pickle_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(convert, "_are_same", lambda one, other: False)

    with pytest.raises(ExportError, match="cannot be relied on"):
        run(studio, pickle_file, tmp_path / "out.safetensors")
    assert not (tmp_path / "out.safetensors").exists()


def test_zero_and_minus_zero_are_not_the_same_bits() -> None:
    checkpoint = small_skip_network(resolution=8)
    name = "synthesis.b8.conv1.noise_strength"
    zero = replace(checkpoint, tensors={**checkpoint.tensors, name: torch.tensor(0.0)})
    minus = replace(checkpoint, tensors={**checkpoint.tensors, name: torch.tensor(-0.0)})

    assert convert._are_same(zero, zero)
    assert not convert._are_same(zero, minus)


class TestFolder:
    """All files of a folder."""

    @pytest.fixture
    def folder(self, tmp_path: Path, pickle_file: Path) -> Path:
        folder = tmp_path / "models"
        (folder / "deep").mkdir(parents=True)
        pickle_file.rename(folder / "a.pkl")
        torch.save({"g_ema": in_rosinality_names(small_skip_network())}, folder / "deep" / "b.pt")
        (folder / "notes.txt").write_text("not a model")
        (folder / "page.pkl").write_text("<!DOCTYPE html><html></html>")
        (folder / "bad.pkl").write_bytes(b"cos\nsystem\n(S'true'\ntR.")
        return folder

    def test_models_are_converted_and_the_rest_is_named(
        self, studio: Studio, folder: Path, tmp_path: Path
    ) -> None:
        result = run(studio, folder, tmp_path / "out")

        outcomes = {one.source.relative_to(folder).as_posix(): one.outcome for one in result.conversions}
        assert outcomes == {
            "a.pkl": "converted",
            "bad.pkl": "refused",
            "notes.txt": "skipped",
            "page.pkl": "refused",
            "deep/b.pt": "converted",
        }
        assert open_checkpoint(tmp_path / "out" / "deep" / "b.safetensors").family == "stylegan2"
        assert result.lines[-2] == "2 converted, 2 refused, 1 skipped"
        assert any("os.system" in line for line in result.lines)

    def test_the_report_can_be_read_by_programs(self, studio: Studio, folder: Path, tmp_path: Path) -> None:
        result = run(studio, folder, tmp_path / "out")

        assert result.report is not None
        rows = json.loads(result.report.read_text("utf-8"))
        assert len(rows) == 5
        (row,) = [row for row in rows if row["source"].endswith("b.pt")]
        assert (row["outcome"], row["family"], row["format"]) == ("converted", "stylegan2", "rosinality")
        assert row["target"] == str(tmp_path / "out" / "deep" / "b.safetensors")
        assert any("mean of w" in note for note in row["notes"])

    def test_files_that_differ_in_their_suffix_only_keep_it(
        self, studio: Studio, folder: Path, tmp_path: Path
    ) -> None:
        shutil.copyfile(folder / "a.pkl", folder / "a.pt")
        run(studio, folder, tmp_path / "out")

        names = {path.name for path in (tmp_path / "out").iterdir()}
        assert {"a.pkl.safetensors", "a.pt.safetensors"} <= names

    def test_a_target_inside_the_folder_is_not_converted_again(self, studio: Studio, folder: Path) -> None:
        first = run(studio, folder, folder / "out")
        second = run(studio, folder, folder / "out")

        assert len(first.conversions) == len(second.conversions) == 5

    @pytest.mark.skipif(not hasattr(os, "symlink"), reason="needs symbolic links")
    def test_a_link_to_its_own_folder_ends(self, studio: Studio, folder: Path, tmp_path: Path) -> None:
        (folder / "loop").symlink_to(folder, target_is_directory=True)
        assert len(run(studio, folder, tmp_path / "out").conversions) == 5

    def test_too_many_files_are_refused(
        self, studio: Studio, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(convert, "_MOST_FILES", 2)
        with pytest.raises(InputError, match="more than 2 files"):
            run(studio, folder, tmp_path / "out")

    def test_progress_rises_from_file_to_file(self, studio: Studio, folder: Path, tmp_path: Path) -> None:
        seen: list[Progress] = []
        options = ConvertOptions(folder, tmp_path / "out")
        run_convert(studio, options, seen.append, CancelToken())

        fractions = [one.fraction for one in seen if one.fraction is not None]
        assert fractions == sorted(fractions)
        assert fractions[-1] <= 1.0

    def test_cancelling_leaves_whole_files_only(self, studio: Studio, folder: Path, tmp_path: Path) -> None:
        token = CancelToken()

        def stop_at_writing(progress: Progress) -> None:
            if progress.message.startswith("Writing b"):
                token.cancel()

        with pytest.raises(Cancelled):
            run_convert(studio, ConvertOptions(folder, tmp_path / "out"), stop_at_writing, token)
        left = [path for path in (tmp_path / "out").rglob("*") if path.is_file()]
        assert [path.name for path in left] == ["a.safetensors"]
        assert open_checkpoint(left[0]).family == "stylegan2"

    def test_an_empty_folder_gives_an_empty_report(self, studio: Studio, tmp_path: Path) -> None:
        (tmp_path / "nothing").mkdir()
        result = run(studio, tmp_path / "nothing", tmp_path / "out")
        assert result.lines[0] == "0 converted, 0 refused, 0 skipped"


def test_a_family_chosen_by_hand_must_be_the_file_s(
    studio: Studio, pickle_file: Path, tmp_path: Path
) -> None:
    target = tmp_path / "out.safetensors"

    for family, error in (("biggan", UnknownFormatError), ("no-such", OptionError)):
        with pytest.raises(error):
            run_convert(
                studio, ConvertOptions(pickle_file, target, family=family), ignore_progress, CancelToken()
            )
        assert not target.exists()
    run_convert(
        studio, ConvertOptions(pickle_file, target, family="stylegan2"), ignore_progress, CancelToken()
    )
    assert open_checkpoint(target).family == "stylegan2"
