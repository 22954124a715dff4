from __future__ import annotations

import itertools
import threading
import time

import pytest
from PySide6.QtCore import QObject, Slot

from latent_studio.core.errors import ExportError
from latent_studio.core.jobs import Progress
from latent_studio.ui.job_thread import JobThread

WAIT_MS = 10_000


class Collector(QObject):
    def __init__(self, thread: JobThread) -> None:
        super().__init__()
        self.said = []
        self.reports = []
        for name in ("queued", "started", "done", "failed", "cancelled"):
            getattr(thread, name).connect(getattr(self, name))
        thread.progressed.connect(self.progressed)

    @Slot(object)
    def queued(self, job) -> None:
        self.said.append(("queued", job.title))

    @Slot(object)
    def started(self, job) -> None:
        self.said.append(("started", job.title))

    @Slot(object, object)
    def done(self, job, result) -> None:
        self.said.append(("done", job.title, result))

    @Slot(object, object)
    def failed(self, job, failure) -> None:
        self.said.append(("failed", job.title, failure.title, failure.hint))

    @Slot(object)
    def cancelled(self, job) -> None:
        self.said.append(("cancelled", job.title))

    @Slot(object, object)
    def progressed(self, job, progress) -> None:
        self.reports.append((time.monotonic(), job.title, progress.fraction))


@pytest.fixture
def thread(qapp):
    thread = JobThread()
    yield thread
    assert thread.close()
    assert not thread.is_running
    thread.deleteLater()


def until_cancelled(progress, cancel):
    while not cancel.is_cancelled:
        threading.Event().wait(0.005)
    cancel.check()


def test_jobs_run_one_after_the_other_off_the_gui_thread(qtbot, thread):
    heard = Collector(thread)
    results = []

    thread.start("first", lambda progress, cancel: threading.get_ident(), on_done=results.append)
    thread.start("second", lambda progress, cancel: 2, on_done=results.append)
    qtbot.waitUntil(lambda: len(results) == 2, timeout=WAIT_MS)

    assert results[0] != threading.get_ident()
    assert [said[:2] for said in heard.said] == [
        ("queued", "first"),
        ("started", "first"),
        ("queued", "second"),
        ("done", "first"),
        ("started", "second"),
        ("done", "second"),
    ]
    assert thread.jobs == ()


def test_a_failing_job_says_one_sentence_and_the_next_one_runs(qtbot, thread):
    heard = Collector(thread)
    failures = []

    def fail(progress, cancel):
        raise ExportError("The disk is full.", hint="Choose another folder.")

    thread.start("export", fail, on_failed=failures.append)
    thread.start("next", lambda progress, cancel: None)
    qtbot.waitUntil(lambda: ("done", "next", None) in heard.said, timeout=WAIT_MS)

    assert ("failed", "export", "The disk is full.", "Choose another folder.") in heard.said
    assert "ExportError" in failures[0].details


def test_an_unexpected_error_names_its_kind_and_keeps_the_details(qtbot, thread):
    failures = []

    def fail(progress, cancel):
        raise ZeroDivisionError("by zero")

    thread.start("sum", fail, on_failed=failures.append)
    qtbot.waitUntil(lambda: bool(failures), timeout=WAIT_MS)

    assert "ZeroDivisionError: by zero" in failures[0].title
    assert "Traceback" in failures[0].details
    assert not failures[0].is_expected


def test_cancelling_the_running_job_stops_it_and_is_no_error(qtbot, thread):
    heard = Collector(thread)
    job = thread.start("long", until_cancelled)
    qtbot.waitUntil(lambda: ("started", "long") in heard.said, timeout=WAIT_MS)

    thread.cancel(job.id)
    qtbot.waitUntil(lambda: ("cancelled", "long") in heard.said, timeout=WAIT_MS)

    assert not any(said[0] in ("done", "failed") for said in heard.said)


def test_cancelling_a_waiting_job_takes_it_out_at_once(qtbot, thread):
    heard = Collector(thread)
    ran = []
    first = thread.start("long", until_cancelled)
    second = thread.start("waiting", lambda progress, cancel: ran.append(1))

    thread.cancel(second.id)
    assert ("cancelled", "waiting") in heard.said
    thread.cancel(first.id)
    qtbot.waitUntil(lambda: ("cancelled", "long") in heard.said, timeout=WAIT_MS)

    assert not ran


def test_progress_is_throttled_and_the_newest_report_arrives(qtbot, thread):
    heard = Collector(thread)

    def work(progress, cancel):
        for step in range(1000):
            progress(Progress(step / 1000, "step"))
            if step % 100 == 0:
                threading.Event().wait(0.03)
        progress(Progress(1.0, "all"))
        until_cancelled(progress, cancel)

    job = thread.start("many", work)
    qtbot.waitUntil(lambda: bool(heard.reports) and heard.reports[-1][2] == 1.0, timeout=WAIT_MS)
    thread.cancel(job.id)
    qtbot.waitUntil(lambda: not thread.jobs, timeout=WAIT_MS)

    times = [report[0] for report in heard.reports]
    assert all(later - earlier > 0.08 for earlier, later in itertools.pairwise(times))
    assert 2 <= len(times) < 30


def test_closing_in_the_middle_of_a_job_ends_the_thread_and_says_nothing_more(qtbot):
    thread = JobThread()
    heard = Collector(thread)
    thread.start("long", until_cancelled)
    thread.start("never", until_cancelled)
    qtbot.waitUntil(lambda: ("started", "long") in heard.said, timeout=WAIT_MS)

    assert thread.close(wait_ms=2000)
    qtbot.wait(20)

    assert not thread.is_running
    assert not any(said[0] in ("done", "cancelled", "failed") for said in heard.said)
    thread.deleteLater()


def test_the_thread_is_prepared_once_before_its_first_job(qtbot):
    prepared = []
    thread = JobThread(prepare=lambda: prepared.append(threading.get_ident()))
    results = []

    for _ in range(2):
        thread.start("job", lambda progress, cancel: threading.get_ident(), on_done=results.append)
    qtbot.waitUntil(lambda: len(results) == 2, timeout=WAIT_MS)

    assert prepared == [results[0]]
    assert thread.close()
    thread.deleteLater()
