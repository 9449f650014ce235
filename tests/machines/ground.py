"""What every part of a machine is written into."""

from __future__ import annotations

from .parts import Machine
from .tree import Program, Tree

USUAL_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
ELF = b"\x7fELF\x02\x01\x01" + bytes(57)
"""The head of a library or program: enough for whoever looks at its first bytes."""


class Ground:
    """The tree and the programs of a machine that is being built."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.tree = Tree()
        self.programs: dict[str, Program] = {}
        self.cache: list[tuple[str, str]] = []
        """What ldconfig lists: soname, path."""

    def program(self, path: str, program: Program) -> None:
        """An executable file that does this."""
        self.tree.file(path, ELF, mode=0o755)
        self.programs[path] = program

    def _loaded_modules(self) -> tuple[str, ...]:
        machine, driver = self.machine, self.machine.driver
        names: list[str] = list(machine.modules)
        if driver and driver.loaded and not machine.wsl and not (machine.jetson and driver.cuda.startswith("11")):
            names += ["nvidia", "nvidia_modeset", "nvidia_drm"] + (
                ["nvidia_uvm"] if driver.uvm and not machine.jetson else []
            )
        if machine.jetson:
            names.append("nvgpu")
        return tuple(dict.fromkeys(names))
