"""Writes the package database, apt's sources and keys, and container engines."""

from __future__ import annotations

from .ground import Ground
from .tree import prints

OLD_KEY = "AE09FE4BBD223A84B2CCFCE3F60F4B3D7FA2AF80"


class DistroParts(Ground):
    """The distribution's packages."""

    def _distro(self) -> None:
        machine, tree = self.machine, self.tree
        rows = [("apt", "2.4.13", "ii "), *self._driver_packages(), *machine.system_packages]
        if machine.os.id in ("ubuntu", "debian"):
            tree.file("/var/lib/dpkg/status", "Package: apt\nStatus: install ok installed\n")
            text = "".join(f"{name}\t{version}\tamd64\t{state}\n" for name, version, state in rows)
            # Its status is 1: among so many patterns some match nothing.
            none = "dpkg-query: no packages found matching nvidia\n"
            self.program("/usr/bin/dpkg-query", prints(text, status=1, stderr=none))
            tree.file("/etc/apt/sources.list", f"deb http://archive.example.org/{machine.os.id} stable main\n")
        elif machine.os.id in ("rhel", "fedora"):
            tree.file("/usr/lib/sysimage/rpm/rpmdb.sqlite", b"SQLite format 3\0")
            text = "".join(f"{name}\t{version}\tx86_64\n" for name, version, _ in rows[1:])
            self.program("/usr/bin/rpm", prints(text))
        for path in machine.executables:
            self.program(path, prints())

    def _driver_packages(self) -> list[tuple[str, str, str]]:
        """What Ubuntu's packages of the driver are called, where it was installed from packages."""
        machine, driver = self.machine, self.machine.driver
        if driver is None or not driver.libraries or machine.os.id != "ubuntu" or not self._bare():
            return []
        branch, version = driver.version.partition(".")[0], driver.library_version or driver.version
        names = (f"nvidia-driver-{branch}", f"libnvidia-compute-{branch}", f"nvidia-utils-{branch}")
        return [(name, f"{version}-0ubuntu1", "ii ") for name in names]

    def _bare(self) -> bool:
        return self.machine.container is None and not self.machine.wsl and not self.machine.jetson
