"""What a cure must know of the machine: its distribution, who may do what, and where a driver can be installed."""

from __future__ import annotations

from typing import Literal, cast

from cudadoctor.compat import distributions
from cudadoctor.facts import subject as subjects
from cudadoctor.facts.base import Facts
from cudadoctor.facts.context import Tried
from cudadoctor.facts.envs import EnvFacts
from cudadoctor.remedies.plan import Run, Safety

Family = Literal["ubuntu", "debian", "rhel", "fedora", "arch", "suse", "nixos", "other"]
_OTHERS: tuple[Family, ...] = ("fedora", "arch", "nixos")
_RHEL = ("rhel", "centos", "rocky", "almalinux", "ol")


def family(facts: Facts) -> Family:
    """The distribution's family: by its own row, else by what os-release says it is like."""
    if facts.os is None:
        return "other"
    row = distributions.family(facts.os.id, facts.os.version_id)
    if row is not None:
        return cast("Family", row)
    names = (facts.os.id or "", *facts.os.id_like)
    if "ubuntu" in names:
        return "ubuntu"
    if "debian" in names:
        return "debian"
    if any(name in _RHEL for name in names):
        return "rhel"
    if any("suse" in name for name in names):
        return "suse"
    return next((kind for kind in _OTHERS if kind in names), "other")


def release(facts: Facts) -> int | None:
    """The distribution's major release: 22 of 22.04, 9 of 9.4."""
    text = (facts.os.version_id or "") if facts.os is not None else ""
    digits = text.partition(".")[0]
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 4 else None


def in_container(facts: Facts) -> bool:
    """A driver cannot be installed in here: it belongs on the host."""
    return facts.os is not None and facts.os.container is not None


def tried(facts: Facts, what: Tried) -> bool:
    """The text says that this was done and did not help."""
    return facts.context is not None and any(one.what == what for one in facts.context.tried)


def shared_node(facts: Facts) -> bool:
    """A node of a cluster, in a job or where jobs are started: nobody reboots it for one user."""
    return facts.context is not None and facts.context.step is not None


def under_wsl(facts: Facts) -> bool:
    """The driver is that of Windows."""
    return facts.os is not None and facts.os.wsl is not None


def on_jetson(facts: Facts) -> bool:
    """The driver is a part of JetPack."""
    return facts.os is not None and facts.os.jetson is not None


def vgpu_guest(facts: Facts) -> bool:
    """A guest with a part of a GPU: its driver is that of the host's vGPU release, as far as a driver told."""
    from cudadoctor.checks.shared import machine as gpu_words

    return facts.smi is not None and any(gpu_words.is_vgpu(gpu) for gpu in facts.smi.gpus)


def lends_gpus(facts: Facts) -> bool:
    """A host whose driver is NVIDIA's vGPU manager."""
    from cudadoctor.checks.shared import machine as gpu_words

    return bool(facts.kernel is not None and facts.kernel.vgpu_host) or gpu_words.lends(facts.smi)


def env_of(subject: str, facts: Facts) -> EnvFacts | None:
    """The environment that a finding is about, else the active one."""
    named = next((env for env in facts.envs or () if str(subjects.Env(env.prefix)) == subject), None)
    return named or next((env for env in facts.envs or () if env.active), None)


def file_of(subject: str) -> str:
    """The path of the file that a finding is about; the subject itself where it is about none."""
    found = subjects.parse(subject)
    return found.path if isinstance(found, subjects.File) else subject


def as_root(*argv: str, why: str, safety: Safety = "system") -> Run:
    """A step that needs root; the argv is without sudo."""
    return Run(argv=argv, why=why, safety=safety, needs_root=True)
