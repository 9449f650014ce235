"""A description of a machine → a host that answers as it would, every file and output agreeing with the others."""

from __future__ import annotations

import posixpath

from cudadoctor.host.base import Completed, Identity, Limits, Process

from . import children, envs_on_disk
from .ground import ELF, USUAL_PATH
from .parts import Env, Machine, Pkg
from .tree import Call, Program, prints
from .virtual import VirtualHost
from .write_distro import DistroParts
from .write_driver import DriverParts
from .write_kernel import KernelParts
from .write_system import SystemParts
from .write_tools import ToolParts


def build(machine: Machine) -> VirtualHost:
    """The machine as a host."""
    return _Builder(machine).host()


class _Builder(SystemParts, KernelParts, DriverParts, ToolParts, DistroParts):
    def host(self) -> VirtualHost:
        machine = self.machine
        self._system()
        self._kernel()
        self._distro()
        self._home()
        self._pci()
        self._driver()
        self._services()
        self._toolkits()
        self._compilers()
        self._environments()
        self._loader()
        for path, content in machine.files.items():
            self.tree.file(path.replace("~", machine.home, 1), content)
        for path, target in machine.links.items():
            self.tree.link(path.replace("~", machine.home, 1), target)
        for path in machine.removed:
            self.tree.remove(path)
        for path, (mode, uid) in machine.modes.items():
            self.tree.dir(path.replace("~", machine.home, 1), mode=mode, uid=uid)
        sizes = {name: size for name, (size, _) in machine.disks.items()}
        free = {name: left for name, (_, left) in machine.disks.items()}
        return VirtualHost(
            tree=self.tree,
            identity=self._identity(),
            limits=Limits(
                address_space=machine.address_space,
                locked_memory=machine.memlock,
                open_files=1024,
                shm_size=machine.shm_size,
                shm_free=machine.shm_size,
                disk_size={**dict.fromkeys(("home", "root", "tmp"), 900 << 30), **sizes},
                disk_free={**dict.fromkeys(("home", "root", "tmp"), 300 << 30), **free},
            ),
            env=self._env(),
            gids=frozenset({1000 + number for number in range(1)} | ({44} if "video" in machine.groups else set())),
            programs=self.programs,
            helper=children.helper(machine, self.tree),
            processes=self._processes(),
        )

    def _identity(self) -> Identity:
        machine = self.machine
        return Identity(
            machine=machine.os.arch,
            kernel=machine.os.kernel,
            libc=f"glibc {machine.os.glibc}" if machine.os.glibc else None,
            user="root" if machine.uid == 0 else machine.user,
            uid=machine.uid,
            groups=("root",) if machine.uid == 0 else machine.groups,
            hostname="planted",
            home=machine.home,
            cwd=machine.home,
            tool_prefix=f"{machine.home}/.local/share/cudadoctor/venv",
        )

    def _env(self) -> dict[str, str]:
        machine = self.machine
        env = {
            "HOME": machine.home,
            "USER": "root" if machine.uid == 0 else machine.user,
            "SHELL": machine.shell,
            "LANG": "C.UTF-8",
            "PATH": ":".join((*machine.path, USUAL_PATH)),
        }
        if machine.wsl:
            env |= {"WSL_DISTRO_NAME": "Ubuntu-22.04", "PATH": f"{env['PATH']}:/usr/lib/wsl/lib"}
        if machine.container == "kubernetes":
            env["KUBERNETES_SERVICE_HOST"] = "10.96.0.1"
        for env_facts in machine.envs:
            if env_facts.active and env_facts.kind in ("venv", "uv"):
                env["VIRTUAL_ENV"] = env_facts.prefix
            if env_facts.active and env_facts.kind == "conda":
                env |= {
                    "CONDA_PREFIX": env_facts.prefix,
                    "CONDA_DEFAULT_ENV": posixpath.basename(env_facts.prefix),
                    "CONDA_SHLVL": "1",
                }
            if env_facts.active and env_facts.kind != "system":
                env["PATH"] = f"{env_facts.prefix}/bin:{env['PATH']}"
        return {**env, **machine.variables}

    def _processes(self) -> tuple[Process, ...]:
        running = [Process(pid=1, name="systemd", owner="root", argv=("/sbin/init",))]
        if self.machine.fabric_manager:
            running.append(
                Process(
                    pid=811,
                    name="nv-fabricmanager",
                    owner="root",
                    argv=("/usr/bin/nv-fabricmanager", "-c", "/usr/share/nvidia/nvswitch/fabricmanager.cfg"),
                )
            )
        for number, name in enumerate(self.machine.running):
            running.append(Process(pid=900 + number, name=name[:15], owner="root", argv=(f"/usr/bin/{name}",)))
        return tuple(running)

    def _environments(self) -> None:
        machine = self.machine
        system = next((env for env in machine.envs if env.kind == "system"), None)
        system = system or Env(kind="system", prefix="/usr", python=machine.os.python)
        base = envs_on_disk.interpreter(system)
        roots = [env.prefix for env in machine.envs if env.kind == "conda" and "/envs/" not in env.prefix]
        for env in (system, *(one for one in machine.envs if one is not system)):
            own = envs_on_disk.write(self.tree, machine, env, base=base)
            if env.kind in ("venv", "uv", "pipx"):
                # the kernel starts the base interpreter; which environment it is follows from the path that was started
                continue
            self.programs[own] = self._python(system if own == base else env)
        self.programs[base] = self._python(system)
        for root in roots:
            self.program(f"{root}/bin/conda", prints("conda 25.9.1\n"))
            self.tree.file(f"{root}/condabin/conda", ELF, mode=0o755)
            envs_on_disk.conda_record(
                self.tree,
                Env(kind="conda", prefix=root, python="3.12.0"),
                "conda",
                Pkg(version="25.9.1", build="py312_0", channel="conda-forge"),
            )
        every = [env.prefix for env in machine.envs if env.kind == "conda"]
        if every:
            self.tree.file(
                f"{machine.home}/.conda/environments.txt", "".join(f"{prefix}\n" for prefix in every), uid=machine.uid
            )

    def _python(self, own: Env) -> Program:
        """An interpreter: it is the environment from whose folder it was started."""
        machine = self.machine

        def run(call: Call) -> Completed:
            folder = posixpath.dirname(posixpath.dirname(call.path))
            env = next((one for one in machine.envs if one.prefix == folder), own)
            return children.python(machine, env, call)

        return run
