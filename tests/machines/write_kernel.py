"""Writes the kernel log, the headers of the running kernel, and modprobe's configuration."""

from __future__ import annotations

from .ground import Ground
from .tree import prints

CALM = """\
[    0.000000] Linux version 6.8.0 (builder@host)
[    4.100000] nvidia: loading out-of-tree module taints kernel.
[    4.100001] nvidia: module verification failed: signature and/or required key missing - tainting kernel
[    4.200000] NVRM: loading NVIDIA UNIX x86_64 Kernel Module  535.274.02  Mon Jun  1 12:00:00 UTC 2026
[    9.000000] eth0: Link is Up - 1Gbps/Full
"""


class KernelParts(Ground):
    """The kernel's own files. A container and WSL have none."""

    def _kernel(self) -> None:
        machine, tree = self.machine, self.tree
        if machine.container is not None or machine.wsl:
            return
        release = machine.os.kernel
        tree.file("/proc/uptime", "86400.50 340000.00\n")
        if machine.dmesg is not None or machine.uid == 0:
            self.program("/usr/bin/dmesg", prints(machine.dmesg or CALM))
        else:
            refusal = "dmesg: read kernel buffer failed: Operation not permitted\n"
            self.program("/usr/bin/dmesg", prints(status=1, stderr=refusal))
            self.program("/usr/bin/journalctl", prints())
        tree.link(f"/usr/lib/modules/{release}/build", f"/usr/src/linux-headers-{release}")
        if machine.headers:
            tree.file(f"/usr/src/linux-headers-{release}/Makefile", "VERSION = 6\n")
        tree.file("/usr/lib/modprobe.d/nvidia-graphics-drivers.conf", "blacklist nouveau\nalias nouveau off\n")
