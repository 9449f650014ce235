"""Asks for the device nodes, and whether this user can open them."""

from __future__ import annotations

import re

from cudadoctor.facts.base import Gap
from cudadoctor.facts.driver import DeviceNode
from cudadoctor.host.base import FileStat, Host, Identity, Refusal
from cudadoctor.probes.ask import found
from cudadoctor.probes.base import Clock, Found, Request
from cudadoctor.probes.system import who

_GPU = re.compile(r"/dev/nvidia\d+\Z")
_CHEAP = frozenset({"/dev/nvidiactl", "/dev/nvidia-uvm", "/dev/dxg"})
"""Opening these starts nothing: the control device of the driver, of its unified memory, and WSL's paravirtual GPU."""
_MOST = 256


def probe(host: Host, request: Request, clock: Clock) -> Found[tuple[DeviceNode, ...]]:  # noqa: ARG001
    """/dev/nvidia* and /dev/dxg with mode, owner, and the errno of a real open for reading and writing.

    /dev/nvidia0 and its like are opened only where mode and owner already say that this user may not. Then the kernel
    answers before the driver hears of it. Else the driver may have to start the GPU, which takes seconds without
    persistence mode, and nvidia-smi does so beside us anyway. A container that was refused its devices shows it at
    /dev/nvidiactl too: it has the same major number.
    """
    paths = found(host, "/dev/nvidia*", limit=_MOST)
    if paths is None:
        return Found(value=None, gaps=(Gap(fact="nodes", reason="/dev cannot be listed"),))
    identity = who(host)
    nodes = (_node(host, path, identity) for path in (*paths, "/dev/dxg"))
    return Found(value=tuple(node for node in nodes if node is not None))


def _node(host: Host, path: str, identity: Identity | None) -> DeviceNode | None:
    try:
        entry = host.stat(path)
    except Refusal:
        return None
    if entry.kind != "char":
        return None
    try_it = path in _CHEAP or (_GPU.match(path) is not None and _refused(entry, identity))
    return DeviceNode(
        path=path,
        mode=entry.mode,
        uid=entry.uid,
        gid=entry.gid,
        errno=_errno(host, path) if try_it else None,
    )


def _refused(entry: FileStat, identity: Identity | None) -> bool:
    """Whether mode and owner surely keep this user from reading and writing.

    Groups are known by name only, so a node that its group may open counts as possibly open to us.
    """
    if identity is None or identity.uid in (None, 0):
        return False
    if entry.mode & 0o006 == 0o006 or entry.mode & 0o060 == 0o060:
        return False
    return not (entry.uid == identity.uid and entry.mode & 0o600 == 0o600)


def _errno(host: Host, path: str) -> int | None:
    try:
        result = host.opens(path, write=True)
    except Refusal:
        return None
    return 0 if result.ok else result.errno
