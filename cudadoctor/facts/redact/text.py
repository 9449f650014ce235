"""What is private in any text: names, addresses, identifiers, secrets."""

from __future__ import annotations

import ipaddress
import json
import re

from cudadoctor.facts.redact import patterns, standins
from cudadoctor.facts.redact.words import is_generic


class Redactor:
    """The stand-ins of one snapshot, and the rules that put them in place of what is private."""

    def __init__(self) -> None:
        self.users = standins.users()
        self.hosts = standins.hosts()
        self.uuids = standins.uuids()
        self.serials = standins.serials()
        self.boards = standins.boards()
        self.containers = standins.containers()
        self._addresses = standins.addresses()
        self._addresses6 = standins.addresses6()
        self._macs = standins.macs()
        self._mails = standins.mails()
        self._words: dict[str, str] = {}
        self._homes: dict[str, str] = {}
        self._literal: re.Pattern[str] | None = None
        self._home_literal: re.Pattern[str] | None = None

    # What is learned before anything is replaced

    def learn(self, text: str) -> None:
        """Take note of what a text tells about others: stand-ins that are taken, UUIDs, homes of users."""
        kinds = (self.uuids, self.serials, self.boards, self.containers)
        for kind in (*kinds, self._addresses, self._addresses6, self._macs, self._mails):
            kind.reserve(text)
        for found in patterns.HOME.finditer(text):
            self.add_user(found["windows"] or found["name"])
        for found in patterns.UUID.finditer(text):
            self.uuids.of(found[0].lower())

    def add_user(self, name: str | None) -> None:
        """A name of a person; as a bare word it is replaced only where that destroys nothing."""
        if not name or name in patterns.NOBODY or name == "root":
            return
        self.users.reserve(name)
        for part in re.split(r"[@\\]", name)[:2]:  # alice@domain, DOMAIN\\alice
            if part != name and not is_generic(part):
                self._words.setdefault(part.lower(), part)
        if not is_generic(name):
            self._words.setdefault(name.lower(), name)

    def add_home(self, path: str | None) -> None:
        """A home directory outside /home: its last component is replaced."""
        parts = [part for part in (path or "").split("/") if part]
        if len(parts) < 2 or parts[0] in patterns.SYSTEM or re.fullmatch(r"/(?:home|Users)/[^/]+/?", path or ""):
            return
        self.add_user(parts[-1])
        self._homes["/" + "/".join(parts).lower()] = parts[-1]

    def add_host(self, name: str | None) -> None:
        """A name of a machine, with or without its domain."""
        short, _, domain = (name or "").strip().partition(".")
        if not short or short in {"localhost", "(none)"}:
            return
        self.hosts.reserve(short)
        if not is_generic(short) and not re.fullmatch(r"host\d*", short):
            self._words.setdefault(short.lower(), "\0" + short)
        if "." in domain and domain != "example.invalid":
            self._words.setdefault(domain.lower(), "\0\0")

    def settle(self) -> None:
        """Everything is learned: fix the stand-ins of names."""
        words = {}
        for word, name in self._words.items():
            if name == "\0\0":
                made = "example.invalid"
            else:
                made = self.hosts.of(name[1:]) if name.startswith("\0") else self.users.of(name)
            words[word] = made
            # As JSON prints it, where it is not ASCII.
            words[json.dumps(word)[1:-1].lower()] = made
        self._words = words
        self._literal = _alternatives(words, r"(?<![A-Za-z0-9])", r"(?![A-Za-z0-9])")
        self._home_literal = _alternatives(self._homes, "", r"(?![\w-])")

    def host(self, name: str) -> str:
        """The stand-in of a machine's name, generic ones too."""
        short, dot, _ = name.strip().partition(".")
        if short in {"", "localhost", "(none)"}:
            return name
        return self.hosts.of(short) + (".example.invalid" if dot else "")

    # What is replaced

    def identifiers(self, text: str) -> str:
        """The text without names of people and machines and without credentials in addresses."""
        text = patterns.CREDENTIALS.sub(self._url_with_credentials, text)
        if self._home_literal:
            text = self._home_literal.sub(self._home, text)
        text = patterns.HOME.sub(self._home_component, text)
        text = patterns.MAIL.sub(lambda found: self._mails.of(found[0]), text)
        if self._literal:
            text = self._literal.sub(lambda found: self._words[found[0].lower()], text)
        text = patterns.UUID.sub(lambda found: self.uuids.of(found[0].lower()), text)
        return patterns.PART_UUID.sub(self._part_of_uuid, text)

    def text(self, text: str, place: str = "") -> str:
        """The text without anything private. `place` is the file or command it is from."""
        if not text or text.isspace():
            return text
        text = patterns.PEM.sub(rf"-----{patterns.HIDDEN}", text)
        text = patterns.CONDA_TOKEN.sub(rf"\1{patterns.HIDDEN}", text)
        text = patterns.NAMED_SECRET.sub(_hide_value, text)
        text = patterns.SECRET_OPTION.sub(rf"\1{patterns.HIDDEN}", text)
        text = patterns.BEARER.sub(rf"\1{patterns.HIDDEN}", text)
        text = patterns.TOKEN_SHAPE.sub(patterns.HIDDEN, text)
        text = self.identifiers(text)
        text = patterns.URL_HOST.sub(self._url_host, text)
        text = patterns.DASHED_HOST.sub(lambda found: self.hosts.of(found[0]), text)
        text = self._numbers(text)
        text = patterns.MAC.sub(self._mac, text)
        text = patterns.IPV6.sub(self._ipv6, text)
        return patterns.IPV4.sub(lambda found: self._ipv4(found, place), text)

    def serial(self, value: str, name: str = "serial") -> str:
        """The stand-in of a serial number or board id; `N/A` and its like stay."""
        plain = value.strip()
        if not plain or patterns.NO_VALUE.fullmatch(plain):
            return value
        kind = self.boards if "board" in name.lower() and "serial" not in name.lower() else self.serials
        return value.replace(plain, kind.of(plain))

    def _numbers(self, text: str) -> str:
        text = patterns.SERIAL_XML.sub(lambda found: f"<{found[1]}>{self.serial(found[2], found[1])}</", text)
        text = patterns.PROCESS_OPTIONS.sub(r"\1", text)
        text = patterns.VM_NAME.sub(lambda found: found[1] + self.hosts.of(found[2].strip()), text)
        return patterns.SERIAL.sub(lambda found: found[1] + self.serial(found[2], found[1]), text)

    def _url_with_credentials(self, found: re.Match[str]) -> str:
        # A server that wants a password is nobody else's business; `ssh://git@github.com` has none.
        private = ":" in found[2] and found[3] not in {"", "localhost", "127.0.0.1"}
        return f"{found[1]}{patterns.HIDDEN}@{self.hosts.of(found[3].lower()) if private else found[3]}"

    def _home(self, found: re.Match[str]) -> str:
        parent, _, _ = found[0].rpartition("/")
        return f"{parent}/{self.users.of(self._homes[found[0].lower()])}"

    def _home_component(self, found: re.Match[str]) -> str:
        name = found["windows"] or found["name"]
        # A full stop at the end of a sentence is no part of the name.
        bare = name.rstrip(".")
        if name in patterns.NOBODY or not bare or bare == "root":
            return found[0]
        return f"{found['at'] or found['parent']}{self.users.of(bare)}{name[len(bare) :]}"

    def _part_of_uuid(self, found: re.Match[str]) -> str:
        part = found[2].lower().rstrip("-")
        if part.startswith("00000000"):
            return found[0]
        whole = [known for known in self.uuids.known() if known.startswith(part)]
        if len(whole) > 1:
            return f"{found[1]}-00000000-0000-0000-0000-0000"  # as ambiguous as it was
        if not whole and len(part) < 8:
            return found[0]
        return f"{found[1]}-{self.uuids.of(whole[0] if whole else part)}"

    def _url_host(self, found: re.Match[str]) -> str:
        name = found[2]
        if name.lower() == "localhost" or name == patterns.HIDDEN or re.fullmatch(r"host\d*|[\d.]+", name):
            return found[0]
        return f"{found[1]}{self.hosts.of(name)}"

    def _mac(self, found: re.Match[str]) -> str:
        plain = found[0].lower().replace("-", ":")
        return found[0] if set(plain) <= {"0", ":"} or set(plain) <= {"f", ":"} else self._macs.of(plain)

    def _ipv6(self, found: re.Match[str]) -> str:
        value = found[0].lower()
        if not re.match(r"[23f][0-9a-f]{3}:", value) and value.count(":") != 7:
            return found[0]
        try:
            ipaddress.IPv6Address(value)
        except ValueError:
            return found[0]
        return self._addresses6.of(value)

    def _ipv4(self, found: re.Match[str], place: str) -> str:
        octets = found[0].split(".")
        if any(int(octet) > 255 or (octet[0] == "0" and octet != "0") for octet in octets):
            return found[0]
        first = int(octets[0])
        if first in {0, 127, 255}:
            return found[0]
        # NVIDIA's libraries have versions of four parts (10.3.5.147); the first is never this large.
        if first > 127 or self._is_address(found, place):
            return self._addresses.of(found[0])
        return found[0]

    @staticmethod
    def _is_address(found: re.Match[str], place: str) -> bool:
        text, start, end = found.string, found.start(), found.end()
        line_start = text.rfind("\n", max(0, start - 500), start) + 1 or max(0, start - 500)
        line_end = text.find("\n", end, end + 500)
        line = text[line_start : line_end if line_end >= 0 else end + 500]
        before = text[max(line_start, start - 40) : start]
        if patterns.BEFORE_ADDRESS.search(before) or patterns.AFTER_ADDRESS.match(text, end):
            return True
        if before.endswith(("-", "==", "~")):
            return False
        first, second = (int(octet) for octet in found[0].split(".")[:2])
        if second > (9 if first == 10 else 39):
            return True  # libraries count up to 10.4 and 12.9, private networks do not stop there
        if before.endswith("/"):
            # A directory is named for a version as often as for a machine: of these, what a private network may hold.
            return first == 10 and text[end : end + 1] in {"", "/", ":", "\n", " "}
        return not (patterns.VERSION_FILE.search(place) or patterns.VERSIONED.search(line))


def _alternatives(words: dict[str, str], before: str, after: str) -> re.Pattern[str] | None:
    if not words:
        return None
    longest_first = sorted(words, key=lambda word: (-len(word), word))
    return re.compile(f"(?i){before}(?:{'|'.join(re.escape(word) for word in longest_first)}){after}")


def _hide_value(found: re.Match[str]) -> str:
    quote = found[2][0] if found[2][0] in "\"'" else ""
    closed = quote if quote and found[2].endswith(quote) and len(found[2]) > 1 else ""
    value = found[2].strip("\"'")
    # A variable, or the version of a package such as tokenizers==0.19.1, is no secret.
    if value in {"", patterns.HIDDEN} or re.fullmatch(r"\$\{?\w+\}?|=?\d+(?:\.\d+)+\S*", value):
        return found[0]
    return f"{found[1]}{quote}{patterns.HIDDEN}{closed}"
