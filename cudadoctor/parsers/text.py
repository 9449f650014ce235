"""What the parsers share: decoding, removal of what is not text, PCI bus ids, and NVIDIA's words for "no value"."""

from __future__ import annotations

import re

LIMIT = 1 << 20
"""Characters that a parser looks at; what follows is left out."""
LONGEST = 1024
"""Characters of one line that are looked at, where lines of the form are known to be short."""

_ESCAPES = re.compile(r"\x1b(?:\[[0-9;:?]{0,32}[@-~]|\][^\x07\x1b]{0,256}(?:\x07|\x1b\\)|[@-Z\\^_])")
_DROPPED = (*range(9), *range(11, 32), *range(127, 160), *range(0x200B, 0x2010), *range(0x202A, 0x202F), 0x2060, 0xFEFF)
_TABLE: dict[int, str | None] = dict.fromkeys(_DROPPED) | dict.fromkeys((0xA0, 0x2007, 0x202F), " ")
_TABLE |= dict.fromkeys((0x2502, 0x2503), "|") | dict.fromkeys((0x2028, 0x2029), "\n")
"""Control, bidirectional and zero-width characters go, no-break spaces become spaces, box-drawing bars become `|`."""
_REPLACED = re.compile(f"[{re.escape(''.join(map(chr, _TABLE)))}]")
_QUOTES = re.compile(r"(?:[ \t]{0,3}>[ \t]?){1,8}")
_BUS_ID = re.compile(r"(?:PCI:)?(?:([0-9a-f]{1,8}):)?([0-9a-f]{1,4}):([0-9a-f]{1,2})(?:\.([0-7]))?\Z", re.IGNORECASE)

_FAILED = frozenset(
    ("err!", "unknown error", "gpu is lost", "gpu requires reset", "reset required", "gpu_is_lost", "error", "unknown")
)
_ABSENT = _FAILED | frozenset(
    (
        "",
        "n/a",
        "not supported",
        "not available",
        "not found",
        "function not found",
        "requested functionality has been deprecated",
        "insufficient permissions",
        "no permission",
        "none",
    )
)


def decode(data: bytes) -> str:
    """The bytes as text: UTF-16 with or without its mark (PowerShell's redirection), else UTF-8; never an error."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    head = data[:400]
    if head.count(0) * 3 > len(head):
        return data.decode("utf-16-be" if head[:1] == b"\0" else "utf-16-le", "replace")
    return data.decode("utf-8", "replace")


def tidy(text: str | bytes) -> str:
    """At most LIMIT characters, with Unix line ends and without escape sequences, control characters or surrogates."""
    if isinstance(text, bytes):
        text = decode(text[: 4 * LIMIT])
    text = text[:LIMIT].encode("utf-8", "replace").decode("utf-8")
    if "\x1b" in text:
        text = _ESCAPES.sub("", text)
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return _REPLACED.sub(lambda match: _TABLE[ord(match[0])] or "", text)


def lines(text: str | bytes, *, longest: int = LONGEST) -> list[str]:
    """The tidy lines, each cut at `longest`, without the `>` of quoted mail and markdown."""
    return [unquoted(line[:longest]) for line in tidy(text).split("\n")]


def unquoted(line: str) -> str:
    """The line without the `>` of quoted mail and markdown before it."""
    return line[match.end() :] if (match := _QUOTES.match(line)) else line


def bus_id(text: str) -> str | None:
    """`00000000:01:00.0`, `PCI:0000:01:00`, `01:00.0` … as `0000:01:00.0`; None where it is no bus id.

    The domain keeps more than four digits only where it needs them.
    """
    match = _BUS_ID.match(text.strip())
    if match is None:
        return None
    domain, bus, device, function = (int(part or "0", 16) for part in match.groups())
    return f"{domain:04x}:{bus:02x}:{device:02x}.{function}" if bus < 0x100 and device < 0x20 else None


def plain(text: str) -> str:
    """The value without the brackets that the csv form puts around what is no value: `[N/A]` is `N/A`."""
    text = text.strip()
    return text[1:-1].strip() if text.startswith("[") and text.endswith("]") else text


def known(text: str | None) -> str | None:
    """The value, or None where NVIDIA's tools print in its place that there is none."""
    value = plain(text or "")
    return None if value.lower() in _ABSENT else value


def failure(text: str) -> str | None:
    """The text, where it says that the value should be there and could not be read."""
    value = plain(text)
    return value if value.lower() in _FAILED - {"unknown", "error"} else None


def mebibytes(text: str | None) -> int | None:
    """The number in `8192 MiB`, `8192MB` or `8192` (nounits); None where it is no amount of memory."""
    match = re.match(r"(\d{1,9})(?:\.\d+)?\s*(?:Mi?B)?\Z", plain(text or ""))
    return int(match.group(1)) if match else None


def flag(text: str | None) -> bool | None:
    """True for Enabled, On, Yes, True, 1 and Active; False for their opposites; None for everything else."""
    word = plain(text or "").lower()
    if word in {"enabled", "on", "yes", "true", "1", "active"}:
        return True
    return False if word in {"disabled", "off", "no", "false", "0", "not active"} else None
