"""What other parts ask of this package."""

from __future__ import annotations

from cudadoctor.errors import CudaDoctorError
from cudadoctor.shells import block, dialects
from cudadoctor.shells.paths import wanted


def set_up_lines(shell_name: str | None, cuda_root: str) -> tuple[str, ...]:
    """The lines for a user's shell that bring a toolkit to PATH, ready for its rc file.

    `shell_name` is the last part of $SHELL; one that is not known, or None, gets the lines of POSIX shells. Empty where
    the directory cannot stand in a search path.
    """
    try:
        shell = dialects.shell_named(shell_name or "sh")
    except CudaDoctorError:
        shell = "sh"
    try:
        return block.rendered(dialects.lines(shell, wanted(cuda_root)))
    except CudaDoctorError:
        return ()
