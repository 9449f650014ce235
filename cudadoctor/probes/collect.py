"""Runs every probe side by side, each with its deadline, and puts the answers together."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from cudadoctor.errors import CudaDoctorError
from cudadoctor.facts.base import Facts, Gap
from cudadoctor.facts.envs import EnvFacts
from cudadoctor.host.base import Host
from cudadoctor.probes import (
    compiler,
    conda,
    context,
    distro,
    driver,
    envs,
    kernel,
    libcuda,
    libraries,
    limits,
    loader,
    nodes,
    pci,
    runtime,
    services,
    shell,
    smi,
    system,
    toolkit,
    torch_live,
)
from cudadoctor.probes.base import Beside, Clock, Found, Request
from cudadoctor.probes.quiet import Quiet
from cudadoctor.readings import gpus

Probe = Callable[[Host, Request, Clock], Found[Any]]


def _torch(host: Host, request: Request, clock: Clock) -> Found[tuple[EnvFacts, ...]]:
    """The environments as they lie on disk; then, side by side, what the loader would give torch and what it says."""
    # Without the list of architectures, which takes a child of its own: it runs beside the other one.
    static = envs.probe(host, replace(request, fast=False), clock)
    found = static.value
    if found is None:
        return static
    followed: list[Found[tuple[EnvFacts, ...]]] = []
    worker = Beside(lambda: followed.append(libraries.probe(host, request, clock, found)), name="libraries")
    worker.start()
    if request.fast:
        with_lists = [
            envs.with_arch_list(Quiet(host), clock, one) if envs.asked(one, request) else one for one in found
        ]
        live: Found[tuple[EnvFacts, ...]] = Found(value=tuple(with_lists))
    else:
        live = torch_live.probe(host, request, clock, found)
    worker.join(clock.limit(libraries.LIMIT))
    if not followed or followed[0].value is None or live.value is None:
        gap = Gap(fact="envs.libraries", reason="the loader's search was not followed: no answer in time")
        return Found(value=live.value, gaps=(*static.gaps, *live.gaps, gap))
    both = tuple(
        replace(one, libraries=other.libraries) for one, other in zip(live.value, followed[0].value, strict=True)
    )
    return Found(value=both, gaps=static.gaps + followed[0].gaps + live.gaps)


PROBES: Mapping[str, Probe] = {
    "smi": smi.probe,
    "libcuda": libcuda.probe,
    "envs": _torch,
    "loader": loader.probe,
    "compiler": compiler.probe,
    "toolkit": toolkit.probe,
    "driver": driver.probe,
    "pci": pci.probe,
    "nodes": nodes.probe,
    "os": system.probe,
    "context": context.probe,
    "shell": shell.probe,
    "conda": conda.probe,
    "kernel": kernel.probe,
    "distro": distro.probe,
    "runtime": runtime.probe,
    "services": services.probe,
    "limits": limits.probe,
}
"""By the field of `Facts` that each fills; those that start programs first."""


class Collected(Struct, frozen=True, kw_only=True):
    """All facts of a machine, and what each probe took."""

    facts: Facts
    timings: Mapping[str, float]
    """Seconds by probe."""


class _Worker(Beside):
    """One probe. A daemon: one that hangs in a system call is left behind, and the run ends without it."""

    def __init__(self, name: str, probe: Probe, host: Host, request: Request, clock: Clock) -> None:
        super().__init__(name=f"probe-{name}")
        self.fact = name
        self.seconds: float | None = None
        self.found: Found[Any] | None = None
        self.error: Exception | None = None
        self._probe = probe
        self._arguments = (host, request, clock)

    def run(self) -> None:
        start = time.monotonic()
        try:
            self.found = self._probe(*self._arguments)
        except Exception as error:  # noqa: BLE001  one probe must not take the others with it; the gap says what happened
            self.error = error
        self.seconds = time.monotonic() - start


def collect(
    host: Host,
    request: Request,
    *,
    progress: Callable[[str], None] | None = None,
    meanwhile: Callable[[], object] | None = None,
) -> Collected:
    """Ask the machine everything. Ends within `request.timeout` seconds whatever the machine does.

    `progress` is called with the names of the probes that are still at work; `meanwhile` is work of the caller's that
    fits into the waiting. Raises CudaDoctorError where the request names an environment that does not exist.
    """
    clock = Clock(request.timeout)
    workers = [_Worker(name, probe, host, request, clock) for name, probe in PROBES.items()]
    for worker in workers:
        worker.start()
    if meanwhile is not None:
        meanwhile()
    for worker in workers:
        while worker.is_alive() and clock.left() > Clock.RESERVE / 2:
            worker.join(min(0.1, clock.left()) if progress else max(0.01, clock.left() - Clock.RESERVE / 2))
            if progress and worker.is_alive():
                progress(", ".join(other.fact for other in workers if other.is_alive()))
    values: dict[str, Any] = {}
    gaps: list[Gap] = []
    for worker in workers:
        if isinstance(worker.error, CudaDoctorError):
            raise worker.error
        if worker.found is not None:
            values[worker.fact] = worker.found.value
            gaps.extend(worker.found.gaps)
        elif worker.error is not None:
            what = f"{type(worker.error).__name__}: {worker.error}"
            gaps.append(Gap(fact=worker.fact, reason=f"the probe failed, a bug in cudadoctor: {what}"))
        else:
            gaps.append(Gap(fact=worker.fact, reason=f"no answer within {request.timeout:g} s"))
    timings = {worker.fact: worker.seconds for worker in workers if worker.seconds is not None}
    return Collected(facts=_merge(Facts(**values, gaps=tuple(gaps))), timings=timings)


def _merge(facts: Facts) -> Facts:
    """What only several probes together can tell: the GPUs, and the driver's versions."""
    merged, driver_facts, gaps = gpus.merge(facts.pci, facts.smi, facts.libcuda, facts.os, facts.driver)
    return replace(facts, gpus=merged, driver=driver_facts, gaps=facts.gaps + tuple(gaps))
