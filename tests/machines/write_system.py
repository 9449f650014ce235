"""Writes the operating system: release files, /proc, containers, WSL, Jetson, the user's home."""

from __future__ import annotations

from .ground import USUAL_PATH, Ground
from .parts import Machine
from .tree import prints


class SystemParts(Ground):
    """The operating system's files."""

    def _system(self) -> None:
        machine, tree, os = self.machine, self.tree, self.machine.os
        like = f"ID_LIKE={os.id_like}\n" if os.id_like else ""
        name = os.pretty.split(" ", maxsplit=1)[0]
        tree.file(
            "/usr/lib/os-release",
            f'NAME="{name}"\nVERSION_ID="{os.version_id}"\nPRETTY_NAME="{os.pretty}"\nID={os.id}\n{like}',
        )
        tree.link("/etc/os-release", "../usr/lib/os-release")
        for short in ("bin", "sbin", "lib", "lib64"):
            tree.link(f"/{short}", f"usr/{short}")
        for folder in (
            "/usr/bin",
            "/usr/sbin",
            "/usr/local/bin",
            "/usr/local/sbin",
            "/tmp",
            "/dev/shm",
            os.libdir,
            "/usr/lib64",
        ):
            tree.dir(folder)
        tree.file("/proc/sys/kernel/osrelease", f"{os.kernel}\n")
        tree.file("/proc/version", f"Linux version {os.kernel} (builder@host) (gcc {os.gcc}) #1 SMP\n")
        tree.file("/proc/cmdline", "BOOT_IMAGE=/boot/vmlinuz root=/dev/sda1 ro quiet\n")
        tree.file("/proc/meminfo", "MemTotal:       65536000 kB\n")
        tree.file(
            "/etc/passwd",
            f"root:x:0:0:root:/root:/bin/bash\n"
            f"{machine.user}:x:{machine.uid or 1000}:1000::/home/{machine.user}:{machine.shell}\n",
        )
        tree.file("/etc/group", "root:x:0:\nvideo:x:44:ada\nrender:x:110:\n")
        cgroup = {
            "docker": "0::/\n",
            "podman": "0::/\n",
            "kubernetes": "0::/kubepods.slice/kubepods-pod1.slice/cri-containerd-1.scope\n",
        }
        tree.file("/proc/1/cgroup", cgroup.get(machine.container or "", "0::/init.scope\n"))
        tree.file("/proc/self/cgroup", cgroup.get(machine.container or "", "0::/user.slice\n"))
        tree.file("/proc/self/mountinfo", _mounts(machine))
        if machine.container == "docker":
            tree.file("/.dockerenv", "")
        if machine.container == "podman":
            tree.file("/run/.containerenv", 'engine="podman-5.0.0"\n')
        if machine.container == "kubernetes":
            tree.file("/var/run/secrets/kubernetes.io/serviceaccount/namespace", "default\n")
        if machine.secure_boot is not None and machine.container is None and not machine.wsl and os.arch == "x86_64":
            value = bytes((6, 0, 0, 0, int(machine.secure_boot)))
            tree.file("/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c", value)
        if machine.wsl:
            tree.node("/dev/dxg", (10, 125))
        if machine.jetson:
            tree.file("/proc/device-tree/model", f"{machine.jetson}\0")
            tree.file("/sys/firmware/devicetree/base/model", f"{machine.jetson}\0")
            tree.file("/proc/device-tree/compatible", b"nvidia,p3737-0000+p3701-0005\0nvidia,tegra234\0")
            tree.file(
                "/etc/nv_tegra_release", "# R36 (release), REVISION: 4.3, GCID: 0, BOARD: generic, EABI: aarch64\n"
            )
            for node in ("nvmap", "nvhost-ctrl-gpu", "nvhost-gpu"):
                tree.node(f"/dev/{node}", (10, 60), gid=44, mode=0o660)
        modules = [f"{name} 16384 0 - Live 0x0000000000000000" for name in self._loaded_modules()]
        tree.file("/proc/modules", "\n".join([*modules, "ext4 1000000 1 - Live 0x0000000000000000", ""]))
        for name in (*self._loaded_modules(), "ext4"):
            tree.file(f"/sys/module/{name}/initstate", "live\n")
            tree.file(f"/sys/module/{name}/refcnt", "1\n")
        for name in ("kernel", "printk", "vt"):  # built in: they have parameters, and are in no list of modules
            tree.dir(f"/sys/module/{name}/parameters")
        if machine.container is None:
            tree.dir(f"/usr/lib/modules/{os.kernel}/kernel")
        self.program("/usr/bin/uname", prints(f"{os.kernel}\n"))

    def _home(self) -> None:
        machine, tree = self.machine, self.tree
        tree.dir(machine.home, mode=0o750, uid=machine.uid)
        tree.dir("/root", mode=0o700)
        tree.file(
            f"{machine.home}/.bashrc", "case $- in *i*) ;; *) return ;; esac\nalias ll='ls -l'\n", uid=machine.uid
        )
        tree.file(
            f"{machine.home}/.profile", 'if [ -d "$HOME/bin" ]; then PATH="$HOME/bin:$PATH"; fi\n', uid=machine.uid
        )
        tree.file("/etc/environment", f'PATH="{USUAL_PATH}"\n')
        tree.dir("/etc/profile.d")
        for path, content in machine.rc.items():
            tree.file(path.replace("~", machine.home, 1), content, uid=machine.uid)
        for path in (machine.shell, "/bin/sh"):
            self.program(f"/usr{path}" if path.startswith("/bin") else path, prints())


def _mounts(machine: Machine) -> str:
    """/proc/self/mountinfo: a booted machine has the kernel's devtmpfs, a container layers and files over /etc."""
    if machine.container is None:
        lines = [
            "25 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw",
            "26 25 0:5 / /dev rw,nosuid shared:2 - devtmpfs udev rw,size=16G",
        ]
    else:
        store = {"podman": "/var/lib/containers/storage/overlay"}.get(machine.container, "/var/lib/docker/overlay2")
        lines = [
            (
                f"500 400 0:60 / / rw,relatime - overlay overlay rw,"
                f"lowerdir={store}/l/A:{store}/l/B,upperdir={store}/c/diff,workdir={store}/c/work"
            ),
            "501 500 0:61 / /proc rw,nosuid - proc proc rw",
            "502 500 0:62 / /dev rw,nosuid - tmpfs tmpfs rw,size=65536k",
            "503 500 8:1 /var/lib/docker/containers/c/resolv.conf /etc/resolv.conf rw,relatime - ext4 /dev/sda1 rw",
            "504 500 8:1 /var/lib/docker/containers/c/hosts /etc/hosts rw,relatime - ext4 /dev/sda1 rw",
        ]
    for number, point in enumerate(machine.noexec):
        lines.append(f"{900 + number} 25 0:{90 + number} / {point} rw,nosuid,nodev,noexec - tmpfs tmpfs rw")
        if machine.driver is not None and machine.driver.libraries:
            # The NVIDIA runtime mounts each of the driver's libraries over an empty file of its name.
            lines += [
                f"{number} 500 8:1 {file} {file} ro,nosuid,nodev,relatime - ext4 /dev/sda1 rw"
                for number, name in enumerate(("libcuda", "libnvidia-ml"), 510)
                for file in (f"{machine.os.libdir}/{name}.so.{machine.driver.version}",)
            ]
    return "\n".join([*lines, ""])
