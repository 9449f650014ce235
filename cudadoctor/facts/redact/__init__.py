"""Take out of a snapshot what is private, so that it can be shown to anybody and still gives the same outcomes.

Names of users and machines, addresses, UUIDs, serial numbers and secrets get stand-ins that are the same everywhere in
one snapshot; variables and lines of start-up files that do not matter here are left out.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterator
from typing import Any

from cudadoctor.facts.redact.files import reduce_file, reduce_output
from cudadoctor.facts.redact.text import Redactor
from cudadoctor.facts.redact.words import KEPT_OWNERS, KEPT_PROCESSES, VALUE_HIDDEN, is_generic, keeps_variable

__all__ = ["redact"]

_OURS = frozenset({"do", "kind"})
"""Fields whose values are words of the format, whatever users are called."""
_USER_VARIABLES = ("USER", "LOGNAME", "SUDO_USER", "USERNAME")


def redact(data: dict[str, Any]) -> dict[str, Any]:
    """The data of a snapshot (`cudadoctor.snapshot/1`) without what is private. Redacted again it stays the same."""
    redactor = Redactor()
    env: dict[str, str] = data.get("env") or {}
    _learn(redactor, env, data)
    made = dict(data)
    made["redacted"] = True
    if data.get("env") is not None:
        made["env"] = dict(sorted((name, _variable(redactor, name, env[name])) for name in env if keeps_variable(name)))
    answers: dict[str, Any] = {}
    for answer in data.get("answers", ()):
        clean = _answer(redactor, answer)
        answers.setdefault(json.dumps(clean["ask"], sort_keys=True), clean)
    made["answers"] = list(answers.values())
    return made


def _learn(redactor: Redactor, env: dict[str, str], data: dict[str, Any]) -> None:
    who: dict[str, Any] = {}
    for answer in data.get("answers", ()):
        if answer["ask"].get("do") == "identity":
            who = answer.get("gives") or {}
    user = who.get("user")
    for name in (user, *(env.get(variable) for variable in _USER_VARIABLES)):
        redactor.add_user(name)
    for home in (who.get("home"), env.get("HOME")):
        redactor.add_home(home)
    for name in (who.get("hostname"), env.get("HOSTNAME"), env.get("HOST")):
        redactor.add_host(name)
    for answer in data.get("answers", ()):
        ask, gives = answer["ask"], answer.get("gives")
        if ask.get("do") == "processes":
            for process in gives or ():
                if not KEPT_OWNERS.fullmatch(process["owner"]):
                    redactor.add_user(process["owner"])
        if ask.get("path") in {"/etc/hostname", "/proc/sys/kernel/hostname"} and isinstance(gives, dict):
            redactor.add_host("".join(gives.get("lines", [gives.get("text", "")])).partition("\n")[0])
    for text in _strings(data):
        redactor.learn(text)
    redactor.settle()


def _strings(data: Any) -> Iterator[str]:  # noqa: ANN401
    """Every text in the data, that which stands on lines as one."""
    if isinstance(data, str):
        yield data
    elif isinstance(data, list):
        for item in data:
            yield from _strings(item)
    elif isinstance(data, dict):
        if set(data) == {"base64"}:
            yield _binary(data["base64"])
            return
        for name, value in data.items():
            yield name
            yield from _strings("".join(value) if name == "lines" and isinstance(value, list) else value)


def _variable(redactor: Redactor, name: str, value: str) -> str:
    if name in VALUE_HIDDEN:
        return VALUE_HIDDEN[name]
    return _user(redactor, value) if name in _USER_VARIABLES else redactor.text(value, name)


def _user(redactor: Redactor, name: str) -> str:
    return name if KEPT_OWNERS.fullmatch(name) else redactor.users.of(name)


def _answer(redactor: Redactor, answer: dict[str, Any]) -> dict[str, Any]:
    ask = answer["ask"]
    do, place = ask.get("do"), str(ask.get("path") or "")
    made: dict[str, Any] = {"ask": _walk(ask, redactor.text)}
    if do == "read":

        def clean(text: str) -> str:
            return redactor.text(reduce_file(text, place, redactor), place)

    elif do == "run":

        def clean(text: str) -> str:
            return redactor.text(reduce_output(text, ask["argv"], redactor), " ".join(ask["argv"]))

    else:
        clean = redactor.text
    if "gives" in answer:
        made["gives"] = _walk(answer["gives"], clean, redactor)
    if "refuses" in answer:
        # Only what a program printed is the file's or program's own text.
        made["refuses"] = {
            name: _walk(value, clean if name in {"stdout", "stderr"} else redactor.text, redactor)
            for name, value in answer["refuses"].items()
        } | {"kind": answer["refuses"].get("kind")}
    if "gives" in answer:
        gives = answer["gives"]
        if do == "identity":
            made["gives"] = _identity(redactor, gives, made["gives"])
        elif do == "processes":
            made["gives"] = [_process(redactor, process) for process in gives]
        elif do == "glob":
            made["gives"].sort()
        elif do == "env":
            made["gives"] = {name: _variable(redactor, name, gives[name]) for name in gives if keeps_variable(name)}
    return made


def _walk(data: Any, clean: Callable[[str], str], redactor: Redactor | None = None) -> Any:  # noqa: ANN401
    """The data with every text in it cleaned."""
    if isinstance(data, str):
        return clean(data)
    if isinstance(data, list):
        return [_walk(item, clean, redactor) for item in data]
    if not isinstance(data, dict):
        return data
    if redactor and set(data) == {"base64"}:
        return {"base64": _clean_binary(data["base64"], redactor)}
    if set(data) == {"lines"} and isinstance(data["lines"], list):
        return {"lines": re.findall(r"[^\n]*\n|[^\n]+", clean("".join(data["lines"])))}
    return {name: value if name in _OURS else _walk(value, clean, redactor) for name, value in data.items()}


def _binary(text: str) -> str:
    try:
        return base64.b64decode(text).decode("utf-8", "surrogateescape")
    except ValueError:
        return ""


def _clean_binary(text: str, redactor: Redactor) -> str:
    """Binary data without names. A text that gets shorter is filled up with NULs: what follows keeps its place."""
    parts = []
    for part in _binary(text).split("\0"):
        clean = redactor.identifiers(part)
        old, new = (len(item.encode("utf-8", "surrogateescape")) for item in (part, clean))
        parts.append(clean + "\0" * max(0, old - new))
    return base64.b64encode("\0".join(parts).encode("utf-8", "surrogateescape")).decode("ascii")


def _identity(redactor: Redactor, gives: dict[str, Any], clean: dict[str, Any]) -> dict[str, Any]:
    made = {**clean, "machine": gives.get("machine"), "kernel": gives.get("kernel"), "libc": gives.get("libc")}
    if gives.get("user"):
        made["user"] = _user(redactor, gives["user"])
    if gives.get("hostname"):
        made["hostname"] = redactor.host(gives["hostname"])
    made["groups"] = [name if is_generic(name) else redactor.users.of(name) for name in gives.get("groups", ())]
    return made


def _process(redactor: Redactor, process: dict[str, Any]) -> dict[str, Any]:
    made = {"pid": process["pid"], "name": "process", "owner": _user(redactor, process["owner"]), "argv": []}
    if KEPT_PROCESSES.search(process["name"]):
        made["name"] = redactor.text(process["name"])
        made["argv"] = [redactor.text(word) for word in process["argv"][:1]]
        # Of other people's programs the name is enough; NVIDIA's services are configured by their options.
        if process["name"].lower().startswith(("nvidia", "nv-", "dcgm", "xorg")):
            made["argv"] = [redactor.text(word) for word in process["argv"]]
    return made
