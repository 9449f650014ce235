"""The ticket of sudo: kept from running out while a plan runs. No password is ever handled."""

from __future__ import annotations

import contextlib
import time

from cudadoctor.executor.system import processes
from cudadoctor.executor.system.machine import Machine

RENEWED = 60.0
"""Seconds. sudo's ticket lasts 15 minutes by default (sudoers(5), timestamp_timeout), some systems take 5."""


class Ticket:
    """Renews the ticket while something takes long."""

    def __init__(self, machine: Machine, *, needed: bool) -> None:
        self._machine = machine
        self._needed = needed
        self._last = time.monotonic()

    def tick(self) -> None:
        """To be called often."""
        if self._needed and time.monotonic() - self._last > RENEWED:
            self.renew()

    def renew(self) -> None:
        """Now, where it is needed at all. Where sudo refuses, the step that needs it says so."""
        if not self._needed:
            return
        self._last = time.monotonic()
        env = {key: value for key, value in self._machine.env.items() if key in ("PATH", "HOME", "LANG", "TERM")}
        with contextlib.suppress(OSError):
            processes.ask((self._machine.sudo, "-n", "-v"), env, seconds=5.0)
