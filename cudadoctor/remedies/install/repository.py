"""NVIDIA's package repositories: over the network with its keyring package, or from a package that was downloaded."""

from __future__ import annotations

import posixpath
from hashlib import sha256

from cudadoctor.compat import apt
from cudadoctor.facts.base import Facts
from cudadoctor.facts.distro import AptSource
from cudadoctor.remedies import machine
from cudadoctor.remedies.install.request import Ground, LocalRepository
from cudadoctor.remedies.plan import AllOf, Condition, Exists, Fetch, PlanStep, Prints, WriteFile
from cudadoctor.remedies.step_parts import CUDA_GUIDE, dpkg_has, rooted, tell

HOST = "developer.download.nvidia.com"
_BASE = f"https://{HOST}/compute/cuda/repos"
_KEYRING_OF_DEBIAN = {"debian12": "cuda-keyring_1.1-1_all.deb", "debian13": "cuda-keyring_1.1-1_all.deb"}
"""Not in the table: debian12's was seen in public scripts (2026-11-30), debian13's is from memory."""
_MACHINES = {"x86_64": "x86_64", "amd64": "x86_64", "aarch64": "sbsa", "arm64": "sbsa"}
_RHEL = (8, 9, 10)
_KEYRING = "/usr/share/keyrings/cuda-archive-keyring.gpg"
"""Where the keyring package puts the key, and what its own list names."""


def name_of(facts: Facts) -> str | None:
    """NVIDIA's name of this release: `ubuntu2404`."""
    if facts.os is None:
        return None
    return apt.repository_name(facts.os.id or "", facts.os.version_id or "")


def keyring_url(facts: Facts) -> str | None:
    """The address of the keyring package of this release, or None where there is none that is known."""
    name = name_of(facts)
    arch = (facts.os.arch if facts.os is not None else None) or "x86_64"
    folder = _MACHINES.get(arch)
    if name is None or folder is None:
        return None
    if machine.under_wsl(facts) and name.startswith("ubuntu"):
        return f"{_BASE}/wsl-ubuntu/x86_64/cuda-keyring_1.1-1_all.deb" if folder == "x86_64" else None
    found = apt.keyring(name, arch)
    if found is not None:
        return found.url
    file = _KEYRING_OF_DEBIAN.get(name) if folder == "x86_64" else None  # none of Debian's is for ARM
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


def rpm_name(facts: Facts) -> tuple[str, str] | None:
    """NVIDIA's names of this release and machine for dnf; None where it has no repository: Amazon Linux, ppc64le.

    Another distribution's packages are for another glibc and kernel. A relative of RHEL is taken for its release.
    """
    family, release = machine.family(facts), machine.release(facts)
    folder = _MACHINES.get((facts.os.arch if facts.os is not None else None) or "x86_64")
    if folder is None or release is None or facts.os is None:
        return None
    if family == "rhel" and release in _RHEL and facts.os.id != "amzn":
        return f"rhel{release}", folder
    if facts.os.id == "fedora" and folder == "x86_64":
        return f"fedora{release}", folder
    return None


def rpm_steps(facts: Facts, *, prefix: str) -> list[PlanStep] | None:
    """The repository as a .repo file; None where there is none for this machine."""
    found = rpm_name(facts)
    if found is None:
        return None
    name, folder = found
    url = f"{_BASE}/{name}/{folder}/cuda-{name}.repo"
    path = f"/etc/yum.repos.d/cuda-{name}.repo"
    # dnf 5 (Fedora 41 and newer) renamed the option.
    five = machine.family(facts) == "fedora" and (machine.release(facts) or 0) >= 41
    add = ("addrepo", f"--from-repofile={url}") if five else ("--add-repo", url)
    plugins = "dnf5-plugins" if five else "dnf-plugins-core"
    tool = Prints(argv=("dnf", "config-manager", "--help"))
    return [
        PlanStep(
            id=f"{prefix}-dnf-tool", title="install dnf's config-manager", why="it adds repositories",
            action=rooted(("dnf", "install", "-y", plugins), "it adds repositories"), network=("apt",),
            packages=True, done_when=tool,
        ),
        PlanStep(
            id=f"{prefix}-repo", title="add NVIDIA's repository", why="the packages come from it",
            action=rooted(("dnf", "config-manager", *add), "writes its .repo file"), needs=(f"{prefix}-dnf-tool",),
            network=(HOST,), done_when=Exists(path=path), makes=(path,), source=CUDA_GUIDE,
        ),
    ]  # fmt: skip


