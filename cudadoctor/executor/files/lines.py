"""Files of JSON lines that survive a process that dies while it writes one."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Mapping
from typing import Any

from cudadoctor import files

LIMIT = 64 << 20
"""Bytes of a file of lines that are read; a longer one was not written here."""


def now() -> str:
    """UTC in ISO 8601, to the microsecond: it is compared as text."""
    seconds = time.time()
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)) + f".{int(seconds % 1 * 1e6):06d}Z"


def append(path: str, line: Mapping[str, object]) -> None:
    """One more line, whole and on the disk when this returns. A torn line before it is closed off. Raises OSError."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "r+b", buffering=0) as file:
        size = file.seek(0, os.SEEK_END)
        torn = size > 0 and os.pread(descriptor, 1, size - 1) != b"\n"
        rest = memoryview((b"\n" if torn else b"") + json.dumps(line).encode() + b"\n")
        while rest:  # a disk that gets full takes a part of it first, and says so only when asked to take the rest
            rest = rest[file.write(rest) :]
        os.fsync(descriptor)


def read(path: str) -> Iterator[dict[str, Any]]:
    """Every whole line. A torn one is passed over: what it was to say did not happen. Raises OSError."""
    try:
        text = files.read_own(path, LIMIT)
    except FileNotFoundError:
        return
    for line in text.split(b"\n"):
        try:
            found = json.loads(line)
        except ValueError:
            continue
        if isinstance(found, dict):
            yield found
