"""A host that is only a recording: what it does not list does not exist."""

from __future__ import annotations

import errno
from collections.abc import Mapping, Sequence
from typing import Any, cast

from cudadoctor.host import codec
from cudadoctor.host.base import (
    READ_LIMIT,
    Completed,
    FileStat,
    Identity,
    Limits,
    Missing,
    OpenResult,
    Process,
    TooLarge,
)
from cudadoctor.host.codec import GLOB_LIMIT, Question
from cudadoctor.host.recording import Recording

_NOBODY = Identity(machine="", kernel="", libc=None, user=None, uid=None)
_NO_LIMITS = Limits(address_space=None, locked_memory=None, open_files=None, shm_size=None)


class ReplayHost:
    """Answers from a recording. See `Host` for every method.

    A file that was read whole also answers for its pieces, whatever offset and limit are asked.
    """

    def __init__(self, recording: Recording) -> None:
        self._recording = recording

    def _absent(self, asked: Question, empty: object) -> Any:  # noqa: ANN401
        """What to say where the recording has nothing. `empty` is None where there is no empty answer."""
        if empty is None:
            raise Missing(codec.what(asked), "not in the recording")
        return empty

    def _ask(self, asked: Question, empty: object = None) -> Any:  # noqa: ANN401
        answer = self._recording.get(asked)
        return self._absent(asked, empty) if answer is None else codec.decode(answer)

    @property
    def env(self) -> Mapping[str, str]:
        """See `Host`."""
        return self._recording.env or {}

    def read(self, path: str, *, offset: int = 0, limit: int = READ_LIMIT) -> bytes:
        """See `Host`."""
        asked = codec.question("read", path=path, offset=offset, limit=limit)
        whole = self._recording.whole_file(path)
        if whole is None or self._recording.get(asked) is not None:
            return cast("bytes", self._ask(asked))
        rest = cast("bytes", codec.decode(whole))[max(offset, 0) :]
        if 0 <= limit < len(rest):
            raise TooLarge(path, f"more than {limit} bytes")
        return rest if limit >= 0 else rest[:-limit]

    def stat(self, path: str) -> FileStat:
        """See `Host`."""
        return cast("FileStat", self._ask(codec.question("stat", path=path)))

    def realpath(self, path: str) -> str:
        """See `Host`."""
        return cast("str", self._ask(codec.question("realpath", path=path)))

    def glob(self, pattern: str, *, limit: int = GLOB_LIMIT) -> tuple[str, ...]:
        """See `Host`."""
        return cast("tuple[str, ...]", self._ask(codec.question("glob", pattern=pattern, limit=limit), ()))

    def opens(self, path: str, *, write: bool) -> OpenResult:
        """See `Host`."""
        absent = OpenResult(ok=False, errno=errno.ENOENT)
        return cast("OpenResult", self._ask(codec.question("opens", path=path, write=write), absent))

    def run(
        self,
        argv: Sequence[str],
        *,
        timeout: float,
        env: Mapping[str, str | None] | None = None,
        stdin: bytes = b"",
    ) -> Completed:
        """See `Host`."""
        asked = codec.question("run", argv=list(argv), env=dict(env or {}), timeout=timeout, stdin=codec.pack(stdin))
        return cast("Completed", self._ask(asked))

    def which(self, name: str) -> tuple[str, ...]:
        """See `Host`."""
        return cast("tuple[str, ...]", self._ask(codec.question("which", name=name), ()))

    def processes(self) -> tuple[Process, ...]:
        """See `Host`."""
        return cast("tuple[Process, ...]", self._ask(codec.question("processes"), ()))

    def identity(self) -> Identity:
        """See `Host`."""
        return cast("Identity", self._ask(codec.question("identity"), _NOBODY))

    def limits(self) -> Limits:
        """See `Host`."""
        return cast("Limits", self._ask(codec.question("limits"), _NO_LIMITS))
