"""Plugins are found without running them, run only when enabled as they are, and named when they fail."""

from __future__ import annotations

import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from latent_studio.app.settings import Settings
from latent_studio.core.errors import Cancelled, ExportError, PluginError
from latent_studio.core.jobs import CancelToken, ignore_progress
from latent_studio.exporters.film_settings import FilmSettings
from latent_studio.exporters.formats import choose_format, make_exporter
from latent_studio.generators.toy import ToyGenerator
from tests.helpers.plugins import host_of, write_plugin

if TYPE_CHECKING:
    from latent_studio.plugin_host.host import PluginHost

WRITES = """
    from latent_studio.api import write_file
    class Writer:
        id, suffix = "mine", ".tst"
        def open(self, path, *, size, fps, loop, recipe):
            self.path, self.count = path, 0
        def add(self, pixels):
            self.count += 1
        def close(self):
            write_file(self.path, str(self.count).encode())
        def abort(self):
            pass
    def make(settings):
        return Writer()
"""
PREDICTS = """
    import torch
    from latent_studio.api import AttributeInfo
    class Predictor:
        attributes = (AttributeInfo("mine", "Mine"),)
        def predict(self, images):
            {body}
    def make(*, device):
        return Predictor()
"""
FINDS = """
    from dataclasses import dataclass
    import numpy as np
    from latent_studio.api import LinearDirection, Space, option
    @dataclass(frozen=True)
    class Options:
        count: int = option(2, help="How many.", low=1)
    class Source:
        options = Options
        def find_directions(self, generator, options, *, progress, check_cancel):
            {body}
    def make():
        return Source()
"""
MARKS = "from pathlib import Path; Path(__file__).with_name('ran').touch()\n"


def export_with(host: PluginHost, path: Path) -> None:
    exporter = make_exporter(choose_format(path, formats=host.formats()), FilmSettings())
    exporter.open(path, size=(4, 2), fps=5, loop=0, recipe="{}")
    exporter.add(np.zeros((2, 4, 3), np.uint8))
    exporter.close()


def predict_with(host: PluginHost, images: torch.Tensor) -> torch.Tensor:
    return host.predictors().get("mine").load(torch.device("cpu")).predict(images)


def find_with(host: PluginHost, *, cancel: CancelToken | None = None):
    source = host.direction_source("mine")
    return source.find(
        ToyGenerator(),
        source.options(),
        model_sha256="abc",
        progress=ignore_progress,
        cancel=cancel or CancelToken(),
    )


def test_nothing_of_a_plugin_runs_before_it_is_enabled(tmp_path: Path) -> None:
    folder = write_plugin(tmp_path / "given", MARKS + "def make(settings): ...", id="quiet")
    host = host_of(tmp_path, tmp_path / "given")
    assert host.status("quiet").state == "off"
    assert [one.id for one in host.formats()] == [one.id for one in host_of(tmp_path).formats()]
    assert not (folder / "ran").exists()


def test_an_enabled_exporter_writes_and_stays_enabled_in_the_next_program(tmp_path: Path) -> None:
    write_plugin(tmp_path / "given", WRITES)
    assert host_of(tmp_path, tmp_path / "given").enable("mine").state == "on"
    export_with(host_of(tmp_path, tmp_path / "given"), tmp_path / "a.tst")
    assert (tmp_path / "a.tst").read_bytes() == b"1"


def test_a_changed_file_switches_it_off_and_is_told_once(tmp_path: Path) -> None:
    folder = write_plugin(tmp_path / "given", WRITES)
    (folder / "data.txt").write_text("a")
    host_of(tmp_path, tmp_path / "given").enable("mine")
    (folder / "data.txt").write_text("b")
    host = host_of(tmp_path, tmp_path / "given")
    (told,) = host.changed_since_enabled()
    assert told.state == "changed" and "mine" in told.problem
    assert host.changed_since_enabled() == ()
    with pytest.raises(Exception, match=r"\.tst"):
        choose_format(Path("a.tst"), formats=host.formats())
    assert host.enable("mine").state == "on"


def test_what_runs_is_what_was_hashed(tmp_path: Path) -> None:
    folder = write_plugin(tmp_path / "given", "from . import part\n" + "make = part.make")
    (folder / "part.py").write_text("def make(settings): raise ValueError('as it was')")
    host = host_of(tmp_path, tmp_path / "given")
    host.statuses()
    (folder / "part.py").write_text("def make(settings): raise ValueError('exchanged')")
    # A compiled file that somebody left there is no way in either.
    (folder / "__pycache__").mkdir()
    host._trust.remember("mine", host.status("mine").sha256)
    with pytest.raises(PluginError, match="as it was"):
        make_exporter(choose_format(Path("a.tst"), formats=host.formats()), FilmSettings())
    assert not list(folder.rglob("*.pyc"))


