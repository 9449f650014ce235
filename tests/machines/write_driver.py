"""Writes the GPUs on the PCI bus, the kernel module, its device nodes, and the driver's libraries."""

from __future__ import annotations

from . import smi_output, stack
from .ground import ELF, Ground
from .parts import Gpu
from .tree import prints


class DriverParts(Ground):
    """GPUs and driver."""

    def _pci(self) -> None:
        self._pci_device("0000:00:02.0", "8086", "4680", "0x030000", "i915")
        self._pci_device("0000:00:17.0", "8086", "7ae2", "0x010601", "ahci")
        for gpu in self.machine.gpus:
            if not gpu.on_bus:
                continue
            self._pci_device(
                gpu.bus,
                "10de",
                gpu.device_id,
                gpu.pci_class,
                self._holder(gpu),
                responds=gpu.responds,
                state=gpu.power_state,
            )
            self._link(gpu)
            if gpu.pci_class == "0x030000" and not gpu.bus.endswith(".0.0"):
                self._pci_device(f"{gpu.bus[:-1]}1", "10de", "10ef", "0x040300", "snd_hda_intel")
        for number in range(self.machine.nvswitches):
            self._pci_device(f"0000:{0xC0 + number:02x}:00.0", "10de", "22a3", "0x068000", "nvidia-nvswitch")

    def _link(self, gpu: Gpu) -> None:
        """The lanes of its PCI Express link, and of the port above it."""
        now, most, port = gpu.lanes
        above = f"/sys/devices/pci{gpu.bus[:7]}"
        self.tree.file(f"{above}/{gpu.bus}/current_link_width", f"{63 if gpu.power_state == 'D3cold' else now}\n")
        self.tree.file(f"{above}/{gpu.bus}/max_link_width", f"{most}\n")
        if port is not None:
            self.tree.file(f"{above}/max_link_width", f"{port}\n")

    def _services(self) -> None:
        """The fabric manager, installed and enabled."""
        machine, driver = self.machine, self.machine.driver
        if machine.fabric_manager is None or driver is None:
            return
        version = machine.fabric_manager_version or driver.version
        self.program("/usr/bin/nv-fabricmanager", prints(f"Fabric Manager version is : {version}\n"))
        unit = "/usr/lib/systemd/system/nvidia-fabricmanager.service"
        self.tree.file(unit, "[Service]\nExecStart=/usr/bin/nvidia-fabricmanager-start.sh\n")
        self.tree.link("/etc/systemd/system/multi-user.target.wants/nvidia-fabricmanager.service", unit)

    def _holder(self, gpu: Gpu) -> str | None:
        if gpu.bound != "nvidia":
            return gpu.bound
        return "nvidia" if self.machine.driver and self.machine.driver.loaded else None

    def _pci_device(
        self,
        bus: str,
        vendor: str,
        device: str,
        kind: str,
        driver: str | None,
        *,
        responds: bool = True,
        state: str = "D0",
    ) -> None:
        tree = self.tree
        root = f"/sys/devices/pci{bus[:7]}/{bus}"
        tree.file(f"{root}/vendor", f"0x{vendor}\n")
        tree.file(f"{root}/device", f"0x{device}\n")
        tree.file(f"{root}/class", f"{kind}\n")
        tree.file(f"{root}/subsystem_vendor", "0x1043\n")
        tree.file(f"{root}/boot_vga", "0\n")
        tree.file(f"{root}/enable", "1\n")
        raw = bytes.fromhex(vendor)[::-1] + bytes.fromhex(device)[::-1]
        config = raw + bytes(4) + b"\xa1" + bytes.fromhex(kind[2:])[::-1] + bytes(52)
        tree.file(f"{root}/config", config if responds and state != "D3cold" else b"\xff" * 64)
        tree.file(f"{root}/power_state", f"{state}\n")
        tree.file(
            f"{root}/modalias",
            f"pci:v0000{vendor.upper()}d0000{device.upper()}sv00001043sd00000000bc{kind[2:4]}sc{kind[4:6]}i00\n",
        )
        if driver is not None:
            tree.dir(f"/sys/bus/pci/drivers/{driver}")
            tree.link(f"{root}/driver", f"../../../bus/pci/drivers/{driver}")
        tree.link(f"/sys/bus/pci/devices/{bus}", f"../../../devices/pci{bus[:7]}/{bus}")

    def _driver(self) -> None:
        machine, tree, driver = self.machine, self.tree, self.machine.driver
        if driver is None:
            return
        if driver.loaded and not machine.wsl:
            self._module()
        if driver.module_on_disk and machine.container is None and not machine.wsl and not machine.jetson:
            folder = f"/usr/lib/modules/{machine.os.kernel}/updates/dkms"
            for name in ("nvidia", "nvidia-uvm", "nvidia-drm", "nvidia-modeset"):
                tree.file(f"{folder}/{name}.ko.zst", b"\x28\xb5\x2f\xfd" + bytes(64))
        if driver.libraries:
            self._driver_libraries()
        if driver.smi:
            path = driver.smi_path or ("/usr/lib/wsl/lib/nvidia-smi" if machine.wsl else "/usr/bin/nvidia-smi")
            self.program(path, stack.smi(machine))
            if machine.smi == "not-executable":
                tree.file(path, ELF, mode=0o644)

    def _module(self) -> None:
        machine, tree, driver = self.machine, self.tree, self.machine.driver
        assert driver is not None
        if machine.jetson and driver.cuda.startswith("11"):
            return  # before JetPack 6 the GPU's driver is nvgpu alone
        flavour = f"Open Kernel Module for {machine.os.arch}" if driver.open else f"{machine.os.arch} Kernel Module"
        built = (
            "Release Build  (builder@host)  Mon Jun  1 12:00:00 UTC 2026"
            if driver.open
            else "Mon Jun  1 12:00:00 UTC 2026"
        )
        tree.file(
            "/proc/driver/nvidia/version",
            f"NVRM version: NVIDIA UNIX {flavour}  {driver.version}  {built}\n"
            f"GCC version:  gcc version {machine.os.gcc} (built for this test)\n",
        )
        tree.file(
            "/proc/driver/nvidia/params",
            f"DeviceFileMode: {driver.node_mode & 0o777}\nDeviceFileGID: {driver.node_gid}\n",
        )
        tree.file("/sys/module/nvidia/version", f"{driver.version}\n")
        for number, gpu in enumerate(gpu for gpu in machine.gpus if gpu.on_bus and gpu.bound == "nvidia"):
            tree.file(
                f"/proc/driver/nvidia/gpus/{gpu.bus}/information",
                f"Model: \t\t {gpu.name}\nIRQ:   \t\t 130\n"
                f"GPU UUID: \t {smi_output.uuid(number)}\nBus Location: \t {gpu.bus}\nDevice Minor: \t {number}\n",
            )
        tree.file("/proc/devices", "Character devices:\n195 nvidia\n508 nvidia-uvm\n")
        if not driver.nodes:
            return
        names = {
            f"/dev/nvidia{number}": (195, number) for number, gpu in enumerate(machine.gpus) if gpu.bound == "nvidia"
        }
        names |= {"/dev/nvidiactl": (195, 255), "/dev/nvidia-modeset": (195, 254)}
        if driver.uvm:
            names |= {"/dev/nvidia-uvm": (508, 0), "/dev/nvidia-uvm-tools": (508, 1)}
        for path, device in names.items():
            tree.node(
                path, device, mode=driver.node_mode, gid=driver.node_gid, open_errno=driver.node_errno.get(path, 0)
            )

    def _driver_libraries(self) -> None:
        machine, tree, driver = self.machine, self.tree, self.machine.driver
        assert driver is not None
        folder = driver.libdir or ("/usr/lib/wsl/lib" if machine.wsl else machine.os.libdir)
        version = driver.library_version or driver.version
        if machine.jetson:
            folder = f"{machine.os.libdir}/nvidia" if driver.cuda.startswith("12") else f"{machine.os.libdir}/tegra"
        for stem in ("cuda", "nvidia-ml", "nvidia-ptxjitcompiler"):
            real = f"lib{stem}.so.{'1.1' if machine.wsl or machine.jetson else version}"
            if stem == "nvidia-ml" and machine.jetson and driver.cuda.startswith("11"):
                continue
            tree.file(f"{folder}/{real}", ELF, mode=0o755)
            tree.link(f"{folder}/lib{stem}.so.1", real)
            if driver.plain_name:
                tree.link(f"{folder}/lib{stem}.so", f"lib{stem}.so.1")
            if driver.on_loader_path:
                ends = (".1", "") if driver.plain_name else (".1",)
                self.cache += [(f"lib{stem}.so{end}", f"{folder}/lib{stem}.so{end}") for end in ends]
        if machine.wsl:
            tree.file("/etc/ld.so.conf.d/ld.wsl.conf", "/usr/lib/wsl/lib\n")
