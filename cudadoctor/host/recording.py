"""What a host answered, kept: in memory while it is asked, and as one file (`cudadoctor.snapshot/1`)."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from cudadoctor import __version__, files
from cudadoctor.errors import CudaDoctorError
from cudadoctor.host import codec
from cudadoctor.host.base import (
    READ_LIMIT,
    Completed,
    FileStat,
    Host,
    Identity,
    Limits,
    OpenResult,
    Process,
    Refusal,
)
from cudadoctor.host.codec import GLOB_LIMIT, Answer, Question
from cudadoctor.host.shapes import Malformed

SCHEMA = "cudadoctor.snapshot/1"
FILE_LIMIT = 256 << 20
"""Bytes of a snapshot, unpacked, that `load` is willing to read."""

Value = TypeVar("Value")


class Recording:
    """Answers of one machine, by question. Safe to use from several threads."""

    def __init__(self, *, env: Mapping[str, str] | None = None, redacted: bool = False, partial: bool = False) -> None:
        self.env = None if env is None else dict(env)
        """The environment; None: not asked yet."""
        self.redacted = redacted
        self.partial = partial
        """Not everything was asked: what it does not list is not known, instead of not there."""
        self._answers: dict[str, Answer] = {}
        self._whole: dict[str, Answer] = {}
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._answers)

    def put(self, answer: Answer) -> None:
        """Keep an answer in place of an earlier one to the same question; a time-out never replaces a real one."""
        asked = answer["ask"]
        if asked["do"] == "env":
            if "gives" in answer:
                self.env = dict(answer["gives"])
            return
        key = codec.key(asked)
        with self._lock:
            if answer.get("refuses", {}).get("kind") == "timed-out" and "gives" in self._answers.get(key, {}):
                return
            self._answers[key] = answer
            whole = asked.get("offset", 0) == 0 and asked.get("limit", READ_LIMIT) > 0
            if asked["do"] == "read" and whole and answer.get("refuses", {}).get("kind") != "too-large":
                self._whole[asked["path"]] = answer

    def get(self, asked: Question) -> Answer | None:
        """The answer to this question, or None."""
        return self._answers.get(codec.key(asked))

    def whole_file(self, path: str) -> Answer | None:
        """The answer to a read of the whole file, whatever limit was asked, or None."""
        return self._whole.get(path)

    def data(self) -> dict[str, Any]:
        """JSON data, in a stable order."""
        with self._lock:
            answers = sorted(self._answers.values(), key=lambda answer: codec.sort_key(answer["ask"]))
        return {
            "schema": SCHEMA,
            "tool": {"name": "cudadoctor", "version": __version__},
            "redacted": self.redacted,
            **({"partial": True} if self.partial else {}),
            "env": None if self.env is None else dict(sorted(self.env.items())),
            "answers": answers,
        }

    @classmethod
    def from_data(cls, data: Any) -> Recording:  # noqa: ANN401  any JSON value
        """The inverse of `data`. Raises ValueError, with what is wrong, for anything else."""
        if not isinstance(data, dict) or not isinstance(data.get("schema"), str):
            raise Malformed("it has no `schema`: this is not a snapshot")
        schema = data["schema"]
        if schema != SCHEMA:
            if re.fullmatch(r"cudadoctor\.snapshot/\d{1,6}", schema):
                raise Malformed(f"it has the format {schema}, this cudadoctor reads {SCHEMA}: update cudadoctor")
            raise Malformed(f"its schema is {schema[:60]!r}, not {SCHEMA}")
        answers, redacted = data.get("answers"), data.get("redacted", False)
        if not isinstance(answers, list) or not isinstance(redacted, bool):
            raise Malformed("`answers` is not a list, or `redacted` is not true or false")
        made = cls(redacted=redacted, partial=data.get("partial") is True)
        if data.get("env") is not None:
            made.env = codec.decode({"ask": {"do": "env"}, "gives": data["env"]})
        for answer in answers:
            made.put(checked(answer))
        return made


def checked(answer: Any) -> Answer:  # noqa: ANN401
    """An answer from outside in our own form; ValueError where it is malformed."""
    if not isinstance(answer, dict):
        raise Malformed("an answer is not an object")
    try:
        value = codec.decode(answer)
    except Refusal as refusal:
        return codec.encode_refusal(answer["ask"], refusal)
    return codec.encode(answer["ask"], value)


class RecordingHost:
    """A host that remembers every answer of another, refusals and time-outs included."""

    def __init__(self, inner: Host, recording: Recording | None = None) -> None:
        self._inner = inner
        self.recording = recording or Recording()
        self.recording.env = dict(inner.env)

    def _note(self, asked: Question, call: Callable[[], Value]) -> Value:
        try:
            value = call()
        except codec.Unanswered:
            raise
        except Refusal as refusal:
            self.recording.put(codec.encode_refusal(asked, refusal))
            raise
        self.recording.put(codec.encode(asked, value))
        return value

    @property
    def env(self) -> Mapping[str, str]:
        """See `Host`, as for every method here."""
        return self._inner.env

    def read(self, path: str, *, offset: int = 0, limit: int = READ_LIMIT) -> bytes:
        """See `Host`."""
        asked = codec.question("read", path=path, offset=offset, limit=limit)
        return self._note(asked, lambda: self._inner.read(path, offset=offset, limit=limit))

    def stat(self, path: str) -> FileStat:
        """See `Host`."""
        return self._note(codec.question("stat", path=path), lambda: self._inner.stat(path))

    def realpath(self, path: str) -> str:
        """See `Host`."""
        return self._note(codec.question("realpath", path=path), lambda: self._inner.realpath(path))

    def glob(self, pattern: str, *, limit: int = GLOB_LIMIT) -> tuple[str, ...]:
        """See `Host`."""
        asked = codec.question("glob", pattern=pattern, limit=limit)
        return self._note(asked, lambda: self._inner.glob(pattern, limit=limit))

    def opens(self, path: str, *, write: bool) -> OpenResult:
        """See `Host`."""
        return self._note(codec.question("opens", path=path, write=write), lambda: self._inner.opens(path, write=write))

    def run(
        self,
        argv: Sequence[str],
        *,
        timeout: float,
        env: Mapping[str, str | None] | None = None,
        stdin: bytes = b"",
    ) -> Completed:
        """See `Host`."""
        asked = codec.question("run", argv=list(argv), env=dict(env or {}))
        return self._note(asked, lambda: self._inner.run(argv, timeout=timeout, env=env, stdin=stdin))

    def which(self, name: str) -> tuple[str, ...]:
        """See `Host`."""
        return self._note(codec.question("which", name=name), lambda: self._inner.which(name))

    def processes(self) -> tuple[Process, ...]:
        """See `Host`."""
        return self._note(codec.question("processes"), self._inner.processes)

    def identity(self) -> Identity:
        """See `Host`."""
        return self._note(codec.question("identity"), self._inner.identity)

    def limits(self) -> Limits:
        """See `Host`."""
        return self._note(codec.question("limits"), self._inner.limits)


def save(recording: Recording, path: str) -> None:
    """Write a snapshot, readable by its owner only; a file that is there stays whole until the new one is complete.

    Packed with gzip where the name ends in `.gz`. Raises CudaDoctorError where it cannot be written.
    """
    text = json.dumps(recording.data(), ensure_ascii=False, indent=1) + "\n"
    # File names that are not UTF-8 are lone surrogates here; escaped, the file itself is UTF-8 all the same.
    content = re.sub("[\ud800-\udfff]", lambda found: f"\\u{ord(found[0]):04x}", text).encode("utf-8")
    if path.endswith(".gz"):
        import gzip

        content = gzip.compress(content, mtime=0)
    try:
        files.write(path, content, 0o600)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise CudaDoctorError(f"{path}: cannot be written: {reason}; name another file") from error


def load(path: str) -> Recording:
    """Read a snapshot. Whatever is wrong with it is one CudaDoctorError that names the file."""
    try:
        return loads(files.read(path, FILE_LIMIT + 1), path)
    except OSError as error:
        raise CudaDoctorError(f"{path}: cannot be read: {error.strerror or error}; is it the right file?") from error
    except ValueError as error:  # raised while reading: packed and damaged, too large, or no path at all
        raise CudaDoctorError(f"{path}: not a usable snapshot: {_one_line(error)}") from error


def loads(content: bytes, path: str) -> Recording:
    """A snapshot from its bytes, packed or not; `path` is what to call it. Raises CudaDoctorError, as `load` does."""
    try:
        return Recording.from_data(_parse(_unpacked(content)))
    except RecursionError as error:
        raise CudaDoctorError(f"{path}: it is nested too deeply to be a snapshot; record it again") from error
    except ValueError as error:
        raise CudaDoctorError(f"{path}: not a usable snapshot: {_one_line(error)}") from error


def _unpacked(content: bytes) -> bytes:
    if content[:2] == b"\x1f\x8b":
        import gzip
        import io
        import zlib

        try:
            content = gzip.GzipFile(fileobj=io.BytesIO(content)).read(FILE_LIMIT + 1)
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise Malformed("the packed file is damaged or cut short; copy or record it again") from error
    if len(content) > FILE_LIMIT:
        raise Malformed(f"it is larger than {FILE_LIMIT >> 20} MiB; record it again")
    if not content.strip():
        raise Malformed("it is empty; record it again")
    return content


def _parse(content: bytes) -> Any:  # noqa: ANN401
    def whole(digits: str) -> int:
        if len(digits) > 40:
            raise Malformed("it holds a number of more than 40 digits")
        return int(digits)

    def constant(name: str) -> float:
        raise Malformed(f"it holds {name}, which is not JSON")

    try:
        return json.loads(content.decode("utf-8"), parse_int=whole, parse_constant=constant)
    except UnicodeDecodeError as error:
        raise Malformed(f"it is not UTF-8 text (byte {error.start}); record it again") from error
    except json.JSONDecodeError as error:
        cut = "it is cut short" if error.pos >= len(content.rstrip()) - 1 else "it is not JSON"
        raise Malformed(f"{cut} (line {error.lineno}: {error.msg}); copy or record it again") from error


def _one_line(error: ValueError) -> str:
    return re.sub(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]+", " ", str(error))[:300]
