"""What is done outside a container, for it."""

from __future__ import annotations

from cudadoctor.checks.engine.outcome import Finding
from cudadoctor.facts.base import Facts
from cudadoctor.remedies.plan import PlanStep, Remedy
from cudadoctor.remedies.steps import advice

_TOOLKIT = advice(
    "If the engine does not know that option: install the NVIDIA Container Toolkit on the host "
    "(https://docs.nvidia.com/datacenter/cloud-native/container-toolkit/latest/install-guide.html)."
)
_HOW = {
    "docker": "Start it again with `--gpus all` (compose: a device reservation with the driver nvidia).",
    "podman": "Start it again with `--device nvidia.com/gpu=all`; the host needs a CDI file from nvidia-ctk.",
    "kubernetes": "Give the pod the resource limit `nvidia.com/gpu: 1`; the cluster needs NVIDIA's device plugin.",
    "apptainer": "Start it again with `--nv`.",
    "singularity": "Start it again with `--nv`.",
    "lxc": "Give the container the GPU as a device (`lxc config device add`, type gpu) and set nvidia.runtime to true.",
}


def start_with_gpu(finding: Finding, facts: Facts) -> Remedy:  # noqa: ARG001  one signature for all builders
    """A container that was started without the GPU."""
    kind = (facts.os.container if facts.os is not None else None) or "container"
    how = _HOW.get(
        kind, "Start it again with GPU access (docker: `--gpus all`; podman: `--device nvidia.com/gpu=all`)."
    )
    # --nv mounts the host's own driver, and a cluster's toolkit is its administrator's affair.
    alone = kind in ("apptainer", "singularity", "kubernetes")
    steps: tuple[PlanStep, ...] = (advice(how),) if alone else (advice(how), _TOOLKIT)
    summary = (
        "Start the container with --nv"
        if kind in ("apptainer", "singularity")
        else ("Start the container again with GPU access")
    )
    return Remedy(summary=summary, steps=steps)


def capabilities(finding: Finding, facts: Facts) -> Remedy:  # noqa: ARG001
    """A container without the compute capability."""
    return Remedy(
        summary="Start the container again with NVIDIA_DRIVER_CAPABILITIES=compute,utility",
        steps=(
            advice("Start it again with `-e NVIDIA_DRIVER_CAPABILITIES=compute,utility`, or set that in the image."),
        ),
    )


def recreate(finding: Finding, facts: Facts) -> Remedy:  # noqa: ARG001
    """A container whose device cgroup lost the GPU."""
    return Remedy(
        summary="Start the container anew, and keep the host from taking its devices again",
        steps=(
            advice("Remove the container and start it anew: its device rules are then written again."),
            advice(
                "On the host, so that it does not happen again: hand the devices over by CDI, or make the links "
                "under /dev/char (`nvidia-ctk system create-dev-char-symlinks --create-all`), or name them with "
                "--device.",
                needs_root=True,
            ),
        ),
    )


def selinux(finding: Finding, facts: Facts) -> Remedy:  # noqa: ARG001
    """A container that SELinux keeps from the devices."""
    return Remedy(
        summary="Start the container with a security label that may use devices",
        steps=(
            advice("Start it again with `--security-opt label=disable`."),
            advice("Or, on the host: `setsebool -P container_use_devices on`.", needs_root=True),
        ),
    )
