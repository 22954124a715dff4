"""The grammar of the command line."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from latent_studio.app.tasks.catalog import VERBS
from latent_studio.app.tasks.generate import GenerateOptions
from latent_studio.app.tasks.traverse import TraverseOptions
from latent_studio.cli.arguments import Command, CommonFlags, UsageError, parse_arguments
from latent_studio.core.errors import OptionError
from latent_studio.core.options import option, options_of


def parse(line: str) -> Command:
    return parse_arguments(line.split())


def options_from(line: str) -> object:
    command = parse(line)
    assert command.verb is not None
    return command.verb.load_options()(**command.values)


def test_generate_reads_all_its_options() -> None:
    options = options_from(
        "generate cats.pkl --seeds 0-2,40 --psi .7 --truncation-cutoff 8 --class 3 --noise-mode random "
        "--noise-seed 5 --format jpg --sheet --out pictures"
    )
    assert options == GenerateOptions(
        "cats.pkl", (0, 1, 2, 40), Path("pictures"), 0.7, 8, 3, "random", 5, "jpg", True
    )


def test_what_is_not_given_takes_its_default() -> None:
    assert options_from("generate cats.pkl --seeds 1 --out o") == GenerateOptions("cats.pkl", (1,), Path("o"))


def test_traverse_takes_several_directions_and_negative_ends() -> None:
    options = options_from(
        "traverse m --direction sefa:0 --direction sefa:mmgen:all:2 --range -3 -.5 --layers 0-3,7 "
        "--loop once --out a.gif --psi -1"
    )
    assert isinstance(options, TraverseOptions)
    assert options.direction == ("sefa:0", "sefa:mmgen:all:2")
    assert options.range == (-3.0, -0.5)
    assert options.layers == (0, 1, 2, 3, 7)
    assert (options.loop, options.truncation_psi) == ("once", -1.0)


@pytest.mark.parametrize(("low", "value"), [("-1e-1", -0.1), ("-3.", -3.0), ("-1E+1", -10.0), ("-7", -7.0)])
def test_ends_may_be_written_in_any_way(low: str, value: float) -> None:
    options = options_from(f"traverse m --direction sefa:0 --range {low} 2e0 --out a.gif")
    assert isinstance(options, TraverseOptions)
    assert options.range == (value, 2.0)


def test_an_option_has_both_of_its_names() -> None:
    both = [
        options_from(f"generate m --seeds 1 --out o {flag} 0.5") for flag in ("--psi", "--truncation-psi")
    ]
    assert both[0] == both[1] != options_from("generate m --seeds 1 --out o")


def test_verbs_of_two_words() -> None:
    command = parse("model info cats.pkl --json")
    assert command.verb is not None
    assert command.verb.name == "model info"
    assert command.values == {"model": "cats.pkl", "json": True}


@pytest.mark.parametrize(
    "line", ["--device cpu --threads 2 -q model info m", "model info m --device cpu --threads 2 --quiet",
             "--device cpu model info -q m --threads 2"],
)  # fmt: skip
def test_common_flags_stand_before_or_after_the_verb(line: str) -> None:
    assert parse(line).flags == CommonFlags(device="cpu", threads=2, quiet=True)


def test_a_flag_after_the_verb_wins() -> None:
    assert parse("--device cuda model info m --device cpu").flags.device == "cpu"


def test_without_a_verb_the_window_is_meant() -> None:
    command = parse("--profile here -v")
    assert (command.verb, command.file) == (None, "")
    assert command.flags == CommonFlags(profile=Path("here"), verbose=True)


def test_a_file_or_a_bundled_model_is_opened_in_the_window(tmp_path: Path) -> None:
    path = tmp_path / "cats.pkl"
    path.write_bytes(b"")
    command = parse_arguments(["--threads", "1", str(path), "-v"])
    assert (command.verb, command.file, command.flags.threads) == (None, str(path), 1)
    assert parse("portraits").file == "portraits"


@pytest.mark.parametrize("flag", ["--profile {}", "--profile={}"])
def test_a_model_of_the_library_opens_in_the_window(flag: str, tmp_path: Path) -> None:
    kept = tmp_path / "data" / "models" / "cats" / "cats.safetensors"
    kept.parent.mkdir(parents=True)
    kept.touch()
    given = flag.format(tmp_path)
    assert parse(f"cats {given}").file == "cats"
    assert parse(f"{given} cats").file == "cats"
    with pytest.raises(UsageError, match="cats"):
        parse("cats")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("frobnicate", "frobnicate"),
        ("generate", "MODEL, --seeds, --out"),
        ("generate m --seeds 1", "--out"),
        ("generate m --seeds 1 --out o --nonsense", "--nonsense"),
        ("generate m --seeds 1 --out o --trunc .5", "--trunc"),
        ("traverse m --direction sefa:0 --out a.gif --range 1", "2 arguments"),
        ("model", "VERB"),
        ("model frobnicate", "frobnicate"),
        ("--nonsense", "--nonsense"),
        ("portraits cats.pkl", "cats.pkl"),
    ],
)
def test_lines_that_cannot_be_understood_are_one_sentence_and_a_hint(line: str, words: str) -> None:
    with pytest.raises(UsageError) as error:
        parse(line)
    assert words in error.value.title
    assert "--help" in error.value.hint
    assert "\n" not in error.value.title


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("generate m --seeds 1 --out o --psi much", "--psi is 'much', but must be a number"),
        ("generate m --seeds x --out o", "--seeds"),
        ("generate m --seeds 3-1 --out o", "backwards"),
        ("generate m --seeds 1 --out o --class 1.5", "--class is '1.5', but must be a whole number"),
        ("generate m --seeds 1 --out o --noise-mode loud", "one of const, random, none"),
        ("traverse m --direction sefa:0 --out a.gif --range 0 x", "--range is 'x'"),
        ("traverse m --direction sefa:0 --out a.gif --layers 1..3", "--layers"),
        ("--threads 9999 model info m", "from 0 to 256"),
        ("--threads -1 model info m", "--threads"),
    ],
)
def test_values_that_cannot_be_read_are_named(line: str, words: str) -> None:
    with pytest.raises((OptionError, UsageError)) as error:
        parse(line)
    assert words in error.value.title


@pytest.mark.parametrize("line", ["--help", "-h", "model --help", *(f"{verb.name} --help" for verb in VERBS)])
def test_help_is_printed_and_ends_the_program(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        parse(line)
    assert stop.value.code == 0
    assert "usage: latent-studio" in capsys.readouterr().out


def test_help_lists_every_verb_and_every_option(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse("--help")
    overview = capsys.readouterr().out
    for verb in VERBS:
        assert verb.name.split()[0] in overview
        with pytest.raises(SystemExit):
            parse(f"{verb.name} --help")
        text = " ".join(capsys.readouterr().out.split())
        for info in options_of(verb.load_options()):
            assert (info.metavar if info.positional else info.flag) in text
            assert " ".join(info.help.split()) in text


def test_a_switch_that_is_on_can_be_switched_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("latent_studio.app.tasks.catalog._import", lambda dotted: Switches)
    assert parse("demo").values == {}
    assert parse("demo --no-light --heat").values == {"light": False, "heat": True}
    assert parse("demo --size 3 4").values == {"size": (3, 4)}


@dataclass(frozen=True)
class Switches:
    """Options of a kind no verb has yet."""

    light: bool = option(True, help="On from the start, 100 % of it.")
    heat: bool = option(False, help="Off from the start.")
    size: tuple[int, ...] = option((1,), help="Any number of numbers.")
    model: str = option("portraits", help="Not needed.", positional=True)
