"""Questions to a host and its answers as plain JSON data: one form for recordings, rounds and a far machine.

A question: `{"do": "read", "path": "/etc/os-release"}`. An answer: `{"ask": question, "gives": …}` or
`{"ask": question, "refuses": {"kind": "missing"}}`. Bytes are `{"text": …}` or `{"lines": […]}` where they are UTF-8,
else `{"base64": …}`. Whatever is malformed raises ValueError; nothing here does I/O.
"""

from __future__ import annotations

import binascii
import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from msgspec.structs import asdict

from cudadoctor.host.base import (
    READ_LIMIT,
    Completed,
    Denied,
    Failed,
    FileStat,
    Host,
    Identity,
    Limits,
    Missing,
    OpenResult,
    Process,
    Refusal,
    TimedOut,
    TooLarge,
)
from cudadoctor.host.shapes import (
    IDENTITY,
    LIMITS,
    OPENED,
    PROCESS,
    STAT,
    Malformed,
    Shape,
    a_flag,
    a_number,
    a_text,
    an_argv,
    an_integer,
    an_object,
    build,
    maybe,
    overrides,
    texts,
    variables,
)

Question: TypeAlias = dict[str, Any]
Answer: TypeAlias = dict[str, Any]

GLOB_LIMIT = 10_000
_REFUSALS: dict[str, type[Refusal]] = {cls.kind: cls for cls in (Missing, Denied, TooLarge, Failed, TimedOut)}


class Unanswered(Missing):
    """Not known yet: the question waits for the next round. Never recorded."""


def question(do: str, **arguments: Any) -> Question:  # noqa: ANN401  any JSON value
    """A question with its defaults left out, as recordings show it."""
    asked: Question = {"do": do}
    defaults = _DEFAULTS.get(do, {})
    for name, value in arguments.items():
        if name not in defaults or value != defaults[name]:
            asked[name] = value
    return asked


_DEFAULTS: dict[str, dict[str, Any]] = {
    "read": {"offset": 0, "limit": READ_LIMIT},
    "glob": {"limit": GLOB_LIMIT},
    "run": {"env": {}, "stdin": {"text": ""}},
}


def key(asked: Mapping[str, Any]) -> str:
    """What makes two questions the same one: everything but a program's time limit and standard input."""
    same = {name: value for name, value in asked.items() if name not in {"timeout", "stdin"}}
    return json.dumps(question(**same), sort_keys=True)


def sort_key(asked: Mapping[str, Any]) -> tuple[str, str, str]:
    """An order in which two recordings can be compared."""
    place = asked.get("path") or asked.get("pattern") or asked.get("name") or " ".join(asked.get("argv", ()))
    return asked["do"], place, key(asked)


def what(asked: Mapping[str, Any]) -> str:
    """The path or program that a refusal names."""
    argv = asked.get("argv")
    return str(argv[0] if argv else asked.get("path") or asked.get("pattern") or asked.get("name") or asked["do"])


