"""What lies in the directories that a run makes: its own, and what somebody else has put there since."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

from cudadoctor.executor.doing.trees import Made, later, listing
from cudadoctor.executor.run.plan_journal import History


class Contents:
    """Told apart while a run is at work: what comes meanwhile is its own, what came between two tries is not."""

    def __init__(self, history: History) -> None:
        self._history = history
        # Of a run that was killed it is not known what it did last: only environments are not put down to it.
        self._first = {
            folder: names
            for made in self.makes()
            for folder, names in listing(made).items()
            if not history.killed or os.path.basename(folder) == "envs"
        }

    def makes(self) -> list[Made]:
        """What the steps that were begun make."""
        records = self._history.steps.values()
        return [made for record in records if record.before is not None for made in record.before.makes]

    def begun(self, makes: Sequence[Made]) -> None:
        """A step begins, with nothing there of what it makes."""
        for made in makes:
            for folder in [one for one in self._first if f"{one}/".startswith(f"{made.real}/")]:
                del self._first[folder]

    def names(self) -> dict[str, list[str]]:
        """What came by the run, by directory."""
        found: dict[str, list[str]] = {}
        for made in self.makes():
            for folder, now in listing(made).items():
                came = set(now) - set(self._first.get(folder, ()))
                found[folder] = sorted({*self._history.names.get(folder, ()), *came})
        return found


def strange(made: Made, history: History, step: str) -> tuple[str, ...]:
    """What is not of the step, in what it makes: paths that came into it since, or the directory itself."""
    names: Mapping[str, Sequence[str]] = history.names
    if made.there and not made.empty:
        return ()
    ended = history.record(step).outcome == "failed" and not history.killed
    if ended and names and made.real not in names and os.path.isdir(made.real):
        return (made.real,)  # it was not there when the step had failed
    newer = later(made, names)
    return tuple(path for path in newer if os.path.dirname(path) != made.real) if history.killed else newer
