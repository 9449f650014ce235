"""Facts in the JSON report, continued: limits and what kind of place this is."""

from __future__ import annotations

from typing import Any

from cudadoctor.facts.limits import LimitFacts


def limits_document(one: LimitFacts | None) -> dict[str, Any] | None:
    """Sizes in bytes; what is not known is null, what has no limit is named in `unlimited`."""
    if one is None:
        return None
    return {
        "address_space": one.address_space,
        "locked_memory": one.locked_memory,
        "open_files": one.open_files,
        "unlimited": list(one.unlimited),
        "shm_size": one.shm_size,
        "shm_free": one.shm_free,
        "overcommit": one.overcommit,
        "memory_total": one.memory_total,
        "cgroup_memory": one.cgroup_memory,
        "oom_kills": one.oom_kills,
        "disks": [{"place": disk.place, "size": disk.size, "free": disk.free} for disk in one.disks],
        "noexec": [{"place": place.place, "path": place.path, "mount": place.mount} for place in one.noexec],
        "caches": [
            {"path": cache.path, "variable": cache.variable, "mode": f"{cache.mode:04o}", "writable": cache.writable}
            for cache in one.caches
        ],
        "writable": [
            {"variable": found.variable, "path": found.path, "mode": f"{found.mode:04o}"} for found in one.writable
        ],
        "infiniband": [
            {"device": port.device, "port": port.port, "state": port.state, "link_layer": port.link_layer}
            for port in one.infiniband
        ],
        "peermem": one.peermem,
        "tools": None if one.tools is None else list(one.tools),
        "scheduler": one.scheduler,
        "confined": one.confined,
        "musl": one.musl,
        "nccl_settings": dict(one.variables),
    }
