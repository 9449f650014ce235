"""Asks for container runtimes, and what this container was given. Never asks a daemon."""

from __future__ import annotations

import re

from cudadoctor.facts.runtime import Engine, RuntimeFacts
from cudadoctor.facts.seen import Seen
from cudadoctor.host.base import Host, Refusal
from cudadoctor.parsers import docker_config
from cudadoctor.probes.ask import found, one_line, present, read_text
from cudadoctor.probes.base import Clock, Found, Request

_ENGINES = (
    ("docker", ("/usr/bin/dockerd", "/usr/local/bin/dockerd", "/usr/sbin/dockerd", "/snap/bin/docker")),
    ("docker-desktop", ("/opt/docker-desktop/bin/docker-desktop",)),
    ("podman", ("/usr/bin/podman", "/usr/local/bin/podman")),
    ("containerd", ("/usr/bin/containerd", "/usr/local/bin/containerd")),
    (
        "apptainer",
        ("/usr/bin/apptainer", "/usr/local/bin/apptainer", "/usr/bin/singularity", "/usr/local/bin/singularity"),
    ),
)
_TOOLKIT = (
    *("/usr/bin/nvidia-container-runtime", "/usr/bin/nvidia-container-runtime-hook", "/usr/bin/nvidia-ctk"),
    *("/usr/local/nvidia/toolkit/nvidia-container-runtime", "/usr/bin/nvidia-container-toolkit"),
    "/run/current-system/sw/bin/nvidia-ctk",
)
_CONFIG = "/etc/nvidia-container-runtime/config.toml"
_CDI = ("/etc/cdi/*nvidia*", "/var/run/cdi/*nvidia*")
_DRIVER_FILE = re.compile(r"/lib(?:cuda|nvidia-ml)\.so\.\d{3}\.[\d.]{2,7}\Z")
_LIBRARIES = tuple(
    f"{folder}/{name}"
    for folder in ("/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64", "/usr/lib")
    for name in ("libcuda.so.[0-9][0-9][0-9].*", "libnvidia-ml.so.[0-9][0-9][0-9].*")
)


def probe(host: Host, request: Request, clock: Clock) -> Found[RuntimeFacts]:  # noqa: ARG001
    """Engines and toolkit by their files; in a container the NVIDIA_* variables and the image's own driver files."""
    engines = []
    for name, paths in _ENGINES:
        first = next((path for path in paths if present(host, path)), None)
        if first is not None:
            engines.append(Engine(name=name, path=first, snap=first.startswith("/snap/")))
    daemon = docker_config.daemon(read_text(host, "/etc/docker/daemon.json") or "")
    config = read_text(host, _CONFIG) or ""
    no_cgroups = docker_config.no_cgroups(config)
    home = host.env.get("HOME") or ""
    specs = [path for pattern in _CDI for path in found(host, pattern) or ()]
    require = host.env.get("NVIDIA_REQUIRE_CUDA")
    value = RuntimeFacts(
        engines=tuple(engines),
        rootless=bool(home and present(host, f"{home}/.config/docker/daemon.json"))
        or "/run/user/" in host.env.get("DOCKER_HOST", ""),
        toolkit=next((path for path in _TOOLKIT if present(host, path)), None),
        runtimes=daemon.runtimes if daemon else (),
        default_runtime=daemon.default_runtime if daemon else None,
        no_cgroups=no_cgroups,
        mode=docker_config.mode(config),
        cdi_specs=tuple(specs),
        seen=None if no_cgroups is None else Seen(where=_CONFIG, text=f"no-cgroups = {str(no_cgroups).lower()}"),
        require_cuda=None if require is None else one_line(require, longest=400),
        disable_require=host.env.get("NVIDIA_DISABLE_REQUIRE", "").lower() in ("1", "true"),
        driver_files=_own_driver_files(host),
    )
    return Found(value=value)


def _own_driver_files(host: Host) -> tuple[str, ...]:
    """Driver libraries on disk that nothing mounted there. Outside a container that is every driver's own files."""
    files = [path for pattern in _LIBRARIES for path in found(host, pattern, limit=20) or ()]
    try:
        mounts = host.read("/proc/self/mountinfo", limit=1 << 20).decode("utf-8", "replace")
    except Refusal:
        return ()
    points = {fields[4] for line in mounts.splitlines()[:5000] if len(fields := line.split(" ", 5)) > 5} - {"/"}
    kept = [path for path in files if _DRIVER_FILE.search(path) and not _mounted(path, points)]
    return tuple(kept[:20])


def _mounted(path: str, points: set[str]) -> bool:
    parts = path.split("/")
    return any("/".join(parts[:length]) in points for length in range(2, len(parts) + 1))
