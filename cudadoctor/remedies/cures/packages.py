"""What is done with packages, repositories and container engines on the host."""

from __future__ import annotations

import posixpath

from cudadoctor.checks.engine.outcome import Finding
from cudadoctor.compat import apt
from cudadoctor.facts.base import Facts
from cudadoctor.remedies.machine import family, in_container, on_jetson, under_wsl
from cudadoctor.remedies.plan import PlanStep, Remedy
from cudadoctor.remedies.steps import (
    advice,
    configure_container_tools,
    download,
    downloads,
    finish_packages,
    install_package_file,
    install_packages,
    read_package_lists,
    repair_dependencies,
    restart_service,
    run,
)

_TOOLKIT_PAGE = "https://docs.nvidia.com/datacenter/cloud-native/container-toolkit/latest/install-guide.html"


def container_toolkit(finding: Finding, facts: Facts) -> Remedy:  # noqa: ARG001  one signature for all builders
    """An engine without the NVIDIA Container Toolkit."""
    summary = "Install the NVIDIA Container Toolkit on the host and tell the container engine of it"
    where = advice(f"NVIDIA's repository of the toolkit has to be set up first: {_TOOLKIT_PAGE}")
    install = _container_toolkit(facts)
    if facts.os is None or install is None or in_container(facts) or under_wsl(facts) or on_jetson(facts):
        told = advice(
            "On the host: install the package nvidia-container-toolkit, then `nvidia-ctk runtime configure "
            "--runtime=docker` and restart docker (podman: `nvidia-ctk cdi generate --output=/etc/cdi/nvidia.yaml`). "
            "Docker Desktop on Windows needs none of it, only WSL 2 and the newest driver of Windows.",
            needs_root=True,
        )
        return Remedy(summary=summary, steps=(where, told))
    steps: tuple[PlanStep, ...] = (
        where,
        install,
        configure_container_tools(
            "runtime",
            "configure",
            "--runtime=docker",
            file="/etc/docker/daemon.json",
            why="docker learns of the NVIDIA runtime",
        ),
        restart_service("docker", why="docker reads its configuration anew; running containers stop"),
        run(
            ("docker", "run", "--rm", "--gpus", "all", "ubuntu", "nvidia-smi"),
            "a container that shows the GPU",
            "show the GPU in a container",
            lasting="the image that was fetched stays",
        ),
    )
    return Remedy(summary=summary, steps=steps)


def _container_toolkit(facts: Facts) -> PlanStep | None:
    package, why = "nvidia-container-toolkit", "the programs that hand the GPU to containers"
    other = {"suse": ("zypper", "install", package), "arch": ("pacman", "-S", package)}.get(family(facts))
    if other is not None:
        return run(other, why, f"install {package}", root=True)
    return install_packages(facts, (package,), why, disk_mib=1500)


def device_rules(finding: Finding, facts: Facts) -> Remedy:  # noqa: ARG001
    """`no-cgroups = true` with a docker that runs as root."""
    if facts.os is None or in_container(facts):
        told = advice(
            "On the host: set `no-cgroups = false` in /etc/nvidia-container-runtime/config.toml, restart docker, "
            "and start the container anew.",
            needs_root=True,
        )
        return Remedy(summary="Let the container tools write device rules again", steps=(told,))
    steps: tuple[PlanStep, ...] = (
        configure_container_tools(
            *("config", "--set", "nvidia-container-cli.no-cgroups=false", "--in-place"),
            file="/etc/nvidia-container-runtime/config.toml",
            why="the GPU is entered in each container's device cgroup again",
        ),
        restart_service("docker", why="running containers stop; start them anew"),
    )
    return Remedy(summary="Let the container tools write device rules again", steps=steps)


def unfinished(finding: Finding, facts: Facts) -> Remedy:  # noqa: ARG001
    """Driver packages that dpkg or apt did not finish."""
    steps: tuple[PlanStep, ...] = (
        finish_packages(why="finishes what was interrupted; its last lines say what fails"),
        repair_dependencies(why="brings the dependencies in order"),
        advice(
            "Where two sources conflict: `apt policy cuda-drivers` and `apt-mark showhold` show whence and what "
            "is held. Keep the driver's packages of one source only, and read the list that apt shows before you agree."
        ),
    )
    if facts.os is None or family(facts) not in ("ubuntu", "debian"):
        return Remedy(summary="Finish the packages, and keep the driver of one source only", steps=())
    return Remedy(summary="Finish the packages, and keep the driver of one source only", steps=steps)


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
    folder = downloads(facts)
    steps: tuple[PlanStep, ...] = (
        advice(
            "Remove older entries of the repository first: /etc/apt/sources.list.d/cuda.list, nvidia-ml.list, and "
            "lines with developer.download.nvidia.com in /etc/apt/sources.list.",
            needs_root=True,
        ),
        download(package.url, folder, why="the package with the key and the entry"),
        install_package_file(posixpath.join(folder, package.file), why="puts the key into /usr/share/keyrings"),
        read_package_lists(why="reads the repository with its new key"),
    )
    return Remedy(summary=summary, steps=steps)
