"""What people paste of their machine's limits: `ulimit -a`, `df -h`, `free`, `ls -l /dev/nvidia*`, `gcc --version`."""

from __future__ import annotations

import re

from msgspec import Struct

from cudadoctor.parsers.text import lines

_UNITS = {"": 1, "B": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40, "P": 1 << 50}
_AMOUNT = r"(\d{1,18}(?:[.,]\d{1,3})?)([KMGTP]?)(?:i?B?)"
_SIZE = re.compile(rf"{_AMOUNT}\Z", re.IGNORECASE)
_ULIMITS = {"-l": "locked_memory", "-v": "address_space", "-n": "open_files", "-m": "resident"}
_ULIMIT_ROW = re.compile(
    r"\((?:(?P<unit>kbytes|bytes|blocks|512-byte blocks), )?(?P<flag>-[lvn])\) {1,8}"
    r"(?P<value>\d{1,19}|unlimited)\b",
    re.IGNORECASE,
)
_ULIMIT_ASKED = re.compile(r"\bulimit (?:-[SH] )?(?P<flag>-[SH]?[lvn])\s*\Z")
_LIMIT_FILE = re.compile(r"Max (?P<what>locked memory|address space|open files) {1,30}(?P<value>\d{1,19}|unlimited) ")
_FILE_NAMES = {"locked memory": "locked_memory", "address space": "address_space", "open files": "open_files"}
_DF = re.compile(
    r"(?P<device>\S{1,200}) {1,60}(?:(?P<type>[a-z]\w{1,20}(?:\.\w{1,20})?) {1,30})?"
    r"(?P<size>[\d.,]{1,18}[KMGTP]?i?B?)"
    r" {1,30}(?P<used>[\d.,]{1,18}[KMGTP]?i?B?) {1,30}(?P<free>[\d.,]{1,18}[KMGTP]?i?B?) {1,30}(?P<percent>\d{1,3}%|-)"
    r" {1,30}(?P<at>/\S{0,300})\s*\Z",
    re.IGNORECASE,
)
_FREE = re.compile(r"\s{0,20}(?P<what>Mem|Swap): {1,30}(?P<numbers>[\d.,KMGTPiB ]{3,200})", re.IGNORECASE)
_LS = re.compile(
    r"(?P<kind>[cbdl-])(?P<mode>[rwxsStT-]{9})[.+@]? {1,8}\d{1,5} {1,8}"
    r"(?P<owner>\S{1,64}) {1,16}(?P<group>\S{1,64}) {1,16}"
    r"(?:(?P<major>\d{1,6}), {1,8}(?P<minor>\d{1,7})|\d{1,12}) .{3,40}? (?P<path>/dev/[\w./-]{1,200})"
)
_COMPILER = re.compile(
    r"(?:\A|[\s`$#>])(?P<name>[\w.-]{0,60}(?:gcc|g\+\+|c\+\+)(?:-\d{1,2})?(?:\.exe)?) \([^()]{0,120}\) "
    r"(?P<version>\d{1,2}(?:\.\d{1,3}){1,2})"
)
_CLANG = re.compile(r"\bclang version (?P<version>\d{1,2}(?:\.\d{1,3}){1,2})")
_GCC_V = re.compile(r"\Agcc version (?P<version>\d{1,2}(?:\.\d{1,3}){1,2})")


class Ulimits(Struct, frozen=True, kw_only=True):
    """Limits of a process in bytes (files: a number). `named` holds those that the text has; absent means unlimited."""

    locked_memory: int | None = None
    address_space: int | None = None
    open_files: int | None = None
    named: tuple[str, ...] = ()


class FileSystem(Struct, frozen=True, kw_only=True):
    """A row of `df`, in bytes."""

    at: str
    size: int
    free: int
    line: int


class Memory(Struct, frozen=True, kw_only=True):
    """`free`, in bytes."""

    total: int
    available: int | None
    swap: int | None
    line: int


class ListedNode(Struct, frozen=True, kw_only=True):
    """A device node as `ls -l` lists it."""

    path: str
    mode: int
    owner: str
    group: str
    major: int | None
    minor: int | None
    line: int


class Compiler(Struct, frozen=True, kw_only=True):
    """A C or C++ compiler that told its version."""

    name: str
    kind: str
    """gcc or clang."""
    major: int
    version: str
    line: int


