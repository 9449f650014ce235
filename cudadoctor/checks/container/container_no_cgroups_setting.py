"""Finds `no-cgroups = true` with a docker that runs as root."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Confidence, Problem, Result, Severity, also, check
from cudadoctor.checks.engine.sources import NO_CGROUPS
from cudadoctor.checks.shared.machine import bare, rows, smi_lists
from cudadoctor.checks.shared.messages import every, first_command_is_smi
from cudadoctor.facts.driver import SmiFacts
from cudadoctor.facts.runtime import RuntimeFacts
from cudadoctor.facts.symptom import Symptom
from cudadoctor.facts.system import OsFacts

_ROOTLESS = ("podman", "apptainer")


@check("CT009", severity=Severity.ERROR)
def container_no_cgroups_setting(os: OsFacts, runtime: RuntimeFacts, smi: SmiFacts | None) -> Result:
    """The NVIDIA container tools are told to write no device rules, so that docker's containers may not open the GPU.

    Why:
        `no-cgroups = true` in /etc/nvidia-container-runtime/config.toml is for rootless containers, which have no
        device cgroup. A docker that runs as root gives each container a device cgroup, and with this setting nobody
        enters the GPU there: the nodes are in the container, opening them gives EPERM, and nvidia-smi says `Failed to
        initialize NVML: Unknown Error` from the very first command.

    How we know:
        `no-cgroups = true` in /etc/nvidia-container-runtime/config.toml on a host whose only engine is a docker that
        runs as root, without CDI; in a text that line beside "Failed to initialize NVML: Unknown Error". The error from
        the first command of a new container without that line is said as possible only.

    Fix:
        `sudo nvidia-ctk config --set nvidia-container-cli.no-cgroups=false --in-place` (or set `no-cgroups = false`
        in that file), `sudo systemctl restart docker`, and start the container anew. Where rootless docker is used
        beside it, hand the GPU over by CDI (`--device nvidia.com/gpu=all`), which needs no such setting.

    Harmless when:
        All containers are rootless, or get the GPU by CDI or `--device`: then it is not read or right as it is. Where
        podman, apptainer or a rootless docker is found, this check is silent.

    Sources:
        https://github.com/NVIDIA/nvidia-container-toolkit/issues/381
    """
    if not bare(os) or not runtime.no_cgroups or not smi_lists(smi):
        return
    names = {one.name for one in runtime.engines}
    by_cdi = runtime.mode == "cdi" or runtime.cdi_specs
    if "docker" not in names or names & set(_ROOTLESS) or runtime.rootless or by_cdi:
        return
    yield Problem(
        subject="file:/etc/nvidia-container-runtime/config.toml",
        message="`no-cgroups = true` keeps the containers of a docker that runs as root from opening the GPU",
        evidence=rows(runtime.seen),
        source=NO_CGROUPS,
        severity=Severity.WARNING,
        confidence=Confidence.LIKELY,
    )


@also(container_no_cgroups_setting)
def from_messages(symptoms: tuple[Symptom, ...]) -> Result:
    """NVML's "Unknown Error" in a container, and the setting."""
    setting = every(symptoms, "no-cgroups-true")
    unknown = every(symptoms, "nvml-unknown-error", "nvidia-node-eperm")
    if not setting or not unknown:
        return
    yield Problem(
        subject="file:/etc/nvidia-container-runtime/config.toml",
        message="`no-cgroups = true` keeps the containers of a docker that runs as root from opening the GPU",
        evidence=tuple(one.seen for one in (*setting, *unknown)),
        source=NO_CGROUPS,
        confidence=Confidence.LIKELY,
    )


@also(container_no_cgroups_setting)
def first_command(symptoms: tuple[Symptom, ...], runtime: RuntimeFacts, smi: SmiFacts | None) -> Result:
    """NVML's "Unknown Error" from the first command of a new container: it never had the GPU in its device cgroup."""
    unknown = every(symptoms, "nvml-unknown-error")
    if (
        not unknown
        or not first_command_is_smi(runtime)
        or every(symptoms, "no-cgroups-true", "smi-answered", "systemd-reloaded")
    ):
        return
    if smi_lists(smi) or runtime.no_cgroups is False:
        return
    yield Problem(
        subject="file:/etc/nvidia-container-runtime/config.toml",
        message="a new container may not open the GPU from its first command on: is `no-cgroups = true` set?",
        evidence=tuple(one.seen for one in unknown),
        source=NO_CGROUPS,
        confidence=Confidence.POSSIBLE,
    )
