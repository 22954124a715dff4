"""What came of a job, in one line and with its file."""

from __future__ import annotations

from latent_studio.app.film import FilmResult
from latent_studio.app.picture import SavedPicture
from latent_studio.app.tasks.doctor import DoctorResult
from latent_studio.ui.model_facts import size_text


def describe_result(result: object) -> tuple[str, str | None]:
    """A line for the job's card, and the file it made, if any."""
    match result:
        case FilmResult():
            width, height = result.size
            text = f"{result.frames} frames, {width} × {height} px, {size_text(result.size_bytes)}"
            return text, str(result.path)
        case SavedPicture():
            width, height = result.size
            return f"{width} × {height} px, {size_text(result.size_bytes)}", str(result.path)
        case DoctorResult():
            return result.summary, None
        case _:
            return "Done", None
