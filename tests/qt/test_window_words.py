"""What names an option of the command line names a field in the window."""

from __future__ import annotations

from latent_studio.core.errors import OptionError
from latent_studio.ui.failures import describe_failure
from latent_studio.ui.messages import Messages
from latent_studio.ui.window_words import window_words


def test_flags_become_fields_and_what_is_to_be_typed_stays():
    assert window_words("--seeds cannot be read.") == "“Seeds” cannot be read."
    assert (
        window_words("--psi is 9, but --truncation-cutoff…")
        == "“Truncation psi” is 9, but “Truncation cutoff”…"
    )
    typed = "“latent-studio predictor get fan --archive FILE” takes one – or -- nothing."
    assert window_words(typed) == typed


def test_failures_and_warnings_speak_of_fields(qtbot):
    failure = describe_failure(
        OptionError("--out", "--out is a.x, but must end in .png.", hint="Give --out FILE.")
    )
    assert (failure.title, failure.hint) == ("“Out” is a.x, but must end in .png.", "Give “Out” FILE.")
    assert "--out" in failure.details
    messages = Messages()
    with qtbot.waitSignal(messages.posted) as told:
        messages.warning("--rows has row 9.", hint="Choose others.")
    assert told.args[1] == "“Rows” has row 9."
