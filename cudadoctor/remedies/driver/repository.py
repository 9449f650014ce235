"""NVIDIA's package repository of a release: its key and its list, for each package manager."""

from __future__ import annotations

import posixpath

from cudadoctor.compat import apt
from cudadoctor.facts.base import Facts
from cudadoctor.remedies import machine
from cudadoctor.remedies.driver.choice import release_of
from cudadoctor.remedies.plan import Condition, Exists, Fetch, PlanStep, Prints
from cudadoctor.remedies.step_parts import CUDA_GUIDE, dpkg_has, rooted

HOST = "developer.download.nvidia.com"
_BASE = f"https://{HOST}/compute/cuda/repos"
_KEYRING_OF_DEBIAN = {
    "debian11": "cuda-keyring_1.1-1_all.deb",
    "debian12": "cuda-keyring_1.1-1_all.deb",
    "debian13": "cuda-keyring_1.1-1_all.deb",
}
"""Not in the table of keyrings: all were seen in public scripts (2026-12-01)."""
_MACHINES = {"x86_64": "x86_64", "amd64": "x86_64", "aarch64": "sbsa", "arm64": "sbsa"}
KEYRING = "/usr/share/keyrings/cuda-archive-keyring.gpg"
"""Where the keyring package puts the key, and what its own list names."""


def name_of(facts: Facts) -> str | None:
    """NVIDIA's name of this release: `ubuntu2404`; for Linux Mint that of the Ubuntu it is made from."""
    found = release_of(facts)
    if found is not None:
        return found.repository
    if facts.os is None:
        return None
    return apt.repository_name(facts.os.id or "", facts.os.version_id or "")


def folder_of(facts: Facts) -> str | None:
    """NVIDIA's name of the machine, where the repository of this release is for it."""
    folder = _MACHINES.get((facts.os.arch if facts.os is not None else None) or "x86_64")
    found = release_of(facts)
    return folder if found is not None and folder in found.machines else None


def keyring_url(facts: Facts) -> str | None:
    """The address of the keyring package of this release, or None where there is none that is known."""
    name, folder = name_of(facts), folder_of(facts)
    if name is None or folder is None:
        return None
    if machine.under_wsl(facts) and name.startswith("ubuntu"):
        return f"{_BASE}/wsl-ubuntu/x86_64/cuda-keyring_1.1-1_all.deb" if folder == "x86_64" else None
    found = apt.keyring(name, (facts.os.arch if facts.os is not None else None) or "x86_64")
    if found is not None:
        return found.url
    file = _KEYRING_OF_DEBIAN.get(name)
    return f"{_BASE}/{name}/{folder}/{file}" if file is not None else None


def keyring_steps(facts: Facts, cache: str, until: Condition, *, prefix: str) -> list[PlanStep] | None:
    """The repository of this release with its key, up to the reading of its lists; None where there is none.

    `until` holds once what the lists are read for is there.
    """
    url = keyring_url(facts)
    if url is None:
        return None
    file = posixpath.join(cache, posixpath.basename(url))
    done = dpkg_has("cuda-keyring")
    why = "the package with the key that NVIDIA signs its repository with now, and the list that names both"
    fetch = Fetch(
        url=url, path=file, digest=None, why=f"{why}; no hash of it is published, https is what vouches for it"
    )
    return [
        PlanStep(
            id=f"{prefix}-keyring-fetch", title="download NVIDIA's keyring package", why=fetch.why, action=fetch,
            network=(HOST,), disk_mib=1, disk_at=cache, done_when=done, source=CUDA_GUIDE,
        ),
        PlanStep(
            id=f"{prefix}-keyring", title="add NVIDIA's repository and its key", why=why,
            action=rooted(("dpkg", "-i", file), why), needs=(f"{prefix}-keyring-fetch",), done_when=done,
            undo=(rooted(("dpkg", "--purge", "cuda-keyring"), "takes the repository out of apt's lists"),),
            source=CUDA_GUIDE,
        ),
        PlanStep(
            id=f"{prefix}-repo-lists", title="read apt's package lists",
            why="so that apt knows what is in the repository",
            action=rooted(("apt-get", "update"), "reads the lists of all repositories"),
            needs=(f"{prefix}-keyring",), network=("apt", HOST), done_when=until,
            lasting="apt's package lists stay as they were read",
        ),
    ]  # fmt: skip


def rpm_steps(facts: Facts, *, prefix: str) -> list[PlanStep] | None:
    """The repository as a .repo file, for dnf, yum and zypper; None where there is none for this machine."""
    found, name, folder = release_of(facts), name_of(facts), folder_of(facts)
    if found is None or name is None or folder is None or found.manager not in ("dnf", "yum", "zypper"):
        return None
    url = f"{_BASE}/{name}/{folder}/cuda-{name}.repo"
    if found.manager == "zypper":
        return _zypper(url, name, prefix)
    path = f"/etc/yum.repos.d/cuda-{name}.repo"
    # dnf 5 (Fedora 41 and newer) renamed the option.
    five = found.family == "fedora" and (machine.release(facts) or 0) >= 41
    tool: tuple[str, ...]
    if found.manager == "yum":
        plugins, tool, add = "yum-utils", ("yum-config-manager",), ("--add-repo", url)
    elif five:
        plugins, tool, add = "dnf5-plugins", ("dnf", "config-manager"), ("addrepo", f"--from-repofile={url}")
    else:
        plugins, tool, add = "dnf-plugins-core", ("dnf", "config-manager"), ("--add-repo", url)
    return [
        PlanStep(
            id=f"{prefix}-{found.manager}-tool", title=f"install {found.manager}'s config-manager",
            why="it adds repositories",
            action=rooted((found.manager, "install", "-y", plugins), "it adds repositories"),
            network=(found.manager,), packages=True, done_when=Prints(argv=(*tool, "--help")),
        ),
        PlanStep(
            id=f"{prefix}-repo", title="add NVIDIA's repository", why="the packages come from it",
            action=rooted((*tool, *add), "writes its .repo file"), needs=(f"{prefix}-{found.manager}-tool",),
            network=(HOST,), done_when=Exists(path=path), makes=(path,), source=CUDA_GUIDE,
        ),
    ]  # fmt: skip


def _zypper(url: str, name: str, prefix: str) -> list[PlanStep]:
    path = f"/etc/zypp/repos.d/cuda-{name}.repo"
    read = "reads the lists of all repositories, and takes the new one's key"
    return [
        PlanStep(
            id=f"{prefix}-repo", title="add NVIDIA's repository", why="the packages come from it",
            action=rooted(("zypper", "--non-interactive", "addrepo", url), "writes its .repo file"), network=(HOST,),
            done_when=Exists(path=path), makes=(path,), source=CUDA_GUIDE,
        ),
        PlanStep(
            id=f"{prefix}-lists", title="read the repositories", why=read,
            action=rooted(("zypper", "--non-interactive", "--gpg-auto-import-keys", "refresh"), read),
            needs=(f"{prefix}-repo",), network=("zypper", HOST), lasting="zypper's lists stay as they were read",
        ),
    ]  # fmt: skip