def ulimits(text: str | bytes) -> Ulimits | None:
    """`ulimit -a` of bash and dash, `ulimit -l` with its answer, or /proc/PID/limits; None where there is none."""
    found: dict[str, int | None] = {}
    rows = lines(text)
    for number, line in enumerate(rows):
        if match := _ULIMIT_ROW.search(line):
            unit = 1024 if (match["unit"] or "").lower() == "kbytes" else 1
            found[_ULIMITS[match["flag"]]] = _limit(match["value"], unit)
        elif (match := _ULIMIT_ASKED.search(line)) and number + 1 < len(rows):
            answer = rows[number + 1].strip()
            flag = f"-{match['flag'][-1]}"
            if answer == "unlimited" or (answer.isascii() and answer.isdigit() and len(answer) < 20):
                found[_ULIMITS[flag]] = _limit(answer, 1 if flag == "-n" else 1024)
        elif match := _LIMIT_FILE.match(line.strip()):
            found[_FILE_NAMES[match["what"]]] = _limit(match["value"], 1)
    if not found:
        return None
    return Ulimits(
        locked_memory=found.get("locked_memory"),
        address_space=found.get("address_space"),
        open_files=found.get("open_files"),
        named=tuple(found),
    )


def _limit(value: str, unit: int) -> int | None:
    return None if value == "unlimited" else int(value) * unit


def file_systems(text: str | bytes) -> tuple[FileSystem, ...]:
    """Rows of `df`, `df -h`, `df -T`. Numbers without a unit are blocks of 1 KiB, as df's header says."""
    found = []
    unit = 1024
    for number, line in enumerate(lines(text), 1):
        if "1K-blocks" in line:
            unit = 1024
        elif "1B-blocks" in line:
            unit = 1
        if (match := _DF.match(line.strip())) is None:
            continue
        size, free = _bytes(match["size"], unit), _bytes(match["free"], unit)
        if size is not None and free is not None:
            found.append(FileSystem(at=match["at"], size=size, free=free, line=number))
    return tuple(found)


def memory(text: str | bytes) -> Memory | None:
    """`free`, `free -m`, `free -g`, `free -h`; plain numbers are KiB unless the option stands above."""
    unit, found, swap = 1024, None, None
    for number, line in enumerate(lines(text), 1):
        if option := re.search(r"\bfree -([bkmg])\b", line):
            unit = {"b": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}[option[1]]
        if (match := _FREE.match(line)) is None:
            continue
        numbers = [_bytes(word, unit) for word in match["numbers"].split()]
        if not numbers or numbers[0] is None:
            continue
        if match["what"].lower() == "swap":
            swap = numbers[0]
        elif found is None:
            found = (numbers[0], numbers[5] if len(numbers) > 5 else None, number)
    if found is None:
        return None
    return Memory(total=found[0], available=found[1], swap=swap, line=found[2])


def _bytes(text: str, unit: int) -> int | None:
    match = _SIZE.match(text)
    if match is None:
        return None
    amount = float(match[1].replace(",", "."))
    return int(amount * (_UNITS[match[2].upper()] if match[2] else unit if amount else 1))


def device_nodes(text: str | bytes) -> tuple[ListedNode, ...]:
    """The character devices in `ls -l /dev/nvidia*`."""
    found = []
    for number, line in enumerate(lines(text), 1):
        match = _LS.search(line)
        if match is None or match["kind"] != "c":
            continue
        major, minor = (int(match[name]) if match[name] else None for name in ("major", "minor"))
        found.append(
            ListedNode(
                path=match["path"],
                mode=_mode(match["mode"]),
                owner=match["owner"],
                group=match["group"],
                major=major,
                minor=minor,
                line=number,
            )
        )
    return tuple(found)


def _mode(text: str) -> int:
    mode = 0
    for place, letter in enumerate(text):
        if letter not in "-ST":
            mode |= 1 << (8 - place)
    return mode


def compilers(text: str | bytes) -> tuple[Compiler, ...]:
    """Answers of `gcc --version`, `g++ -v` and `clang --version`, each program once."""
    found: dict[str, Compiler] = {}
    for number, line in enumerate(lines(text), 1):
        if match := _COMPILER.search(line):
            name, kind = match["name"], "gcc"
        elif match := _CLANG.search(line):
            name, kind = "clang", "clang"
        elif match := _GCC_V.match(line):
            name, kind = "gcc", "gcc"
        else:
            continue
        version = match["version"]
        found.setdefault(
            name, Compiler(name=name, kind=kind, major=int(version.split(".")[0]), version=version, line=number)
        )
    return tuple(found.values())
