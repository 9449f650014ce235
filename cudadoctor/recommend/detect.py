"""What the facts of a machine say for a request."""

from __future__ import annotations

from cudadoctor.facts.base import Facts
from cudadoctor.facts.envs import EnvFacts
from cudadoctor.recommend.model import Gpu, Manager, Platform, Request, Value
from cudadoctor.recommend.request import glibc_version, python_version

_PLATFORMS: dict[str, Platform] = {
    "x86_64": "linux-x86_64",
    "amd64": "linux-x86_64",
    "aarch64": "linux-aarch64",
    "arm64": "linux-aarch64",
}


def from_facts(facts: Facts, env: EnvFacts | None = None) -> Request:
    """The request for one machine, and for one of its environments (default: the active one)."""
    chosen = env or next((one for one in facts.envs or () if one.active), None)
    python = _python(chosen)
    manager = _manager(chosen)
    platform = _PLATFORMS.get((facts.os.arch or "").lower()) if facts.os else None
    version = facts.driver.version if facts.driver else None
    supported = facts.driver.cuda_version if facts.driver else None
    libc = _glibc(facts)
    board = facts.os.jetson if facts.os else None
    if board is not None:
        version = None  # a Jetson's driver numbers are its own: what it says it supports counts
    return Request(
        python=Value(value=python, origin="detected") if python else None,
        manager=Value(value=manager, origin="detected") if manager else Value(value="pip", origin="default"),
        platform=Value(value=platform, origin="detected")
        if platform
        else Value(value="linux-x86_64", origin="default"),
        driver=Value(value=version, origin="detected") if version else None,
        cuda_driver=Value(value=supported, origin="detected") if supported and not version else None,
        gpus=Value(value=_gpus(facts), origin="detected") if facts.gpus is not None else None,
        glibc=Value(value=libc, origin="detected") if libc else None,
        wsl=facts.os is not None and facts.os.wsl is not None,
        machine=facts.os.arch if facts.os and not platform else None,
        jetson=board,
    )


def _gpus(facts: Facts) -> tuple[Gpu, ...]:
    """Every GPU once for each kind: what is not known of one stays not known."""
    from cudadoctor.compat import gpus

    found: dict[Gpu, None] = {}
    for one in facts.gpus or ():
        capabilities = gpus.capabilities_by_name(one.name) if one.name else ()
        if one.compute_capability is not None:
            capabilities = (one.compute_capability,)
        found.setdefault(Gpu(name=one.name, capabilities=capabilities))
    return tuple(found)


def _python(env: EnvFacts | None) -> str | None:
    from cudadoctor.errors import CudaDoctorError

    try:
        return python_version(env.python_version) if env and env.python_version else None
    except CudaDoctorError:
        return None


def _glibc(facts: Facts) -> tuple[int, int] | None:
    from cudadoctor.errors import CudaDoctorError

    try:
        return glibc_version(facts.os.glibc) if facts.os and facts.os.glibc else None
    except CudaDoctorError:
        return None


def _manager(env: EnvFacts | None) -> Manager | None:
    if env is None:
        return None
    kinds: dict[str, Manager] = {"conda": "conda", "pixi": "pixi", "uv": "uv"}
    return kinds.get(env.kind, "pip")