def pack(value: bytes) -> dict[str, Any]:
    """Bytes as JSON data: text on lines where they are UTF-8, so that recordings can be read and compared."""
    try:
        text = value.decode("utf-8")
    except UnicodeDecodeError:
        return {"base64": binascii.b2a_base64(value, newline=False).decode("ascii")}
    if "\n" not in text[:-1]:
        return {"text": text}
    lines = text.split("\n")
    return {"lines": [line + "\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])}


def unpack(data: Any) -> bytes:  # noqa: ANN401
    """The inverse of `pack`."""
    if not isinstance(data, dict):
        raise Malformed("bytes are not an object with text, lines or base64")
    if "base64" in data:
        text = a_text(data["base64"])
        if not re.fullmatch(r"[A-Za-z0-9+/]*={0,2}", text):
            raise Malformed("what should be base64 is not")
        return binascii.a2b_base64(text)
    if "lines" in data:
        return "".join(texts(data["lines"])).encode("utf-8", "surrogatepass")
    return a_text(data.get("text")).encode("utf-8", "surrogatepass")


def encode_refusal(asked: Mapping[str, Any], refusal: Refusal) -> Answer:
    """The answer to `asked` where the host refused."""
    data: dict[str, Any] = {"kind": refusal.kind}
    if refusal.what != what(asked):
        data["what"] = refusal.what
    if refusal.reason:
        data["reason"] = refusal.reason
    if isinstance(refusal, TimedOut):
        data.update(
            seconds=refusal.seconds,
            stdout=pack(refusal.stdout),
            stderr=pack(refusal.stderr),
            pid=refusal.pid,
            stuck=refusal.stuck,
            idle=refusal.idle,
        )
    return {"ask": _bare(asked), "refuses": data}


def encode(asked: Mapping[str, Any], value: Any) -> Answer:  # noqa: ANN401
    """The answer to `asked` where the host gave `value`."""
    do = asked["do"]
    data: Any = value
    if do == "read":
        data = pack(value)
    elif do == "run":
        data = {
            "returncode": value.returncode,
            "stdout": pack(value.stdout),
            "stderr": pack(value.stderr),
            "truncated": value.truncated,
            "seconds": value.seconds,
        }
    elif do == "processes":
        data = [_fields(process) for process in value]
    elif do in {"glob", "which"}:
        data = list(value)
    elif do == "env":
        data = dict(sorted(value.items()))
    elif do != "realpath":
        data = _fields(value)
    return {"ask": _bare(asked), "gives": data}


def decode(answer: Mapping[str, Any]) -> Any:  # noqa: ANN401
    """The value of an answer; raises its Refusal where it is one, ValueError where it is malformed."""
    asked = check_question(answer.get("ask"))
    if "refuses" in answer:
        raise _refusal(asked, an_object(answer["refuses"]))
    if "gives" not in answer:
        raise Malformed(f"the answer to {key(asked)[:200]} has neither `gives` nor `refuses`")
    return _DECODERS[asked["do"]](asked, answer["gives"])


def check_question(asked: Any) -> Question:  # noqa: ANN401
    """The question itself where it is well formed, else ValueError."""
    found = an_object(asked)
    needs = _QUESTIONS.get(a_text(found.get("do")))
    if needs is None:
        raise Malformed(f"unknown question: {str(found.get('do'))[:40]}")
    for name, check in needs.items():
        if name in found or name not in _DEFAULTS.get(found["do"], {}):
            check(found.get(name))
    return found


def perform(host: Host, asked: Question) -> Answer:
    """Put one question to a host. A question that is malformed or unknown is refused as `failed`."""
    try:
        check_question(asked)
        return encode(asked, _CALLS[asked["do"]](host, asked))
    except Refusal as refusal:
        return encode_refusal(asked, refusal)
    except ValueError as error:
        return {"ask": asked, "refuses": {"kind": "failed", "reason": str(error)}}


def _bare(asked: Mapping[str, Any]) -> Question:
    return {name: value for name, value in asked.items() if name not in {"timeout", "stdin"}}


def _refusal(asked: Question, data: Mapping[str, Any]) -> Refusal:
    kind = _REFUSALS.get(a_text(data.get("kind")))
    if kind is None:
        raise Malformed(f"unknown kind of refusal: {str(data.get('kind'))[:40]}")
    named, reason = a_text(data.get("what", what(asked))), a_text(data.get("reason", ""))
    if kind is not TimedOut:
        return kind(named, reason)
    return TimedOut(
        named,
        reason,
        seconds=a_number(data.get("seconds", 0.0)),
        stdout=unpack(data.get("stdout", {"text": ""})),
        stderr=unpack(data.get("stderr", {"text": ""})),
        pid=maybe(an_integer)(data.get("pid")),
        stuck=a_flag(data.get("stuck", False)),
        idle=maybe(a_flag)(data.get("idle")),
    )


def _fields(value: Any) -> dict[str, Any]:  # noqa: ANN401  a struct of host.base
    return {name: list(item) if isinstance(item, tuple) else item for name, item in asdict(value).items()}


def _completed(asked: Question, data: Any) -> Completed:  # noqa: ANN401
    found = an_object(data)
    return Completed(
        argv=an_argv(asked["argv"]),
        returncode=an_integer(found.get("returncode")),
        stdout=unpack(found.get("stdout")),
        stderr=unpack(found.get("stderr")),
        truncated=a_flag(found.get("truncated", False)),
        seconds=a_number(found.get("seconds", 0.0)),
    )


def _processes(asked: Question, data: Any) -> tuple[Process, ...]:  # noqa: ANN401
    if not isinstance(data, list):
        raise Malformed("a list of processes was expected")
    one = build(Process, PROCESS)
    return tuple(one(asked, item) for item in data)


_DECODERS: dict[str, Callable[[Question, Any], Any]] = {
    "env": lambda _, data: variables(data),
    "read": lambda _, data: unpack(data),
    "stat": build(FileStat, STAT),
    "realpath": lambda _, data: a_text(data),
    "glob": lambda _, data: texts(data),
    "which": lambda _, data: texts(data),
    "opens": build(OpenResult, OPENED),
    "run": _completed,
    "processes": _processes,
    "identity": build(Identity, IDENTITY),
    "limits": build(Limits, LIMITS),
}
_QUESTIONS: dict[str, Shape] = {
    "env": {},
    "read": {"path": a_text, "offset": an_integer, "limit": an_integer},
    "stat": {"path": a_text},
    "realpath": {"path": a_text},
    "glob": {"pattern": a_text, "limit": an_integer},
    "which": {"name": a_text},
    "opens": {"path": a_text, "write": a_flag},
    "run": {"argv": an_argv, "env": overrides},
    "processes": {},
    "identity": {},
    "limits": {},
}


def _run(host: Host, asked: Question) -> Completed:
    argv: Sequence[str] = asked["argv"]
    stdin = unpack(asked.get("stdin", {"text": ""}))
    return host.run(argv, timeout=a_number(asked.get("timeout")), env=asked.get("env", {}), stdin=stdin)


_CALLS: dict[str, Callable[[Host, Question], Any]] = {
    "env": lambda host, _: host.env,
    "read": lambda host, q: host.read(q["path"], offset=q.get("offset", 0), limit=q.get("limit", READ_LIMIT)),
    "stat": lambda host, q: host.stat(q["path"]),
    "realpath": lambda host, q: host.realpath(q["path"]),
    "glob": lambda host, q: host.glob(q["pattern"], limit=q.get("limit", GLOB_LIMIT)),
    "which": lambda host, q: host.which(q["name"]),
    "opens": lambda host, q: host.opens(q["path"], write=q["write"]),
    "run": _run,
    "processes": lambda host, _: host.processes(),
    "identity": lambda host, _: host.identity(),
    "limits": lambda host, _: host.limits(),
}
