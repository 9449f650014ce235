"""NVIDIA's apt repositories: keys, keyring packages, names, and the local repositories of each toolkit."""

from __future__ import annotations

from msgspec import Struct

from cudadoctor.compat._tables import numbers, source, table
from cudadoctor.compat.source import Source
from cudadoctor.versions import CudaVersion, ToolkitVersion

_MACHINES = {"x86_64": "x86_64", "amd64": "x86_64", "aarch64": "sbsa", "arm64": "sbsa", "ppc64le": "ppc64el"}
_FOLDER_WITHOUT_DISTRO_UNTIL = (10, 2)
_KEYRING_FILE_FROM = (11, 7)


class Key(Struct, frozen=True, kw_only=True):
    """A key that signs NVIDIA's repositories."""

    id: str
    """Eight characters: `3bf863cc`."""
    fingerprint: str | None
    status: str
    retired: bool
    note: str | None
    source: Source


class Keyring(Struct, frozen=True, kw_only=True):
    """The package that brings the key and the repository of one release."""

    distro: str
    """NVIDIA's name: `ubuntu1804`."""
    file: str
    url: str
    note: str | None
    source: Source


class LocalDeb(Struct, frozen=True, kw_only=True):
    """A repository of one toolkit as a package. It drops its files and its key into `folder`."""

    toolkit: ToolkitVersion
    distro: str
    file: str
    url: str | None
    folder: str
    """`/var/cuda-repo-10-1-local-10.1.243-418.87.00`."""
    key: str
    """Path (a pattern from 11.7 on) of its key."""
    source: Source


class AptError(Struct, frozen=True, kw_only=True):
    """A message of apt, its cause and the way out."""

    match: str
    cause: str
    fix: str
    source: Source


def signing_keys() -> tuple[Key, ...]:
    """All keys."""
    return tuple(
        Key(
            id=row["key"],
            fingerprint=row.get("fingerprint"),
            status=row["status"],
            retired=row["status"].startswith("retired"),
            note=row.get("note"),
            source=source("apt", "apt"),
        )
        for row in table("apt")["keys"]
    )


def repository_name(os_id: str, version_id: str) -> str | None:
    """NVIDIA's name of a distribution: `ubuntu1804`, `debian12`, `rhel9`; None for one without a repository name."""
    plain = version_id.strip('"')
    if not plain or not plain.replace(".", "").isdigit():
        return None
    if os_id == "ubuntu":
        return f"ubuntu{plain.replace('.', '')}" if "." in plain else None
    if os_id in ("rhel", "rocky", "almalinux", "centos", "ol"):
        return f"rhel{plain.split('.')[0]}"
    if os_id in ("debian", "fedora"):
        return f"{os_id}{plain.split('.')[0]}"
    return None


def keyring(distro: str, machine: str = "x86_64") -> Keyring | None:
    """The keyring package of a release, or None where the table does not have it."""
    folder = _MACHINES.get(machine)
    for row in table("apt")["keyring"]:
        if row["distro"] == distro and folder is not None:
            base = f"https://developer.download.nvidia.com/compute/cuda/repos/{distro}/{folder}"
            return Keyring(
                distro=distro,
                file=row["file"],
                url=f"{base}/{row['file']}",
                note=row.get("note"),
                source=source("apt", "apt"),
            )
    return None


def local_debs(toolkit: CudaVersion | None = None, distro: str | None = None) -> tuple[LocalDeb, ...]:
    """The local repositories that are known, for one toolkit (its patch counts only where given) and release."""
    found = []
    for version, name, file, url in table("apt")["local_deb"]:
        parsed = ToolkitVersion.parse(version)
        if parsed is None or (distro is not None and name != distro):
            continue
        if toolkit is not None and (parsed.cuda.release != toolkit.release or toolkit.patch not in (0, parsed.patch)):
            continue
        folder, key = _places(parsed, name, file)
        deb = LocalDeb(
            toolkit=parsed,
            distro=name,
            file=file,
            url=url,
            folder=folder,
            key=key,
            source=source("apt", "local_deb"),
        )
        found.append(deb)
    return tuple(found)


def ubuntu_releases(toolkit: CudaVersion) -> tuple[str, ...] | None:
    """The Ubuntu releases that NVIDIA made packages of this toolkit for (`18.04`), or None where no table says.

    Inferred from the packages that were seen; confidence medium.
    """
    wanted = (toolkit.major, toolkit.minor)
    for span, releases in table("apt")["ubuntu"]:
        first, _, last = span.partition("-")
        if last and numbers(first) <= wanted <= numbers(last):
            return tuple(one.split(" ")[0] for one in releases)
    return None


def errors() -> tuple[AptError, ...]:
    """What apt says of NVIDIA's repositories, with cause and cure."""
    return tuple(
        AptError(match=row["match"], cause=row["cause"], fix=row["fix"], source=source("apt", "apt"))
        for row in table("apt")["errors"]
    )


def _places(toolkit: ToolkitVersion, distro: str, file: str) -> tuple[str, str]:
    """Folder and key of a local repository, by the naming of its time."""
    release = (toolkit.major, toolkit.minor)
    dashed = f"{toolkit.major}-{toolkit.minor}"
    if release <= _FOLDER_WITHOUT_DISTRO_UNTIL:
        rest = file.removeprefix(f"cuda-repo-{distro}-").partition("_")[0]
        folder = f"/var/cuda-repo-{rest}"
        return folder, f"{folder}/7fa2af80.pub"
    folder = f"/var/cuda-repo-{distro}-{dashed}-local"
    if release < _KEYRING_FILE_FROM:
        return folder, f"{folder}/7fa2af80.pub"
    return folder, f"{folder}/cuda-*-keyring.gpg"
