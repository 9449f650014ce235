"""Asks what the operating system is, and what kind of place it runs in."""

from __future__ import annotations

import re

from cudadoctor.facts.base import Gap
from cudadoctor.facts.system import OsFacts
from cudadoctor.host.base import Host, Identity, Refusal
from cudadoctor.parsers import os_release
from cudadoctor.probes.ask import one_line, present, read_text
from cudadoctor.probes.base import Clock, Found, Request

SECURE_BOOT = "/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"
"""EFI_GLOBAL_VARIABLE SecureBoot: four bytes of attributes, then 1 where it is enforced (UEFI specification 3.3)."""


def probe(host: Host, request: Request, clock: Clock) -> Found[OsFacts]:  # noqa: ARG001
    """Distribution, kernel, container, WSL, Jetson, Secure Boot, and the variables that the container runtime reads."""
    gaps: list[Gap] = []
    release = read_text(host, "/etc/os-release")
    if release is None:
        release = read_text(host, "/usr/lib/os-release")
    if release is None:
        gaps.append(Gap(fact="os.id", reason="neither /etc/os-release nor /usr/lib/os-release can be read"))
    words = {name: one_line(value) for name, value in os_release.parse(release or "").items()}
    identity = who(host)
    if identity is None:
        gaps.append(Gap(fact="os.kernel", reason="the host does not tell its kernel"))
    facts = OsFacts(
        id=words.get("ID", "").lower() or None,
        id_like=tuple(words.get("ID_LIKE", "").lower().split()),
        version_id=words.get("VERSION_ID") or None,
        pretty_name=words.get("PRETTY_NAME") or None,
        kernel=identity.kernel if identity else None,
        arch=identity.machine if identity else None,
        glibc=_glibc(identity),
        container=container(host),
        wsl=wsl(host, identity),
        jetson=jetson(host, identity),
        uid=identity.uid if identity else None,
        groups=identity.groups if identity else (),
        secure_boot=_secure_boot(host),
        nvidia_visible_devices=_variable(host, "NVIDIA_VISIBLE_DEVICES"),
        nvidia_driver_capabilities=_variable(host, "NVIDIA_DRIVER_CAPABILITIES"),
    )
    return Found(value=facts, gaps=tuple(gaps))


def who(host: Host) -> Identity | None:
    """The host's identity, or None where it does not tell."""
    try:
        return host.identity()
    except Refusal:
        return None


def wsl(host: Host, identity: Identity | None) -> int | None:
    """1 or 2 under the Windows Subsystem for Linux, else None. A container on WSL 2 is on WSL as well: same kernel.

    Microsoft's kernels have "microsoft" in their release, WSL 1's emulation is always a 4.4.0 (and has no /dev/dxg). A
    kernel that the user built need not have the word; WSL's own variables and files tell then.
    """
    # A sandbox may answer uname with a kernel of its own; everywhere else the file is the same text.
    told = read_text(host, "/proc/sys/kernel/osrelease", limit=4096) or ""
    kernels = ((identity.kernel if identity else "").lower(), told.strip().lower())
    kernel = next((one for one in kernels if "microsoft" in one), "")
    dxg = present(host, "/dev/dxg")
    if "microsoft" in kernel:
        return 1 if kernel.startswith(("4.4.", "3.4.")) and not dxg else 2
    named = host.env.get("WSL_DISTRO_NAME") or host.env.get("WSL_INTEROP")
    return 2 if dxg and (named or present(host, "/usr/lib/wsl/lib")) else None


def jetson(host: Host, identity: Identity | None) -> str | None:
    """The board's model on a Jetson, else None.

    The device tree tells. In a container it may be masked: there the BSP's release file, or the kernel's name, does.
    """
    model = one_line(read_text(host, "/proc/device-tree/model") or "")
    compatible = read_text(host, "/proc/device-tree/compatible") or ""
    release = present(host, "/etc/nv_tegra_release")
    tegra_kernel = bool(identity and identity.kernel.endswith("-tegra"))
    if "jetson" in model.lower() or "nvidia,tegra" in compatible or release or tegra_kernel:
        return model or "Jetson"
    return None


def _glibc(identity: Identity | None) -> str | None:
    kind, _, version = (identity.libc or "" if identity else "").partition(" ")
    return version.strip() or None if kind == "glibc" else None


def _variable(host: Host, name: str) -> str | None:
    value = host.env.get(name)
    return None if value is None else one_line(value)


def _secure_boot(host: Host) -> bool | None:
    """None where it is not known: no EFI, or a container that does not show it."""
    try:
        content = host.read(SECURE_BOOT, limit=64)
    except Refusal:
        return None
    return content[4] == 1 if len(content) >= 5 else None


