"""Errors that a user sees, and the exit codes of every command."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """Exit status, the same for every command."""

    OK = 0
    FINDINGS = 1
    """Findings at or above `--fail-on`, an impossible recommendation, a smoke test that failed."""
    USAGE = 2
    """Wrong usage or unreadable input."""
    INTERNAL = 3
    """cudadoctor itself failed, or had no check to run."""
    UNKNOWN = 4
    """With `--strict`: something that was needed could not be known."""
    INTERRUPTED = 130


class CudaDoctorError(Exception):
    """Something the user can act on. Its text is one line: the input, what is wrong with it, what to do."""

    exit_code = ExitCode.USAGE


class NoChecksError(CudaDoctorError):
    """No check was loaded: the tool is broken, and "nothing found" would be a lie."""

    exit_code = ExitCode.INTERNAL