def test_disabling_takes_away_what_it_added(tmp_path: Path) -> None:
    write_plugin(tmp_path / "given", WRITES)
    host = host_of(tmp_path, tmp_path / "given")
    host.enable("mine")
    assert "mine" in [one.id for one in host.formats()]
    assert host.disable("mine").state == "off"
    assert "mine" not in [one.id for one in host.formats()]


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("raise RuntimeError('no luck')", "no luck"),
        ("import not_there_at_all", "not_there_at_all"),
        ("def make(:", "SyntaxError"),
        ("import sys; sys.exit(3)", "SystemExit"),
        ("other = 1", "make"),
        ("make = 3", "no function"),
    ],
)
def test_one_that_cannot_be_imported_is_named_and_the_program_goes_on(
    tmp_path: Path, code: str, words: str
) -> None:
    write_plugin(tmp_path / "given", code, id="broken")
    write_plugin(tmp_path / "given", WRITES)
    host = host_of(tmp_path, tmp_path / "given")
    status = host.enable("broken")
    assert status.state == "failed"
    assert "Broken" in status.problem and words in status.problem
    assert "Traceback" in status.details
    assert host.enable("mine").state == "on"


def test_one_that_hangs_at_import_is_left_alone(tmp_path: Path) -> None:
    release = threading.Event()
    sys.modules["_test_release"] = release  # type: ignore[assignment]
    try:
        write_plugin(tmp_path / "given", "import sys; sys.modules['_test_release'].wait()\nmake = print")
        host = host_of(tmp_path, tmp_path / "given", seconds=0.2)
        status = host.enable("mine")
        assert status.state == "failed" and "no sign of life for 0.2 seconds" in status.problem
        assert host.formats() == host_of(tmp_path).formats()
        with pytest.raises(PluginError, match="hangs"):
            host.enable("mine")
    finally:
        release.set()
        del sys.modules["_test_release"]


def test_an_exporter_that_fails_at_a_frame_says_whose_fault_it_is(tmp_path: Path) -> None:
    write_plugin(tmp_path / "given", WRITES.replace("self.count += 1", "pixels[:] = 1"))
    host = host_of(tmp_path, tmp_path / "given")
    host.enable("mine")
    with pytest.raises(PluginError, match=r"The plugin Mine failed while it took a frame .*read-only"):
        export_with(host, tmp_path / "a.tst")
    assert host.status("mine").state == "failed"


def test_a_full_disk_is_not_the_plugins_fault(tmp_path: Path) -> None:
    write_plugin(
        tmp_path / "given", WRITES.replace("self.count += 1", "raise OSError(28, 'No space left on device')")
    )
    host = host_of(tmp_path, tmp_path / "given")
    host.enable("mine")
    with pytest.raises(ExportError, match="disk is full"):
        export_with(host, tmp_path / "a.tst")
    assert host.status("mine").state == "on"


def test_an_exporter_that_writes_nothing_is_found_out(tmp_path: Path) -> None:
    write_plugin(
        tmp_path / "given", WRITES.replace("write_file(self.path, str(self.count).encode())", "pass")
    )
    host = host_of(tmp_path, tmp_path / "given")
    host.enable("mine")
    with pytest.raises(PluginError, match="there is none"):
        export_with(host, tmp_path / "a.tst")


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("return torch.zeros(len(images) + 1, 1)", r"shape \(3, 1\), not \(2, 1\)"),
        ("return torch.zeros(len(images))", r"shape \(2,\)"),
        ("return [1.0, 2.0]", "list"),
        ("return torch.zeros(len(images), 1, dtype=torch.int64)", "int64"),
        ("raise KeyError('x')", "KeyError"),
    ],
)
def test_attributes_of_another_shape_are_refused_by_name(tmp_path: Path, body: str, words: str) -> None:
    write_plugin(tmp_path / "given", PREDICTS.format(body=body), kind="attributes")
    host = host_of(tmp_path, tmp_path / "given")
    host.enable("mine")
    with pytest.raises(PluginError, match=f"Mine .*{words}"):
        predict_with(host, torch.zeros(2, 3, 16, 16))


