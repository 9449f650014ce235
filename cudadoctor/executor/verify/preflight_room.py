"""Before anything is done: room on the disks, and a way to the hosts that the steps speak to."""

from __future__ import annotations

import os
import queue
import socket
import threading
import time
import urllib.parse
from collections.abc import Iterator, Mapping, Sequence

from cudadoctor.executor.system.machine import Machine
from cudadoctor.remedies.plan import PACKAGE_SOURCES, PlanStep

DEADLINE = 5.0
"""Seconds for a name and a connection, all hosts at once."""


def disk(steps: Sequence[PlanStep], machine: Machine) -> Iterator[str]:
    """Where the sum of what the steps take is more than a file system has."""
    wanted: dict[int, int] = {}
    places: dict[int, str] = {}
    for step in steps:
        if step.disk_mib <= 0:
            continue
        place = nearest(step.disk_at or ("/" if step.needs_root else machine.home))
        try:
            device = os.stat(place).st_dev
        except OSError as error:
            yield f"{place}: cannot be looked at: {error.strerror}"
            continue
        places.setdefault(device, place)
        wanted[device] = wanted.get(device, 0) + step.disk_mib
    for device, mib in wanted.items():
        room = os.statvfs(places[device])
        free = room.f_bavail * room.f_frsize >> 20
        if free < mib:
            short = f"{places[device]}: {_size(free)} are free, and the plan takes up to {_size(mib)} there"
            yield f"{short}: make room, or choose another place"


def _size(mib: int) -> str:
    return f"{mib / 1024:.1f} GiB" if mib >= 1024 else f"{mib} MiB"


def nearest(path: str) -> str:
    """The path, or the next directory above it that is there."""
    while not os.path.exists(path) and os.path.dirname(path) != path:
        path = os.path.dirname(path)
    return path


def network(steps: Sequence[PlanStep], machine: Machine, *, seconds: float = DEADLINE) -> Iterator[str]:
    """Hosts that cannot be reached, one line for each reason. `apt` has sources and proxies of its own."""
    hosts = sorted({host for step in steps for host in step.network} - PACKAGE_SOURCES)
    targets = {host: _target(host, machine.env) for host in hosts}
    reasons = _tried(set(targets.values()), seconds)
    told: dict[tuple[str, str], list[str]] = {}
    for host, (name, port) in targets.items():
        reason = reasons[name, port]
        if reason is not None:
            through = "" if host.partition(":")[0] == name else f" through the proxy {name}:{port}"
            told.setdefault((reason, through), []).append(host)
    for (reason, through), names in told.items():
        yield (
            f"{', '.join(names)} cannot be reached{through}: {reason}: "
            "look at the network, or let https_proxy name a proxy that is there"
        )


def _target(host: str, env: Mapping[str, str]) -> tuple[str, int]:
    """The host itself, or the proxy that is asked instead."""
    name, _, port = host.partition(":")
    proxy = env.get("https_proxy") or env.get("HTTPS_PROXY") or env.get("all_proxy") or env.get("ALL_PROXY")
    if proxy and not _without_proxy(name, env.get("no_proxy") or env.get("NO_PROXY") or ""):
        split = urllib.parse.urlsplit(proxy if "//" in proxy else f"//{proxy}")
        try:
            there = split.port
        except ValueError:
            there = None
        if split.hostname:
            return split.hostname, there or {"https": 443, "socks5": 1080, "socks5h": 1080}.get(split.scheme, 80)
    return name, int(port) if port.isdecimal() else 443


def _without_proxy(host: str, listed: str) -> bool:
    for word in (one.strip().lstrip(".") for one in listed.split(",")):
        if word == "*" or (word and (host == word or host.endswith(f".{word}"))):
            return True
    return False


def _tried(targets: set[tuple[str, int]], seconds: float) -> dict[tuple[str, int], str | None]:
    """A reason why not, or None. Threads, as looking a name up cannot be given a limit."""
    answers: queue.SimpleQueue[tuple[tuple[str, int], str | None]] = queue.SimpleQueue()
    for target in targets:
        threading.Thread(target=lambda one=target: answers.put((one, _connect(one, seconds))), daemon=True).start()
    found: dict[tuple[str, int], str | None] = dict.fromkeys(targets, f"no answer within {seconds:g} s")
    until = time.monotonic() + seconds + 0.5
    for _ in targets:
        try:
            target, reason = answers.get(timeout=max(0.0, until - time.monotonic()))
        except queue.Empty:
            break
        found[target] = reason
    return found


def _connect(target: tuple[str, int], seconds: float) -> str | None:
    try:
        socket.create_connection(target, timeout=seconds).close()
    except socket.gaierror as error:
        return f"no such name is found ({error.strerror})"
    except TimeoutError:
        return f"no answer within {seconds:g} s"
    except (OSError, ValueError) as error:
        return str(getattr(error, "strerror", None) or error).lower()
    return None
