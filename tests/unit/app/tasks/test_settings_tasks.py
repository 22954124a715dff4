"""Settings on the command line, from words to the file."""

import json

import pytest

from latent_studio.cli.main import main


@pytest.fixture
def run(tmp_path, capsys, monkeypatch):
    """Run a verb in a profile of its own and give code, answer and complaint."""
    monkeypatch.delenv("LATENT_STUDIO_THEME", raising=False)

    def call(*words):
        code = main([*words, "--profile", str(tmp_path)])
        said = capsys.readouterr()
        return code, said.out, said.err

    return call


def test_a_setting_is_set_said_listed_and_reset(run):
    assert run("settings", "get", "text-scale")[:2] == (0, "100\n")
    assert run("settings", "set", "text-scale", "150")[0] == 0
    assert run("settings", "get", "text_scale")[1] == "150\n"
    listed = run("settings", "list")[1]
    assert "150 % (default 100 %)" in listed
    assert "Size of all text in the window." in listed
    assert run("settings", "reset", "text_scale")[0] == 0
    assert run("settings", "get", "text_scale")[1] == "100\n"


def test_the_list_is_json_for_other_programs(run, monkeypatch):
    monkeypatch.setenv("LATENT_STUDIO_THEME", "light")
    run("settings", "set", "shortcuts.undo", "F9")
    whole = json.loads(run("settings", "list", "--json")[1])
    (theme,) = [one for one in whole["settings"] if one["name"] == "theme"]
    assert (theme["value"], theme["source"], theme["variable"]) == (
        "light",
        "environment",
        "LATENT_STUDIO_THEME",
    )
    assert whole["shortcuts"] == {"undo": ["F9"]}


def test_a_variable_that_beats_the_file_is_told(run, monkeypatch):
    monkeypatch.setenv("LATENT_STUDIO_THEME", "light")
    assert (
        "LATENT_STUDIO_THEME in the environment says otherwise" in run("settings", "set", "theme", "dark")[1]
    )


def test_keys_are_settings_too(run):
    run("settings", "set", "shortcuts.undo", "Ctrl+Alt+U", "F9")
    run("settings", "set", "shortcuts.redo", "none")
    assert run("settings", "get", "shortcuts.undo")[1] == "Ctrl+Alt+U F9\n"
    run("settings", "reset", "shortcuts.undo")
    assert run("settings", "get", "shortcuts.undo")[1] == "(as the program suggests)\n"
    assert run("settings", "get", "shortcuts.redo")[1] == "(none)\n"
    run("settings", "reset", "--all")
    assert run("settings", "get", "shortcuts.redo")[1] == "(as the program suggests)\n"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("set", "theme", "pink"), "one of system, dark, light"),
        (("set", "threads", "many"), "a whole number from 0 to 256"),
        (("set", "measure_forms", "maybe"), "yes or no"),
        (("get", "them"), "Did you mean theme"),
        (("reset",), "or --all"),
        (("set", "shortcuts.undo", "a", "b", "c", "d", "e"), "at most four"),
    ],
)
def test_what_cannot_be_taken_is_one_sentence(run, words, says):
    code, answer, complaint = run("settings", *words)
    assert (code, answer) == (2, "")
    assert says in complaint
    assert len(complaint.splitlines()) == 1
