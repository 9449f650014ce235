"""Python environments, and the torch in each as it lies on disk."""

from __future__ import annotations

from msgspec.structs import replace

from cudadoctor.facts.base import Gap
from cudadoctor.facts.envs import EnvFacts
from cudadoctor.host.base import Host
from cudadoctor.probes.base import Clock, Found, Request
from cudadoctor.probes.envs_find import Candidate, classified, find
from cudadoctor.probes.quiet import Quiet
from cudadoctor.probes.torch_static import arch_list, examine


def probe(host: Host, request: Request, clock: Clock) -> Found[tuple[EnvFacts, ...]]:
    """Every environment, the active one first. Raises CudaDoctorError where `--env` names one that is not there."""
    quiet = Quiet(host)
    located = find(quiet, request)
    envs: list[EnvFacts] = []
    gaps = list(located.gaps)
    for one in located.candidates:
        if clock.left() <= clock.RESERVE:
            gaps.append(Gap(fact="envs", reason="no time was left to look at all environments"))
            break
        env = _env(quiet, one)
        if request.fast and asked(env, request):
            env = with_arch_list(quiet, clock, env)
        envs.append(env)
    return Found(value=tuple(envs), gaps=tuple(gaps))


def at(host: Host, prefix: str) -> EnvFacts | None:
    """The environment in that directory, wherever it is; None where there is none."""
    quiet = Quiet(host)
    found = classified(quiet, prefix)
    return _env(quiet, found) if found is not None else None


def asked(env: EnvFacts, request: Request) -> bool:
    """Whether this environment's torch is to be asked, rather than only looked at."""
    return env.torch is not None and (env.active or env.active_because == "--env" or request.all_envs)


def with_arch_list(host: Quiet, clock: Clock, env: EnvFacts) -> EnvFacts:
    """With the architectures of its build, where it is one for CUDA and they are not known yet."""
    torch = env.torch
    if torch is None or torch.cuda is None or torch.arch_list is not None:
        return env
    return replace(env, torch=replace(torch, arch_list=arch_list(host, clock, torch)))


def _env(host: Quiet, one: Candidate) -> EnvFacts:
    disk = examine(host, one)
    return EnvFacts(
        kind=one.kind,
        name=one.name,
        prefix=one.prefix,
        python=_python(host, one),
        python_version=disk.sites.python_version,
        active=one.active,
        active_because=one.because if one.active or one.because == "--env" else None,
        torch=disk.torch,
        packages=disk.packages,
        duplicates=disk.duplicates,
        site_packages=disk.sites.own,
    )


def _python(host: Quiet, one: Candidate) -> str | None:
    """The interpreter's path; None where the environment has none. A link that leads nowhere is a path all the same."""
    if one.python is not None:
        return one.python
    return next(iter(host.globs(f"{one.prefix}/bin/python", f"{one.prefix}/bin/python3", most=1)), None)
