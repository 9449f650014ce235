"""Asks what DKMS has of the NVIDIA driver. Its tree is read: `dkms status` is a slow shell script."""

from __future__ import annotations

import re

from cudadoctor.facts.kernel import DkmsModule
from cudadoctor.facts.seen import Seen
from cudadoctor.host.base import Host, Refusal
from cudadoctor.probes.ask import found, one_line, present

TREE = "/var/lib/dkms"
_OTHERS = re.compile(r"nvidia-(?:fs|peer\w*|gdrdrv|xconfig|settings)\b")
"""Modules of NVIDIA's that are not the driver."""
_LINK = re.compile(r"kernel-(?P<kernel>\S{1,120})-(?P<arch>x86_64|aarch64|ppc64le|i686)\Z")
_TAIL = 1 << 17


def modules(host: Host) -> tuple[DkmsModule, ...] | None:
    """Versions of the driver and what was made of them: added, built, installed, or tried and failed."""
    entries = found(host, f"{TREE}/nvidia*/*", limit=500)
    built = found(host, f"{TREE}/nvidia*/*/*/*/module", limit=500) or ()
    logs = found(host, f"{TREE}/nvidia*/*/build/make.log", limit=50) or ()
    if entries is None or (not entries and not present(host, TREE)):
        return None
    rows: dict[tuple[str, str, str | None], DkmsModule] = {}

    def put(name: str, version: str, kernel: str | None, row: DkmsModule) -> None:
        if not _OTHERS.match(name):
            rows[name, version, kernel] = row

    links = [path for path in entries if _LINK.match(path.rpartition("/")[2])]
    for path in built:
        name, version, kernel = path.split("/")[4:7]
        put(name, version, kernel, _row(name, version, kernel, "built", path.rpartition("/")[0]))
    for path in links:
        match = _LINK.match(path.rpartition("/")[2])
        try:
            target = host.stat(path).target or ""
        except Refusal:
            continue
        name, version = path.split("/")[4], target.strip("/").split("/")[0]
        if match and version:
            put(name, version, match["kernel"], _row(name, version, match["kernel"], "installed", path))
    for path in logs:
        name, version = path.split("/")[4:6]
        failed = _failed(host, path, name, version)
        if failed is not None and (name, version, failed.kernel) not in rows:
            put(name, version, failed.kernel, failed)
    for path in entries:
        name, version = path.split("/")[4:6]
        if path not in links and version != "original_module" and not any(key[:2] == (name, version) for key in rows):
            put(name, version, None, _row(name, version, None, "added", path))
    return tuple(rows.values())


def _row(name: str, version: str, kernel: str | None, state: str, where: str) -> DkmsModule:
    text = f"{name}/{version}" + (f", {kernel}" if kernel else "") + f": {state}"
    return DkmsModule(name=name, version=version, kernel=kernel, state=state, seen=Seen(where=where, text=text))  # type: ignore[arg-type]


def _failed(host: Host, path: str, name: str, version: str) -> DkmsModule | None:
    """What a make.log in the build folder says: after a build that went well that folder is gone."""
    try:
        size = host.stat(path).size
        head = host.read(path, limit=-4096)
        tail = host.read(path, offset=max(0, size - _TAIL), limit=-_TAIL) if size > len(head) else b""
    except Refusal:
        return None
    from cudadoctor.parsers import make_log  # few machines have such a log, and its patterns take milliseconds

    log = make_log.parse(head + b"\n" + tail)
    if not log.failed:
        return None  # a build that is at work just now, or a log that says nothing
    return DkmsModule(
        name=name,
        version=version,
        kernel=log.kernel,
        state="failed",
        reason=log.reason,
        seen=Seen(where=path, text=one_line(log.line, longest=240)),
    )