def old_sources(facts: Facts, ground: Ground, *, keep: str = "") -> list[PlanStep]:
    """Older entries of the same repository, which apt refuses beside the keyring package's: switched off, and kept."""
    name = name_of(facts)
    rows = (facts.distro.sources if facts.distro is not None else None) or ()
    clashing = [one for one in rows if _clashes(one, name, keep)]
    found: list[PlanStep] = []
    for number, file in enumerate(dict.fromkeys(one.file for one in clashing), 1):
        lines = {one.line for one in clashing if one.file == file}
        found.append(_switched_off(file, lines, ground.apt_files.get(file), number))
    return found


def _clashes(one: AptSource, name: str | None, keep: str) -> bool:
    """It names this release's CUDA repository with another key than the keyring package's list does."""
    inside = f"{HOST}/compute/cuda/repos/" in one.uri and (name is None or f"/{name}/" in f"{one.uri}/")
    return inside and one.signed_by != _KEYRING and one.file != keep


def _switched_off(file: str, lines: set[int], data: bytes | None, number: int) -> PlanStep:
    title = f"switch the old entry in {file} off"
    why = "apt refuses one repository with two keys (Conflicting values set for option Signed-By)"
    step = f"toolkit-old-source-{number}"
    if data is None or not file.endswith(".list"):
        return tell(step, title, f"In {file}: take the entry of {HOST} out, as root.", why=why)
    rows = data.decode("utf-8", "surrogateescape").split("\n")
    text = "\n".join(f"# {row}" if at in lines else row for at, row in enumerate(rows, 1))
    action = WriteFile(path=file, text=text, why=why, safety="system", needs_root=True, before=sha256(data).hexdigest())
    return PlanStep(id=step, title=title, why=why, action=action)


def local_steps(repo: LocalRepository, until: Condition) -> list[PlanStep]:
    """A repository package: its files, its own key for it alone, and the list that says so."""
    installed = dpkg_has(repo.package)
    why = "puts the repository's files and its key on this machine; nothing is read from the network"
    steps = [
        PlanStep(
            id="toolkit-local", title="unpack the local repository", why=why,
            action=rooted(("dpkg", "-i", repo.path), why), disk_mib=2500, disk_at="/var", done_when=installed,
            undo=(rooted(("dpkg", "--purge", repo.package), "takes the repository away"),), source=CUDA_GUIDE,
        )
    ]  # fmt: skip
    if repo.key is None:
        text = f"Find the key in {repo.folder}, and copy it to /usr/share/keyrings as root."
        return [*steps, tell("toolkit-key", "copy the repository's key", text, needs=("toolkit-local",))]
    armoured = repo.key.endswith((".pub", ".asc"))
    ring = f"/usr/share/keyrings/{posixpath.basename(repo.folder)}.{'asc' if armoured else 'gpg'}"
    same = Prints(argv=("cmp", "-s", repo.key, ring))
    key_why = "apt must trust this key for this repository, and for no other as `apt-key add` would have it"
    steps.append(
        PlanStep(
            id="toolkit-key", title="give apt the repository's key", why=key_why,
            action=rooted(("install", "-m", "0644", repo.key, ring), key_why), needs=("toolkit-local",),
            done_when=AllOf(conditions=(installed, same)), makes=(ring,), source=CUDA_GUIDE,
        )
    )  # fmt: skip
    listed = repo.sources[0] if repo.sources else f"/etc/apt/sources.list.d/{repo.package}.list"
    list_why = "the list that the package brings names no key: with signed-by apt checks it by the one above"
    steps.append(
        PlanStep(
            id="toolkit-source", title="tie the repository to its key", why=list_why,
            action=WriteFile(
                path=listed, text=f"deb [signed-by={ring}] file://{repo.folder} /\n", why=list_why, safety="system",
                needs_root=True,
            ),
            needs=("toolkit-key",), source=CUDA_GUIDE,
        )
    )  # fmt: skip
    lists = "so that apt knows what is in the repository: after its key, or it says NO_PUBKEY"
    steps.append(
        PlanStep(
            id="toolkit-lists", title="read apt's package lists", why=lists,
            action=rooted(("apt-get", "update"), lists), needs=("toolkit-source",), network=("apt",), done_when=until,
            lasting="apt's package lists stay as they were read",
        )
    )  # fmt: skip
    return steps
