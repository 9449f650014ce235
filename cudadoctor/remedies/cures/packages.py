"""What is done with packages, repositories and container engines on the host."""

from __future__ import annotations

from cudadoctor.checks.engine.outcome import Finding
from cudadoctor.compat import apt
from cudadoctor.facts.base import Facts
from cudadoctor.remedies.machine import as_root, family, in_container, on_jetson, under_wsl, with_admin_note
from cudadoctor.remedies.plan import Remedy, Run, Step, Tell

_TOOLKIT_PAGE = "https://docs.nvidia.com/datacenter/cloud-native/container-toolkit/latest/install-guide.html"


def container_toolkit(finding: Finding, facts: Facts) -> Remedy:  # noqa: ARG001  one signature for all builders
    """An engine without the NVIDIA Container Toolkit."""
    summary = "Install the NVIDIA Container Toolkit on the host and tell the container engine of it"
    where = Tell(text=f"NVIDIA's repository of the toolkit has to be set up first: {_TOOLKIT_PAGE}")
    install = {
        "ubuntu": ("apt-get", "install", "-y", "nvidia-container-toolkit"),
        "debian": ("apt-get", "install", "-y", "nvidia-container-toolkit"),
        "rhel": ("dnf", "install", "-y", "nvidia-container-toolkit"),
        "fedora": ("dnf", "install", "-y", "nvidia-container-toolkit"),
        "suse": ("zypper", "install", "nvidia-container-toolkit"),
        "arch": ("pacman", "-S", "nvidia-container-toolkit"),
    }.get(family(facts))
    if facts.os is None or install is None or in_container(facts) or under_wsl(facts) or on_jetson(facts):
        told = Tell(
            text="On the host: install the package nvidia-container-toolkit, then `nvidia-ctk runtime configure "
            "--runtime=docker` and restart docker (podman: `nvidia-ctk cdi generate --output=/etc/cdi/nvidia.yaml`). "
            "Docker Desktop on Windows needs none of it, only WSL 2 and the newest driver of Windows.",
            needs_root=True,
        )
        return Remedy(summary=summary, steps=(where, told))
    steps: tuple[Step, ...] = (
        where,
        as_root(*install, why="the programs that hand the GPU to containers"),
        as_root("nvidia-ctk", "runtime", "configure", "--runtime=docker", why="docker learns of the NVIDIA runtime"),
        as_root("systemctl", "restart", "docker", why="docker reads its configuration anew; running containers stop"),
        Run(
            argv=("docker", "run", "--rm", "--gpus", "all", "ubuntu", "nvidia-smi"),
            why="a container that shows the GPU",
            safety="safe",
        ),
    )
    return Remedy(summary=summary, steps=with_admin_note(facts, steps))


def device_rules(finding: Finding, facts: Facts) -> Remedy:  # noqa: ARG001
    """`no-cgroups = true` with a docker that runs as root."""
    if facts.os is None or in_container(facts):
        told = Tell(
            text="On the host: set `no-cgroups = false` in /etc/nvidia-container-runtime/config.toml, restart docker, "
            "and start the container anew.",
            needs_root=True,
        )
        return Remedy(summary="Let the container tools write device rules again", steps=(told,))
    steps: tuple[Step, ...] = (
        as_root(
            *("nvidia-ctk", "config", "--set", "nvidia-container-cli.no-cgroups=false", "--in-place"),
            why="the GPU is entered in each container's device cgroup again",
        ),
        as_root("systemctl", "restart", "docker", why="running containers stop; start them anew"),
    )
    return Remedy(summary="Let the container tools write device rules again", steps=with_admin_note(facts, steps))


def unfinished(finding: Finding, facts: Facts) -> Remedy:  # noqa: ARG001
    """Driver packages that dpkg or apt did not finish."""
    steps: tuple[Step, ...] = (
        as_root("dpkg", "--configure", "-a", why="finishes what was interrupted; its last lines say what fails"),
        as_root("apt-get", "-f", "install", why="brings the dependencies in order"),
        Tell(
            text="Where two sources conflict: `apt policy cuda-drivers` and `apt-mark showhold` show whence and what "
            "is held. Keep the driver's packages of one source only, and read the list that apt shows before you agree."
        ),
    )
    if facts.os is None or family(facts) not in ("ubuntu", "debian"):
        return Remedy(summary="Finish the packages, and keep the driver of one source only", steps=())
    return Remedy(
        summary="Finish the packages, and keep the driver of one source only", steps=with_admin_note(facts, steps)
    )


def keyring(finding: Finding, facts: Facts) -> Remedy:  # noqa: ARG001
    """The keyring package of this release, with the key that NVIDIA's repository is signed with now."""
    summary = "Install NVIDIA's keyring package of this release"
    os = facts.os
    name = apt.repository_name(os.id or "", os.version_id or "") if os is not None else None
    if under_wsl(facts) and name is not None:
        name = "wsl-ubuntu"
    package = apt.keyring(name, (os.arch if os is not None else None) or "x86_64") if name is not None else None
    if package is None:
        return Remedy(summary=summary, steps=())
    steps: tuple[Step, ...] = (
        Tell(
            text="Remove older entries of the repository first: /etc/apt/sources.list.d/cuda.list, nvidia-ml.list, and "
            "lines with developer.download.nvidia.com in /etc/apt/sources.list.",
            needs_root=True,
        ),
        Run(argv=("wget", package.url), why="the package with the key and the entry", safety="safe"),
        as_root("dpkg", "-i", package.file, why="puts the key into /usr/share/keyrings"),
        as_root("apt-get", "update", why="reads the repository with its new key"),
    )
    return Remedy(summary=summary, steps=with_admin_note(facts, steps))
