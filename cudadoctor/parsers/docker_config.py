"""What engines were told: docker's daemon.json and the toolkit's config.toml."""

from __future__ import annotations

import json
import re
from typing import Any

from msgspec import Struct

from cudadoctor.parsers.text import tidy

_NO_CGROUPS = re.compile(r"^[ \t]{0,20}no-cgroups[ \t]{0,8}=[ \t]{0,8}(true|false)\b", re.MULTILINE)
_MODE = re.compile(r'^[ \t]{0,20}mode[ \t]{0,8}=[ \t]{0,8}"([a-z]{1,12})"', re.MULTILINE)


class Daemon(Struct, frozen=True, kw_only=True):
    """daemon.json, the part that matters here."""

    runtimes: tuple[str, ...] = ()
    default_runtime: str | None = None
    cdi: bool | None = None
    """`features.cdi`."""
    cgroup_driver: str | None = None
    """`cgroupfs` or `systemd`, where it is set by exec-opts."""


def daemon(text: str | bytes) -> Daemon | None:
    """None where it is no JSON object: then dockerd does not start with it either."""
    data = _object(text)
    if data is None:
        return None
    runtimes = data.get("runtimes")
    features = data.get("features")
    options = data.get("exec-opts")
    driver = next(
        (
            one.partition("=")[2]
            for one in (options if isinstance(options, list) else ())
            if isinstance(one, str) and one.startswith("native.cgroupdriver=")
        ),
        None,
    )
    default = data.get("default-runtime")
    cdi = features.get("cdi") if isinstance(features, dict) else None
    return Daemon(
        runtimes=tuple(str(name)[:60] for name in runtimes)[:20] if isinstance(runtimes, dict) else (),
        default_runtime=default[:60] if isinstance(default, str) else None,
        cdi=cdi if isinstance(cdi, bool) else None,
        cgroup_driver=driver,
    )


def no_cgroups(text: str | bytes) -> bool | None:
    """`no-cgroups` of /etc/nvidia-container-runtime/config.toml; None where it is not set (then false)."""
    found = _NO_CGROUPS.findall(tidy(text))
    return found[-1] == "true" if found else None


def mode(text: str | bytes) -> str | None:
    """`mode` of the same file: auto, legacy, cdi, csv."""
    found = _MODE.search(tidy(text))
    return found.group(1) if found else None


def _object(text: str | bytes) -> dict[str, Any] | None:
    try:
        data = json.loads(tidy(text))
    except (ValueError, RecursionError):
        return None
    return data if isinstance(data, dict) else None