def test_a_predictor_cannot_spoil_the_pictures_of_others(tmp_path: Path) -> None:
    write_plugin(
        tmp_path / "given",
        PREDICTS.format(body="images.zero_(); return torch.ones(len(images), 1)"),
        kind="attributes",
    )
    host = host_of(tmp_path, tmp_path / "given")
    host.enable("mine")
    images = torch.ones(2, 3, 16, 16)
    assert predict_with(host, images).tolist() == [[1.0], [1.0]]
    assert bool((images == 1).all())


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("return []", "no direction"),
        ("return None", "NoneType"),
        ("return [np.zeros(8)]", "ndarray"),
        ("return [LinearDirection('a', 'A', Space.W, np.ones(3))]", "does not fit"),
        (
            "return [LinearDirection('a', 'A', Space.Z, np.ones(generator.spec.z_dim))] * 2",
            "two directions of one id",
        ),
        ("return 1 / 0", "ZeroDivisionError"),
    ],
)
def test_directions_that_are_none_of_this_model_are_refused_by_name(
    tmp_path: Path, body: str, words: str
) -> None:
    write_plugin(tmp_path / "given", FINDS.format(body=body), kind="direction_sources")
    host = host_of(tmp_path, tmp_path / "given")
    host.enable("mine")
    with pytest.raises(PluginError, match=f"Mine .*{words}"):
        find_with(host)


def test_directions_say_where_they_are_from(tmp_path: Path) -> None:
    body = "return [LinearDirection('a', 'A', Space.Z, np.ones(generator.spec.z_dim))]"
    write_plugin(tmp_path / "given", FINDS.format(body=body), kind="direction_sources")
    host = host_of(tmp_path, tmp_path / "given")
    host.enable("mine")
    (found,) = find_with(host)
    assert (found.id, found.info.source, found.info.model_sha256) == ("mine:a", "mine", "abc")


def test_a_cancelled_search_stops_at_its_next_look(tmp_path: Path) -> None:
    write_plugin(
        tmp_path / "given", FINDS.format(body="\n                while True: check_cancel()"),
        kind="direction_sources",
    )  # fmt: skip
    host = host_of(tmp_path, tmp_path / "given")
    host.enable("mine")
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        find_with(host, cancel=token)
    assert host.status("mine").state == "on"


def test_one_of_a_name_counts_and_the_other_says_so(tmp_path: Path) -> None:
    write_plugin(tmp_path / "one", WRITES)
    write_plugin(tmp_path / "two", WRITES)
    first, second = host_of(tmp_path, tmp_path / "one", tmp_path / "two").statuses()
    assert first.state == "off"
    assert second.state == "unusable" and str(first.folder) in second.problem


def test_a_name_of_the_programs_own_cannot_be_taken(tmp_path: Path) -> None:
    write_plugin(tmp_path / "given", WRITES, id="gif")
    host = host_of(tmp_path, tmp_path / "given")
    host.enable("gif")
    assert [one.id for one in host.formats()].count("gif") == 1
    assert "taken" in host.status("gif").problem


def test_another_version_of_the_interface_is_not_enabled(tmp_path: Path) -> None:
    folder = write_plugin(tmp_path / "given", WRITES)
    text = (folder / "plugin.toml").read_text()
    (folder / "plugin.toml").write_text(text.replace("api = 1", "api = 2"))
    host = host_of(tmp_path, tmp_path / "given")
    with pytest.raises(PluginError, match="version 2"):
        host.enable("mine")


def test_an_unknown_name_lists_those_there_are(tmp_path: Path) -> None:
    write_plugin(tmp_path / "given", WRITES)
    with pytest.raises(PluginError, match="mine"):
        host_of(tmp_path, tmp_path / "given").enable("other")


def test_a_damaged_memory_of_what_is_enabled_enables_nothing(tmp_path: Path) -> None:
    write_plugin(tmp_path / "given", WRITES)
    host_of(tmp_path, tmp_path / "given").enable("mine")
    (tmp_path / "plugins.json").write_text("[[[")
    assert host_of(tmp_path, tmp_path / "given").status("mine").state == "off"


def test_the_culprit_of_a_traceback_is_found(tmp_path: Path) -> None:
    write_plugin(tmp_path / "given", "def make(context): raise ValueError('in the panel')", kind="docks")
    host = host_of(tmp_path, tmp_path / "given")
    host.enable("mine")
    with pytest.raises(ValueError, match="in the panel") as caught:
        host.load_dock("mine")(None)
    assert host.culprit(caught.value) == "mine"
    assert host.culprit(ValueError("ours")) is None


def test_the_usual_time_limit_is_that_of_the_settings() -> None:
    assert Settings().plugin_seconds == 60
