"""The operating system."""

from __future__ import annotations

from msgspec import Struct


class OsFacts(Struct, frozen=True, kw_only=True):
    """The operating system, and what kind of place it runs in."""

    id: str | None = None
    """`ID` of os-release: ubuntu, debian, rhel …"""
    id_like: tuple[str, ...] = ()
    version_id: str | None = None
    pretty_name: str | None = None
    kernel: str | None = None
    """`uname -r`. In a container it is the host's."""
    arch: str | None = None
    """`uname -m`."""
    glibc: str | None = None
    """`2.27`; None where it is another libc or not known."""
    container: str | None = None
    """docker, podman, kubernetes, lxc, apptainer, or `container` where the kind is not known."""
    wsl: int | None = None
    """1 or 2 under the Windows Subsystem for Linux."""
    jetson: str | None = None
    """The board's model on a Jetson; its GPU is no PCI device."""
    uid: int | None = None
    groups: tuple[str, ...] = ()
    secure_boot: bool | None = None
    nvidia_visible_devices: str | None = None
    """NVIDIA_VISIBLE_DEVICES, which the container runtime reads."""
    nvidia_driver_capabilities: str | None = None