# What a container is made by, by a word in the path of its control group. The innermost one stands last in the path.
_CGROUP = re.compile(
    r"/(?:kubepods|lxc(?=[./])|lxc\.payload|docker[-/]|libpod[-_]|crio-|cri-containerd|buildkit|garden/|ecs/)"
)
_CGROUP_NAMES = {
    "kubepods": "kubernetes",
    "crio-": "kubernetes",
    "cri-containerd": "kubernetes",
    "lxc": "lxc",
    "lxc.payload": "lxc",
    "docker-": "docker",
    "docker/": "docker",
    "buildkit": "docker",
    "libpod-": "podman",
    "libpod_": "podman",
}
_OWN_NAMES = frozenset({"docker", "podman", "lxc", "kubernetes", "apptainer"})
_FILES_OF_A_CONTAINER = frozenset({"/etc/resolv.conf", "/etc/hosts", "/etc/hostname"})
"""Docker, podman and Kubernetes mount these three into every container."""
_LAYERS = ("/docker/", "/containers/", "/containerd/", "/buildkit/", "/podman/", "/overlay-layers/")


def container(host: Host) -> str | None:
    """The kind of container, or None on a machine of its own, a virtual one included."""
    docker, podman = present(host, "/.dockerenv"), present(host, "/run/.containerenv")
    groups = read_text(host, "/proc/1/cgroup") or ""
    mounts = _read_mounts(host)
    if any(host.env.get(name) for name in ("APPTAINER_CONTAINER", "SINGULARITY_CONTAINER", "APPTAINER_NAME")):
        return "apptainer"
    by_cgroup = _from_cgroup(groups)
    if by_cgroup is not None:
        return by_cgroup
    if mounts is not None and not _looks_contained(mounts):
        # A disk image that was made from a container image keeps the markers and is no container: the mounts tell.
        return None
    declared = _declared(host)
    markers = (
        ("kubernetes", host.env.get("KUBERNETES_SERVICE_HOST")),
        (declared, declared not in (None, "container")),
        ("podman", podman),
        ("docker", docker),
        ("container", declared or _layered_root(mounts or [])),
    )
    return next((kind for kind, seen in markers if seen), None)


def _declared(host: Host) -> str | None:
    """What the variable `container` says, which engines set for their first process (systemd's container interface)."""
    word = one_line(host.env.get("container") or "").lower()
    if word in ("", "wsl", "no", "none"):
        return None
    return word if word in _OWN_NAMES else "lxc" if word.startswith("lxc") else "container"


def _from_cgroup(groups: str) -> str | None:
    for line in groups.splitlines()[:200]:
        path = line[:4096].split(":", 2)[-1]
        words = [match.group()[1:] for match in _CGROUP.finditer(path)]
        if words:
            return _CGROUP_NAMES.get(words[-1], "container") if "kubepods" not in words else "kubernetes"
    return None


def _read_mounts(host: Host) -> list[tuple[str, str, str, str]] | None:
    """(root inside the file system, mount point, type, options) of each mount of this process; None where unknown."""
    try:
        text = host.read("/proc/self/mountinfo", limit=1 << 20).decode("utf-8", errors="replace")
    except Refusal:
        return None
    mounts = []
    for line in text.splitlines()[:5000]:
        before, dash, after = line.partition(" - ")
        left, right = before.split(), after.split()
        if dash and len(left) >= 5 and right:
            mounts.append((left[3], left[4], right[0], " ".join(right[1:])))
    return mounts or None


def _layered_root(mounts: list[tuple[str, str, str, str]]) -> bool:
    """The root is made of a container engine's layers. An overlay alone tells nothing: live systems have it too."""
    return any(
        point == "/" and "overlay" in kind and any(layer in options for layer in _LAYERS)
        for _, point, kind, options in mounts
    )


def _looks_contained(mounts: list[tuple[str, str, str, str]]) -> bool:
    """Whether these mounts can be a container's; False: certainly a machine of its own.

    A machine that booted has the kernel's devtmpfs on /dev; engines mount a tmpfs there. Even where /dev was handed in
    from outside, they mount files of their own over /etc, or the root is a directory of another file system.
    """
    for root, point, kind, _ in mounts:
        if point == "/dev" and kind != "devtmpfs":
            return True
        if point in _FILES_OF_A_CONTAINER:
            return True
        if point == "/" and (kind in ("overlay", "aufs", "9p", "virtiofs", "fuse.fuse-overlayfs") or len(root) > 1):
            return True
    return not any(point == "/dev" for _, point, _, _ in mounts)


def contained(host: Host) -> bool:
    """Whether this is a container."""
    return container(host) is not None
