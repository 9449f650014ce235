"""Which toolkit the lines are for, and the plan that puts them into a file or takes them out."""

from __future__ import annotations

import posixpath
import re
from hashlib import sha256

from msgspec import Struct

from cudadoctor.errors import CudaDoctorError, ExitCode
from cudadoctor.facts.toolkit import ToolkitFacts, ToolkitInventory
from cudadoctor.remedies.plan import WriteFile
from cudadoctor.shells import block, dialects
from cudadoctor.shells.dialects import Shell
from cudadoctor.shells.difference import difference
from cudadoctor.shells.paths import Wanted, usable_root
from cudadoctor.versions import ToolkitVersion

_LINK = "/usr/local/cuda"
_VERSION = re.compile(r"\d{1,2}(?:\.\d{1,2}(?:\.\d{1,4})?)?\Z")
_ORIGINS = ("nvidia", "hpc-sdk", "distribution")
"""What is set up for a whole shell; a conda environment's toolkit comes and goes with the environment."""

WHY_NOT = (
    "LD_LIBRARY_PATH goes before the libraries that torch's wheels and conda environments bring along: "
    "only programs that were linked against the toolkit need it"
)


class NoToolkit(CudaDoctorError):  # noqa: N818  it says what is missing, as every error of this tool does
    """There is nothing to set up."""

    exit_code = ExitCode.FINDINGS


class Change(Struct, frozen=True, kw_only=True):
    """One file's change, planned and not done."""

    step: WriteFile
    shown: str
    """The path, and where its link leads."""
    diff: tuple[str, ...]
    """Empty: it is as it should be already."""


def chosen_root(inventory: ToolkitInventory | None, asked: str | None) -> str:
    """The directory of the toolkit that was asked for, by path or version; else the one that this machine uses.

    Raises CudaDoctorError for what is neither, and NoToolkit where none was asked for and none is installed.
    """
    if asked is not None:
        return _asked(inventory, asked)
    known = [one for one in (inventory.toolkits if inventory else ()) if one.nvcc and one.origin in _ORIGINS]
    if inventory is not None:
        own = next((one for one in known if one.real_root == inventory.cuda_home_root), None)
        if own is not None and inventory.cuda_home is not None and _is_usable(inventory.cuda_home):
            return usable_root(inventory.cuda_home)
        link = next((one for one in inventory.links if one.path == _LINK and one.resolved), None)
        if link is not None and any(one.real_root == link.resolved for one in known):
            return _LINK  # the machine's own choice, which follows when a newer one is installed
    if not known:
        raise NoToolkit(
            "no CUDA toolkit was found here, so there is nothing to put on PATH (torch brings its own libraries); "
            "--cuda DIR names one"
        )
    return max(known, key=lambda one: (-_ORIGINS.index(one.origin), one.version or ToolkitVersion(0, 0))).root


def _is_usable(path: str) -> bool:
    try:
        usable_root(path)
    except CudaDoctorError:
        return False
    return True


def _asked(inventory: ToolkitInventory | None, asked: str) -> str:
    if not _VERSION.match(asked):
        if "/" not in asked:
            raise CudaDoctorError(f"--cuda {asked}: neither a CUDA version such as 12.4 nor an absolute path")
        return usable_root(asked)
    wanted = tuple(int(number) for number in asked.split("."))

    def fits(one: ToolkitFacts) -> bool:
        version = one.version
        return version is not None and (version.major, version.minor, version.patch)[: len(wanted)] == wanted

    known = [one for one in (inventory.toolkits if inventory else ()) if one.origin in _ORIGINS and fits(one)]
    if known:
        return max(known, key=lambda one: one.version or ToolkitVersion(0, 0)).root
    return f"/usr/local/cuda-{'.'.join(asked.split('.')[:2])}"


def put(path: str, shown: str, data: bytes | None, shell: Shell, want: Wanted) -> Change:
    """The block into a file. Raises CudaDoctorError, with the file's name, where its markers are damaged."""
    family = dialects.family_of(shell)
    try:
        after = block.put(data or b"", dialects.lines(shell, want), family)
    except block.DamagedBlock as damage:
        raise CudaDoctorError(f"{shown}: {damage}") from damage
    return _change(path, shown, data, after, why=f"put {want.bin} on PATH")


def take(path: str, shown: str, data: bytes | None, *, own: bool) -> Change:
    """The block out of a file; with `own` the file goes too where nothing else is in it."""
    try:
        after: bytes | None = block.take(data or b"")
    except block.DamagedBlock as damage:
        raise CudaDoctorError(f"{shown}: {damage}") from damage
    if data is None or (own and after == b"" and data != b""):
        after = None
    return _change(path, shown, data, after, why="take cudadoctor's lines out")


def _change(path: str, shown: str, before: bytes | None, after: bytes | None, why: str) -> Change:
    return Change(
        step=WriteFile(
            path=path,
            text="" if after is None else after.decode("utf-8", "surrogateescape"),
            why=why,
            before="" if before is None else sha256(before).hexdigest(),
            delete=after is None and before is not None,
        ),
        shown=shown,
        diff=difference(path, before, after),
    )


def reading_notes(path: str, data: bytes | None, login_file: str | None, login_data: bytes | None) -> tuple[str, ...]:
    """What the user should know about the file: how it is read, and what in it may get in the way.

    `login_file` is the file that login shells read instead of it, where that matters; it may not be there.
    """
    notes: list[str] = []
    if data is not None and b"\r\n" in data:
        notes.append(f"{path} has Windows line ends (CRLF), and shells take the carriage return for part of each word")
    name = posixpath.basename(path).lstrip(".").encode()
    if login_file is not None and (login_data is None or name not in login_data):
        says = "is not there to read it" if login_data is None else f"does not read {path}"
        notes.append(f"login shells do not get these lines: {login_file} {says} (--session login puts them there)")
    return tuple(notes)
