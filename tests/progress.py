"""What `scripts/test` prints while it runs: how many tests are done, how many failed and how long the rest will take.

A dot for each of 17,000 tests says nothing. On a terminal one line is kept up to date; elsewhere (a log, CI) a line
is printed about every fifteen seconds.
"""

from __future__ import annotations

import time

import pytest

EVERY = 15.0
"""Seconds between two lines in a log."""


def left(done: int, total: int, seconds: float) -> str:
    """The time that is left, were the rest as fast as what is done: "2 min 10 s"."""
    rest = round(seconds / done * (total - done)) if done else 0
    return f"{rest // 60} min {rest % 60} s" if rest >= 60 else f"{rest} s"


class Progress:
    """Counts reports and prints the count; one object for each run, in the process that reports."""

    def __init__(self, config: pytest.Config) -> None:
        self._writer = config.get_terminal_writer()
        self._live = self._writer.hasmarkup
        self._total = 0
        self._failed = 0
        self._seen: set[str] = set()
        self._start = self._printed = time.monotonic()

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Without workers: what was collected is what will run."""
        self._total = len(session.items)

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: list[str]) -> None:
        """With workers: each collects everything."""
        self._total = len(ids)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """One phase of one test."""
        self._failed += report.failed
        if report.when != "teardown" or report.nodeid in self._seen:
            return
        self._seen.add(report.nodeid)
        now = time.monotonic()
        if now - self._printed < (0.2 if self._live else EVERY):
            return
        self._printed = now
        done = len(self._seen)
        failed = f", {self._failed} failed" if self._failed else ""
        line = f"{done:,} of {self._total:,}{failed}, about {left(done, self._total, now - self._start)} left"
        if self._live:
            self._writer.write(f"\r\x1b[K{line}", flush=True)
        else:
            self._writer.line(line)
            self._writer.flush()

    @staticmethod
    @pytest.hookimpl(tryfirst=True)
    def pytest_report_teststatus(report: pytest.TestReport) -> tuple[str, str, str] | None:
        """No dot for what went well."""
        if report.passed and report.when == "call":
            return "passed", "", ""
        if report.passed:
            return "", "", ""
        if report.skipped and not hasattr(report, "wasxfail"):
            return "skipped", "", ""
        return None

    def pytest_sessionfinish(self) -> None:
        """Leaves the line to the summary."""
        if self._live:
            self._writer.write("\r\x1b[K")


@pytest.hookimpl(trylast=True)  # after the terminal reporter is there
def pytest_configure(config: pytest.Config) -> None:
    """Only in the process that reports, and not where somebody asks for a line a test."""
    if not hasattr(config, "workerinput") and config.get_verbosity() <= 0:
        config.pluginmanager.register(Progress(config), "cudadoctor-progress")
