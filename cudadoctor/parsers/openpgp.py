"""The fingerprints of the keys in a keyring file, by RFC 4880: enough to tell whose key it is, nothing is verified."""

from __future__ import annotations

import base64
import binascii
import re

_ARMOUR = re.compile(rb"-----BEGIN PGP PUBLIC KEY BLOCK-----(.{1,400000}?)-----END", re.DOTALL)
_PUBLIC_KEY = 6
_MOST = 200


def fingerprints(data: bytes) -> tuple[str, ...]:
    """Those of the primary keys (version 4) in a binary or armoured keyring, 40 hexadecimal digits each."""
    if b"-----BEGIN PGP" in data[:4096]:
        return tuple(one for block in _ARMOUR.findall(data) for one in _binary(_unarmoured(block)))
    return tuple(_binary(data))


def _unarmoured(block: bytes) -> bytes:
    body = block.replace(b"\r", b"").strip(b"\n")
    if b"\n\n" in body:
        body = body.partition(b"\n\n")[2]
    rows = [row for row in body.split(b"\n") if row and not row.startswith(b"=") and b":" not in row]
    try:
        return base64.b64decode(b"".join(rows))
    except (binascii.Error, ValueError):
        return b""


def _binary(data: bytes) -> list[str]:
    import hashlib  # only where there is a key: it costs a few milliseconds

    found: list[str] = []
    place = 0
    while place < len(data) and len(found) < _MOST:
        packet = _packet(data, place)
        if packet is None:
            break
        tag, start, length = packet
        body = data[start : start + length]
        if tag == _PUBLIC_KEY and body[:1] == b"\x04":
            digest = hashlib.sha1(b"\x99" + len(body).to_bytes(2, "big") + body, usedforsecurity=False)
            found.append(digest.hexdigest().upper())
        place = start + length
    return found


def _packet(data: bytes, place: int) -> tuple[int, int, int] | None:
    """Tag, start and length of the packet at `place`; None where there is none that can be read."""
    first = data[place]
    if not first & 0x80:
        return None
    if first & 0x40:
        return _new_format(data, place, first & 0x3F)
    size = (1, 2, 4, 0)[first & 3]
    if size == 0 or place + 1 + size > len(data):
        return None
    return (first >> 2) & 0xF, place + 1 + size, int.from_bytes(data[place + 1 : place + 1 + size], "big")


def _new_format(data: bytes, place: int, tag: int) -> tuple[int, int, int] | None:
    head = data[place + 1 : place + 6]
    if not head:
        return None
    if head[0] < 192:
        return tag, place + 2, head[0]
    if head[0] < 224 and len(head) >= 2:
        return tag, place + 3, ((head[0] - 192) << 8) + head[1] + 192
    if head[0] == 255 and len(head) == 5:
        return tag, place + 6, int.from_bytes(head[1:5], "big")
    return None
