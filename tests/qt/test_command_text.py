from __future__ import annotations

from pathlib import Path

import pytest

from latent_studio.app.tasks.generate import GenerateOptions
from latent_studio.app.tasks.traverse import TraverseOptions
from latent_studio.cli.arguments import parse_arguments
from latent_studio.ui.command_text import command_text


@pytest.mark.parametrize(
    ("verb", "options"),
    [
        (
            "generate",
            GenerateOptions("my cats.pkl", (0, 1, 2, 40), Path("out"), truncation_psi=0.5, sheet=True),
        ),
        (
            "traverse",
            TraverseOptions(
                "portraits",
                ("sefa:1", "sefa:genforce:0-3:2"),
                Path("a b.gif"),
                range=(-2.5, 4.0),
                sigma=True,
                layers=(0, 1, 2, 5),
                loop="once",
                size=64,
                class_idx=2,
                noise_mode="random",
            ),
        ),
        (
            "generate",
            GenerateOptions(
                "birds",
                (0,),
                Path("out"),
                class_blend=((2, 0.1), (7, 0.9)),
                translate=(-0.25, 0.1),
                rotate=-12.5,
                lod=0.5,
                chosen_scale=2,
            ),
        ),
    ],
)
def test_the_command_line_reads_back_the_same_options(verb, options):
    import shlex

    words = shlex.split(command_text(verb, options))

    command = parse_arguments(words[1:])
    assert words[0] == "latent-studio"
    assert command.verb.name == verb
    assert type(options)(**command.values) == options


def test_defaults_are_left_out():
    text = command_text("traverse", TraverseOptions("portraits", ("sefa:0",), Path("film.gif")))

    assert text == "latent-studio traverse portraits --direction sefa:0 --out film.gif"


def test_a_number_keeps_all_its_digits():
    import shlex

    options = TraverseOptions("portraits", ("sefa:0",), Path("film.gif"), range=(-1.4625086305028918, 0.1))
    text = command_text("traverse", options)

    assert "--range -1.4625086305028918 0.1" in text
    assert parse_arguments(shlex.split(text)[1:]).values["range"] == options.range
