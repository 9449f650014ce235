"""More of what is said of kernel modules: by systemd, older modprobes, package managers, and by who lists devices."""

from __future__ import annotations

from cudadoctor.intake.symptoms.row import Row

_KMOD = "https://github.com/kmod-project/kmod/blob/master/tools/modprobe.c"
_INSTALLER = "https://github.com/NVIDIA/nvidia-installer"
_NV_PCI = "https://github.com/NVIDIA/open-gpu-kernel-modules/blob/main/kernel-open/nvidia/nv-pci.c"
_NOUVEAU = "https://docs.kernel.org/gpu/drivers.html"
_DKMS = "https://github.com/dell/dkms/blob/main/dkms.in"

ROWS = (
    Row(
        kind="module-key-rejected",
        word="kernel module load error",
        pattern=r"Kernel module load error: (?:Key was rejected by service|Required key not available)",
        says="NVIDIA's installer built the module, and the kernel does not trust the key that signed it",
        source=_INSTALLER,
    ),
    Row(
        kind="module-key-rejected",
        word="failed to insert module",
        pattern=r"Failed to insert module '(?P<module>nvidia[\w-]{0,30})': "
        r"(?:Key was rejected by service|Required key not available)",
        says="the kernel refuses the module because it does not trust the key that signed it",
        source="https://github.com/systemd/systemd/blob/main/src/shared/module-util.c",
    ),
    Row(
        kind="module-not-found-by-name",
        word="module nvidia",
        # Before kmod 20; and systemd-modules-load.
        pattern=r"(?:(?:FATAL|ERROR): Module (?P<module>nvidia[\w-]{0,30}) not found\.?(?! in directory)|"
        r"Failed to find module '(?P<other>nvidia[\w-]{0,30})')",
        says="modprobe finds no file of the module for the running kernel",
        source=_KMOD,
    ),
    Row(
        kind="dkms-nvidia-failed",
        word="failed to build",
        pattern=r"DKMS module '?nvidia-(?P<version>\d{3}\.[\d.]{2,12})'? failed to build",
        says="the package manager's DKMS hook could not build the nvidia module",
        source="https://github.com/void-linux/void-packages",
    ),
    Row(
        kind="dkms-nvidia-failed",
        word="failed for nvidia",
        # 10: the build itself; 20 and 21 are headers that are missing, 77 a module that does not want this kernel.
        pattern=r"dkms autoinstall on (?P<kernel>[\w.+~-]{1,100})/\w{3,8} failed for "
        r"(?:\S{1,60} )?nvidia\S{0,30}\(10\)",
        says="DKMS could not build the nvidia module for that kernel",
        source=_DKMS,
    ),
    Row(
        kind="nouveau-in-use",
        word="is already bound to",
        pattern=r"NVRM: GPU \S{7,16} is already bound to (?P<driver>nouveau|nova[\w-]{0,8})",
        says="the NVIDIA driver left the GPU alone, because another driver has it",
        source=_NV_PCI,
    ),
    Row(
        kind="vfio-in-use",
        word="is already bound to",
        pattern=r"NVRM: GPU \S{7,16} is already bound to vfio-pci",
        says="the NVIDIA driver left the GPU alone, because it is reserved for a virtual machine",
        source=_NV_PCI,
    ),
    Row(
        kind="nouveau-loaded",
        word="nouveau ",
        pattern=r"\bnouveau (?:\S{1,30}: )?[0-9a-f]{4}:[0-9a-f]{2}:[0-9a-f]{2}\.\d: "
        r"(?:\[?DRM\]?: |NVIDIA G|fb: |bios: |enabling device|vgaarb|priv: )",
        says="nouveau drives a GPU, says the kernel's log",
        source=_NOUVEAU,
    ),
    Row(
        kind="nouveau-loaded",
        word="driver=nouveau",
        pattern=r"\bdriver=nouveau\b",
        says="nouveau drives a GPU, says lshw",
        source=_NOUVEAU,
    ),
    Row(
        kind="nouveau-loaded",
        word="driver: nouveau",
        pattern=r"\bdriver: nouveau\b",
        says="nouveau drives a GPU, says inxi",
        source=_NOUVEAU,
    ),
)
