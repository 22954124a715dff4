"""TimelineEditor: what can be done to a session's timeline, each as one step of the history."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot

from latent_studio.core.errors import LatentStudioError
from latent_studio.core.parameters import direction_id_of, value_in
from latent_studio.core.pose import Pose
from latent_studio.core.timeline import Loop, Marker, PoseKey, Speed, Timeline, ValueKey
from latent_studio.ui.failures import Failure
from latent_studio.ui.parameter_names import parameter_label
from latent_studio.ui.pose_names import describe_base
from latent_studio.ui.widgets.timeline_scale import clock

if TYPE_CHECKING:
    from collections.abc import Callable

    from latent_studio.app.film import FilmResult
    from latent_studio.app.studio import Studio
    from latent_studio.app.timeline_film import TimelinePlan
    from latent_studio.core.easing import Easing
    from latent_studio.core.interpolate import Interpolation
    from latent_studio.core.jobs import CancelToken, ProgressSink
    from latent_studio.core.session import Session
    from latent_studio.ui.api import DockContext
    from latent_studio.ui.film_preview import FilmPreview
    from latent_studio.ui.twin import Deed, Keep, Twin
    from latent_studio.ui.widgets.timeline_view import TimelineView

#: Seconds between keys that are added one after the other.
STEP_SECONDS = 2.0


class TimelineEditor(QObject):
    """Changes the timeline through the store: one gesture, one undo step.

    Args:
        context: the window's parts.
        view: knows what is selected.
        preview: knows where the playhead is.
        parent: Qt owner.
    """

    #: Keys have another easing.
    easing_changed = Signal()

    def __init__(
        self, context: DockContext, *, view: TimelineView, preview: FilmPreview, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._context = context
        self._view = view
        self._preview = preview
        self._clipboard: tuple[Timeline, frozenset[int]] | None = None
        self._moving: Timeline | None = None

    @property
    def can_paste(self) -> bool:
        """Whether keys were copied."""
        return self._clipboard is not None

    @Slot()
    def add_key(self) -> None:
        """A key of the picture on the canvas: at the playhead, or after the last key if one is there."""
        session = self._context.store.session
        if session.model is None:
            return
        pose = self._context.renders.preview
        if pose is None:
            seconds = self._free_time(self.timeline)
            self.add_pose(Pose.of(session), seconds, self.tr("Add key"))
            return
        here = self._preview.seconds
        self._settled(pose, partial(self.add_pose, seconds=here, label=self.tr("Add key")))

    def add_pose(self, pose: Pose, seconds: float, label: str) -> None:
        """Add a key and put the playhead there; the canvas stays."""
        timeline = self.timeline.with_pose(
            seconds, pose, name=describe_base(pose.base), model=self._context.store.session.model
        )
        self.change(timeline, label)
        self._preview.put(seconds)
        added = next((key.id for key in self.timeline.keys if abs(key.seconds - seconds) < 1e-3), None)
        self._view.setSelected(frozenset() if added is None else frozenset({added}))

    @Slot()
    def replace_key(self) -> None:
        """The selected key, or the one at the playhead, gets the picture of the session."""
        session = self._context.store.session
        key = self._one_key()
        if session.model is None or key is None:
            self._context.messages.news(
                self.tr("There is no key to replace."), hint=self.tr("Select one on the timeline first.")
            )
            return
        pose = Pose.of(session)
        timeline = self.timeline.with_pose(
            key.seconds, pose, name=describe_base(pose.base), model=session.model
        )
        self.change(timeline, self.tr("Replace key"))

    @Slot(int)
    def load_key(self, key_id: int) -> None:
        """Bring a key's state back to the sliders; of a diamond, its moment."""
        key = self.timeline.find(key_id)
        if isinstance(key, ValueKey):
            self._preview.show(key.seconds)
        elif isinstance(key, PoseKey):
            self._preview.put(key.seconds)
            self._load(key.pose, self.tr("Go to key {name}").format(name=key.name or clock(key.seconds)))

    @Slot()
    def take_moment(self) -> None:
        """Bring the moment at the playhead to the sliders, to go on from there."""
        pose = self._preview.pose_now()
        if pose is not None:
            label = self.tr("Take the picture at {time}").format(
                time=clock(self._preview.seconds, tenths=True)
            )
            self._settled(pose, partial(self._load, label=label))

    def _load(self, pose: Pose, label: str) -> None:
        store = self._context.store
        self._context.renders.end_preview()
        store.close_gesture()
        store.replace(pose.on(store.session), label)

    def _settled(self, pose: Pose, then: Callable[[Pose], None]) -> None:
        """Call with a pose that stands at one place; a blend is asked of the model."""
        if pose.is_settled:
            then(pose)
            return

        def take(outcome: object) -> None:
            if isinstance(outcome, Failure):
                self._context.messages.failure(outcome)
            elif isinstance(outcome, Pose):
                then(outcome)

        self._context.renders.ask(partial(_settle, self._context.studio, pose), take)

    def add_parameter_key(self, parameter: str) -> None:
        """A key of one parameter at the playhead, with its value on the sliders."""
        session = self._context.store.session
        pose = Pose.of(session)
        timeline = self.timeline
        if timeline.is_empty:
            timeline = timeline.with_pose(0.0, pose, name=describe_base(pose.base), model=session.model)
        direction_id = direction_id_of(parameter)
        edit = None if direction_id is None else session.edits.find(direction_id)
        timeline = timeline.with_value(
            parameter,
            self._preview.seconds,
            value_in(pose, parameter),
            direction=None if edit is None else edit.direction,
        )
        label = parameter_label(parameter, timeline)
        self.change(timeline, self.tr("Key {name}").format(name=label))

    def _free_time(self, timeline: Timeline) -> float:
        here = self._preview.seconds
        if timeline.is_empty:
            return 0.0
        if all(abs(key.seconds - here) > 1e-3 for key in timeline.keys):
            return here
        return timeline.keys[-1].seconds + STEP_SECONDS

    @Slot(float)
    def scrub(self, seconds: float) -> None:
        """The playhead somewhere: the canvas shows that moment."""
        self._preview.player.stop()
        self._preview.show(seconds)

    @Slot(float)
    def move_keys(self, by_seconds: float) -> None:
        """The selected keys so far from where they stood when the hand took them."""
        if self._moving is None:
            self._moving = self.timeline
            self._context.store.close_gesture()
        moved = self._moving.moved(self._view.selected(), by_seconds)
        self.change(moved, self.tr("Move keys"), gesture="timeline keys")

    @Slot()
    def finish_move(self) -> None:
        """The hand was lifted."""
        self._moving = None
        self._context.store.close_gesture()

    @Slot(float, float)
    def move_span(self, start: float, end: float) -> None:
        """Another part to play."""
        self.change(
            replace(self.timeline, work=(start, end)), self.tr("Change the part to play"), gesture="span"
        )

    @Slot()
    def toggle_play(self) -> None:
        """Play, or stop."""
        if self.timeline.duration == 0:
            self._context.messages.news(
                self.tr("There is nothing to play yet."), hint=self.tr("Add two keys to the timeline first.")
            )
            return
        self._preview.toggle()

    @Slot()
    def go_to_start(self) -> None:
        """The playhead to where playing begins."""
        self.scrub(self.timeline.span[0])

    @Slot()
    def go_to_key_before(self) -> None:
        """The playhead to the key before."""
        times = [key.seconds for key in self.timeline.all_keys()]
        self._preview.show(max((time for time in times if time < self._preview.seconds - 1e-3), default=0.0))

    @Slot()
    def go_to_key_after(self) -> None:
        """The playhead to the next key."""
        times = [key.seconds for key in self.timeline.all_keys()]
        after = [time for time in times if time > self._preview.seconds + 1e-3]
        if after:
            self._preview.show(min(after))

    @Slot()
    def set_in(self) -> None:
        """What is played begins at the playhead."""
        self._set_span(self._preview.seconds, None)

    @Slot()
    def set_out(self) -> None:
        """What is played ends at the playhead."""
        self._set_span(None, self._preview.seconds)

    def _set_span(self, start: float | None, end: float | None) -> None:
        timeline = self.timeline
        old_start, old_end = timeline.span
        start = old_start if start is None else start
        end = old_end if end is None else end
        if not start < end:
            start, end = (start, timeline.duration) if end <= old_start else (0.0, end)
        if start < end:
            self.change(replace(timeline, work=(start, end)), self.tr("Change the part to play"))

    @Slot()
    def toggle_marker(self) -> None:
        """A marker at the playhead, or the one that is there away."""
        timeline, here = self.timeline, self._preview.seconds
        kept = tuple(marker for marker in timeline.markers if abs(marker.seconds - here) > 0.5 / timeline.fps)
        if len(kept) == len(timeline.markers):
            kept = tuple(sorted((*kept, Marker(here)), key=lambda marker: marker.seconds))
        self.change(replace(timeline, markers=kept), self.tr("Change markers"))

    @Slot()
    def reverse(self) -> None:
        """The same film backwards."""
        self.change(self.timeline.reversed(), self.tr("Reverse the timeline"))

    @Slot()
    def rekey(self) -> None:
        """Take keys of another model for keys of the open one."""
        model = self._context.store.session.model
        if model is not None:
            self.change(self.timeline.rekeyed(model), self.tr("Re-key for {name}").format(name=model.name))

    @Slot(str)
    def run(self, command: str) -> None:
        """What a key of the keyboard on the strip asks for."""
        view, preview, timeline = self._view, self._preview, self.timeline
        frame = 1 / timeline.fps
        chosen = view.selected()
        match command:
            case "play":
                self.toggle_play()
            case "frame-back" | "frame-on":
                here = round(preview.seconds * timeline.fps) + (1 if command == "frame-on" else -1)
                self.scrub(max(0.0, here / timeline.fps))
            case "second-back":
                self.scrub(max(0.0, preview.seconds - 1))
            case "second-on":
                self.scrub(preview.seconds + 1)
            case "keys-back" | "keys-on":
                by = frame if command == "keys-on" else -frame
                self.change(timeline.moved(chosen, by), self.tr("Move keys"))
            case "start":
                self.go_to_start()
            case "end":
                self.scrub(timeline.span[1])
            case "key-before":
                self.go_to_key_before()
            case "key-after":
                self.go_to_key_after()
            case "delete":
                self.delete_keys()
            case "load" if chosen:
                self.load_key(min(chosen))
            case "load":
                self.take_moment()
            case "copy":
                self.copy_keys()
            case "cut":
                self.copy_keys()
                self.delete_keys()
            case "paste":
                self.paste_keys()
            case "duplicate":
                self.duplicate_keys()
            case "select-all":
                view.setSelected(frozenset(key.id for key in timeline.all_keys()))
            case "select-none":
                view.setSelected(frozenset())
            case "zoom-in":
                view.zoom(1.25)
            case "zoom-out":
                view.zoom(0.8)
            case "zoom-fit":
                view.zoomFit()

    @Slot()
    def delete_keys(self) -> None:
        """The selected keys away."""
        if self._view.selected():
            self.change(self.timeline.without(self._view.selected()), self.tr("Delete keys"))

    @Slot()
    def copy_keys(self) -> None:
        """Remember the selected keys."""
        if self._view.selected():
            self._clipboard = (self.timeline, self._view.selected())

    @Slot()
    def paste_keys(self) -> None:
        """The remembered keys, the first of them at the playhead; also into another session."""
        if self._clipboard is None:
            return
        source, chosen = self._clipboard
        timeline, made, first = self.timeline, [], None
        keys = [key for key in source.all_keys() if key.id in chosen]
        first = min(key.seconds for key in keys)
        for key in keys:
            seconds = self._preview.seconds + key.seconds - first
            if isinstance(key, PoseKey):
                timeline = timeline.with_pose(
                    seconds, key.pose, name=key.name, model=key.model, easing=key.easing
                )
            else:
                track = next(track for track in source.tracks if key in track.keys)
                timeline = timeline.with_value(track.parameter, seconds, key.value, direction=track.direction)
            made += [one.id for one in timeline.all_keys() if abs(one.seconds - seconds) < 1e-3]
        self.change(timeline, self.tr("Paste keys"))
        self._view.setSelected(frozenset(made))

    @Slot()
    def duplicate_keys(self) -> None:
        """Copies of the selected keys after the last of them."""
        chosen = [key for key in self.timeline.all_keys() if key.id in self._view.selected()]
        if not chosen:
            return
        times = [key.seconds for key in chosen]
        by = max(times) - min(times) + (STEP_SECONDS / 2)
        timeline, made = self.timeline.copied([key.id for key in chosen], by)
        self.change(timeline, self.tr("Duplicate keys"))
        self._view.setSelected(frozenset(made))

    def key_at(self, seconds: float) -> None:
        """A key of the session's picture at a moment."""
        session = self._context.store.session
        if session.model is not None:
            self.add_pose(Pose.of(session), seconds, self.tr("Add key"))

    def mute(self, parameter: str, muted: bool) -> None:
        """A track off or on."""
        label = self.tr("Switch a track off") if muted else self.tr("Switch a track on")
        self.change(self.timeline.with_muted(parameter, muted), label)

    def set_easing(self, easing: Easing) -> None:
        """Another easing after the selected keys; without a selection, after all."""
        ids = [key.id for key in self.chosen_keys()]
        self.change(self.timeline.eased(ids, easing), self.tr("Change easing"))
        self.easing_changed.emit()

    @Slot(object)
    def bend(self, easing: Easing) -> None:
        """Another curve after the selected keys, while the hand bends it."""
        ids = [key.id for key in self.chosen_keys()]
        self.change(self.timeline.eased(ids, easing), self.tr("Change easing"), gesture="easing")

    @Slot()
    def finish_bend(self) -> None:
        """The hand was lifted."""
        self._context.store.close_gesture()
        self.easing_changed.emit()

    def chosen_keys(self) -> list[PoseKey | ValueKey]:
        """The selected keys; all where none is."""
        keys = self.timeline.all_keys()
        return [key for key in keys if key.id in self._view.selected()] or list(keys)

    def add_places(
        self,
        places: list[tuple[Pose, str]],
        step_seconds: float = STEP_SECONDS,
        is_loop: bool = False,
    ) -> None:
        """Keys of several poses, one after the other, from the playhead or after what is there."""
        session, timeline = self._context.store.session, self.timeline
        start = self._free_time(timeline)
        try:
            for index, (pose, name) in enumerate(places):
                timeline = timeline.with_pose(
                    start + index * step_seconds, pose, name=name, model=session.model
                )
            if is_loop:
                timeline = replace(timeline, loop="closed", closing_seconds=step_seconds)
        except LatentStudioError as error:
            self._context.messages.warning(error.title, hint=error.hint)
            return
        self.change(timeline, self.tr("Add %n key(s)", "", len(places)))
        self._preview.put(start)

    def set_mode(self, parameter: str, mode: Interpolation) -> None:
        """Another way for a parameter, or the picture's place, to go from key to key."""
        self.change(self.timeline.with_mode(parameter, mode), self.tr("Change the way between keys"))

    def set_speed(self, speed: Speed) -> None:
        """Keys or the eye decide how fast it goes."""
        self.change(replace(self.timeline, speed=speed), self.tr("Change the speed"))

    def set_fps(self, fps: float) -> None:
        """Another rate."""
        self.change(replace(self.timeline, fps=fps), self.tr("Change frames per second"))

    def clear_span(self) -> None:
        """Play and export all of it."""
        self.change(replace(self.timeline, work=None), self.tr("Play the whole film"))

    def clear(self) -> None:
        """No keys."""
        self.change(Timeline(fps=self.timeline.fps), self.tr("Clear timeline"))

    def set_loop(self, loop: Loop) -> None:
        """Something else after the last key; a loop closes in the time that a way takes on average."""
        timeline = self.timeline
        gaps = [b.seconds - a.seconds for a, b in pairwise(timeline.keys)]
        closing = sum(gaps) / len(gaps) if gaps else timeline.closing_seconds
        self.change(replace(timeline, loop=loop, closing_seconds=closing), self.tr("Change the loop"))

    def export(self, path: Path) -> None:
        """Begin to write the film; what is changed meanwhile cannot touch it."""
        from latent_studio.app.timeline_film import TimelinePlan

        try:
            twin = self._film_twin(path)
        except LatentStudioError as error:
            self._context.messages.warning(error.title, hint=error.hint)
            return
        plan = TimelinePlan(self._context.store.session, path)
        self._context.jobs.start(
            self.tr("Export {name}").format(name=path.name),
            partial(_export, self._context.studio, plan),
            on_failed=self._context.messages.failure,
            twin=twin,
        )

    def copy_command(self) -> None:
        """The command line that writes the film, on the clipboard; the keys are kept in a file."""
        self._context.commands.copy(self._film_twin(Path("film.mp4")))

    def _film_twin(self, path: Path) -> Twin:
        from latent_studio.exporters.formats import choose_format
        from latent_studio.ui.exports.subject import Target, film_deed

        return partial(film_deed, self._context.store.session, Target(path, choose_format(path).id), None)

    def save(self, path: Path) -> None:
        """Write the timeline as a file that ``render`` takes."""
        self._context.jobs.start(
            self.tr("Save {name}").format(name=path.name),
            partial(_save, self._context.store.session, path),
            on_done=lambda saved: self._context.messages.success(
                self.tr("Saved {name}.").format(name=path.name),
                hint=f"latent-studio render {path.name} --out film.mp4",
            ),
            on_failed=self._context.messages.failure,
            quiet=True,
            twin=partial(_saving_deed, self._context.store.session, path),
        )

    @property
    def timeline(self) -> Timeline:
        """The session's."""
        return self._context.store.session.timeline

    def _one_key(self) -> PoseKey | None:
        """The pose key meant: the only selected one, else the one at the playhead."""
        keys = [key for key in self.timeline.keys if key.id in self._view.selected()]
        if len(keys) == 1:
            return keys[0]
        here = self._preview.seconds
        return next((key for key in self.timeline.keys if abs(key.seconds - here) < 1e-3), None)

    def change(self, timeline: Timeline, label: str, *, gesture: str | None = None) -> None:
        """Put another timeline into the session."""
        store = self._context.store
        if gesture is None:
            store.close_gesture()
        store.replace(replace(store.session, timeline=timeline), label, gesture=gesture)


def _settle(studio: Studio, pose: Pose) -> Pose:
    from latent_studio.app.moments import settled

    return settled(studio, pose)


def _export(studio: Studio, plan: TimelinePlan, progress: ProgressSink, cancel: CancelToken) -> FilmResult:
    from latent_studio.app.timeline_film import write_timeline_film

    return write_timeline_film(studio, plan, progress, cancel)


def _saving_deed(session: Session, path: Path, keep: Keep) -> Deed:
    from latent_studio.app.recipe import film_recipe_of
    from latent_studio.app.tasks.recipe_extract import RecipeExtractOptions

    return "recipe extract", RecipeExtractOptions(keep(film_recipe_of(session), stem="timeline"), path)


def _save(session: Session, path: Path, progress: ProgressSink, cancel: CancelToken) -> Path:
    from latent_studio.app.recipe import film_recipe_of
    from latent_studio.core.files import replacing
    from latent_studio.exporters.part_file import export_error

    cancel.check()
    text = film_recipe_of(session)
    try:
        with replacing(path) as file:
            file.write(text.encode())
    except OSError as error:
        raise export_error(path, error) from error
    return path
