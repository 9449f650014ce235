"""apt's repositories: the one-line form and deb822, and preferences (pins). Passwords in addresses are dropped."""

from __future__ import annotations

import re

from cudadoctor.facts.distro import AptPin, AptSource
from cudadoctor.parsers.text import lines

_USERINFO = re.compile(r"(?<=://)[^/@\s]{1,200}@")
_OPTIONS = re.compile(r"\[([^\]]{0,400})\]")
_NO = ("no", "false", "0", "off", "disable", "without")
_MOST = 500


def one_line(text: str | bytes, file: str) -> tuple[AptSource, ...]:
    """`deb [signed-by=/usr/share/keyrings/x.gpg arch=amd64] https://… jammy main`, for binary packages."""
    found: list[AptSource] = []
    for number, raw in enumerate(lines(text), 1):
        line = raw.partition("#")[0].strip()
        kind, _, rest = line.partition(" ")
        if kind != "deb" or len(found) >= _MOST:
            continue
        options: dict[str, str] = {}
        rest = rest.strip()
        if match := _OPTIONS.match(rest):
            for part in match.group(1).split():
                name, equals, value = part.partition("=")
                if equals:
                    options[name.lower().rstrip("+-")] = value
            rest = rest[match.end() :]
        words = rest.split()
        if len(words) >= 2:
            found.append(_source(file, number, words[0], words[1], options))
    return tuple(found)


def deb822(text: str | bytes, file: str) -> tuple[AptSource, ...]:
    """The `.sources` form: stanzas of `Types:`, `URIs:`, `Suites:`, `Components:`, `Signed-By:`."""
    found: list[AptSource] = []
    for number, stanza in stanzas(text):
        if "deb" not in stanza.get("types", "").split() or stanza.get("enabled", "yes").lower() in _NO:
            continue
        options = {
            "signed-by": stanza.get("signed-by", ""),
            "arch": ",".join(stanza.get("architectures", "").split()),
            "trusted": stanza.get("trusted", ""),
        }
        for uri in stanza.get("uris", "").split():
            for suite in stanza.get("suites", "").split():
                if len(found) < _MOST:
                    found.append(_source(file, number, uri, suite, options))
    return tuple(found)


def preferences(text: str | bytes, file: str) -> tuple[AptPin, ...]:
    """The pins of a preferences file."""
    found: list[AptPin] = []
    for _, stanza in stanzas(text):
        package, pin = stanza.get("package"), stanza.get("pin")
        if package and pin and len(found) < _MOST:
            number = re.match(r"-?\d{1,6}", stanza.get("pin-priority", "").strip())
            priority = int(number.group()) if number else None
            found.append(AptPin(file=file, package=package.strip(), pin=pin.strip(), priority=priority))
    return tuple(found)


def stanzas(text: str | bytes) -> list[tuple[int, dict[str, str]]]:
    """The stanzas with the line on which each begins; names in lower case, continuation lines joined."""
    found: list[tuple[int, dict[str, str]]] = []
    current: dict[str, str] = {}
    name = ""
    for number, line in enumerate(lines(text), 1):
        if not line.strip():
            current, name = {}, ""
        elif line.startswith("#"):
            continue
        elif line[0] in " \t":
            if name:
                current[name] = f"{current[name]}\n{line.strip()}"
        else:
            name, colon, value = line.partition(":")
            name = name.strip().lower()
            if not colon:
                name = ""
                continue
            if not current:
                found.append((number, current))
            current[name] = value.strip()
    return found


def _source(file: str, line: int, uri: str, suite: str, options: dict[str, str]) -> AptSource:
    key = options.get("signed-by", "").strip()
    if "BEGIN PGP" in key:
        key = "inline"
    return AptSource(
        file=file,
        line=line,
        uri=_USERINFO.sub("", uri)[:400],
        suite=suite[:100],
        signed_by=" ".join(key.split())[:300] or None,
        arch=options.get("arch") or None,
        trusted=options.get("trusted", "").lower() in ("yes", "true", "1", "on"),
    )
