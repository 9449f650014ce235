"""Finds engines that were asked for a GPU and have nothing of NVIDIA's to hand it over with."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Confidence, Problem, Result, Says, Severity, Unknown, also, check
from cudadoctor.checks.engine.sources import CDI, CONTAINER_TOOLKIT_INSTALL
from cudadoctor.checks.shared.machine import bare, seen, smi_lists
from cudadoctor.checks.shared.messages import every, installed
from cudadoctor.facts.distro import DistroFacts
from cudadoctor.facts.driver import SmiFacts
from cudadoctor.facts.runtime import RuntimeFacts
from cudadoctor.facts.symptom import Symptom
from cudadoctor.facts.system import OsFacts

_PACKAGES = ("nvidia-container-toolkit", "nvidia-container-toolkit-base", "nvidia-container-runtime", "nvidia-docker2")
_ENGINES = ("docker",)
"""Not podman, which Fedora and RHEL install by themselves."""


@check(
    "CT002",
    severity=Severity.ERROR,
    messages=(
        Says(
            kinds=("device-plugin-finds-no-nvml",),
            message="the Kubernetes device plugin finds no driver library: the node does not use the NVIDIA runtime",
            source=CDI,
            unless=("container-driver-not-loaded", "smi-no-driver"),
            confidence=Confidence.LIKELY,
        ),
        Says(
            kinds=("enroot-no-container-cli",), message="enroot finds no nvidia-container-cli on the node", source=CDI
        ),
    ),
)
def container_toolkit_missing(
    os: OsFacts, runtime: RuntimeFacts, distro: DistroFacts | None, smi: SmiFacts | None
) -> Result:
    """The NVIDIA Container Toolkit is not installed on the host, or the container engine was not told of it.

    Why:
        docker and podman know nothing of GPUs. `docker run --gpus` looks for `nvidia-container-runtime-hook`,
        `--runtime=nvidia` for a runtime of that name in /etc/docker/daemon.json, and `--device nvidia.com/gpu=all`
        for a CDI file; all three come from the NVIDIA Container Toolkit. Without it: `could not select device driver
        "" with capabilities: [[gpu]]`, `unknown or invalid runtime name: nvidia` or `unresolvable CDI devices`.

    How we know:
        The engine's refusal, as quoted above, decides. On a live machine docker is there, nvidia-smi works, and neither
        a package of the toolkit nor a runtime `nvidia` nor a CDI file is: information.

    Fix:
        On the host, with NVIDIA's repository of the toolkit set up as its installation page says: `sudo apt-get install
        -y nvidia-container-toolkit` (Ubuntu, Debian), `sudo dnf install -y nvidia-container-toolkit` (RHEL, Fedora),
        `sudo zypper install nvidia-container-toolkit` (SUSE). Then for docker: `sudo nvidia-ctk runtime configure
        --runtime=docker` and `sudo systemctl restart docker`; for podman: `sudo nvidia-ctk cdi generate
        --output=/etc/cdi/nvidia.yaml`.

        Test: `docker run --rm --gpus all ubuntu nvidia-smi`. Rootless docker: `nvidia-ctk runtime configure
        --runtime=docker --config=$HOME/.config/docker/daemon.json`, then `sudo nvidia-ctk config --set
        nvidia-container-cli.no-cgroups --in-place`.

        With Docker Desktop on Windows nothing is to be installed but the newest driver and WSL 2.

    Harmless when:
        No container here is meant to use the GPU. Unless a message says that one was asked to, it is information.

    Sources:
        https://docs.nvidia.com/datacenter/cloud-native/container-toolkit/latest/install-guide.html
        https://docs.nvidia.com/datacenter/cloud-native/container-toolkit/latest/cdi-support.html
    """
    if not bare(os) or not smi_lists(smi) or runtime.starts:
        return
    engines = [one for one in runtime.engines if one.name in _ENGINES and not one.snap]
    if not engines or runtime.toolkit is not None or runtime.cdi_specs or "nvidia" in runtime.runtimes:
        return
    if distro is None or distro.packages is None:
        yield Unknown(subject="machine", reason="the installed packages are not known")
        return
    if installed(distro, *_PACKAGES):
        return
    yield Problem(
        subject="machine",
        message=f"{engines[0].name} is installed and the NVIDIA Container Toolkit is not: containers get no GPU",
        evidence=(seen(engines[0].path, "installed"), seen("nvidia-container-toolkit", "not installed")),
        source=CONTAINER_TOOLKIT_INSTALL,
        severity=Severity.INFO,
    )


@also(container_toolkit_missing)
def from_messages(symptoms: tuple[Symptom, ...]) -> Result:
    """The engine's own refusal."""
    refusals = every(symptoms, "no-gpu-device-driver", "nvidia-runtime-unknown", "nvidia-hook-missing")
    unresolved = every(symptoms, "cdi-device-unresolvable")
    if refusals:
        yield Problem(
            subject="machine",
            message="the container engine has no NVIDIA Container Toolkit to hand the GPU over with",
            evidence=tuple(one.seen for one in (*refusals, *unresolved)),
            source=CONTAINER_TOOLKIT_INSTALL,
        )
    elif unresolved:
        yield Problem(
            subject="machine",
            message="no CDI file describes the GPU: the NVIDIA Container Toolkit is missing or did not generate one "
            "(`sudo nvidia-ctk cdi generate --output=/etc/cdi/nvidia.yaml`)",
            evidence=tuple(one.seen for one in unresolved),
            source=CDI,
            confidence=Confidence.LIKELY,
        )
