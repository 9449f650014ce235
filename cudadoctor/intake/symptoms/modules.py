"""More of what is said of kernel modules: by systemd, older modprobes, package managers, and by who lists devices."""

from __future__ import annotations

from cudadoctor.intake.symptoms.row import Row

_KMOD = "https://github.com/kmod-project/kmod/blob/master/tools/modprobe.c"
_INSTALLER = "https://github.com/NVIDIA/nvidia-installer"
_NV_PCI = "https://github.com/NVIDIA/open-gpu-kernel-modules/blob/main/kernel-open/nvidia/nv-pci.c"
_NOUVEAU = "https://docs.kernel.org/gpu/drivers.html"
_SYSTEMD = "https://github.com/systemd/systemd/blob/main/src/shared/module-util.c"
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
        source=_SYSTEMD,
    ),
    Row(
        kind="module-not-found-by-name",
        word="module nvidia",
        # Before kmod 20.
        pattern=r"(?:FATAL|ERROR): Module (?P<module>nvidia[\w-]{0,30}) not found(?! in directory)",
        says="modprobe finds no file of the module for the running kernel",
        source=_KMOD,
    ),
    Row(
        kind="module-not-found-by-name",
        word="failed to find module",
        pattern=r"Failed to find module '(?P<module>nvidia[\w-]{0,30})'",
        says="systemd finds no file of the module for the running kernel",
        source=_SYSTEMD,
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
    Row(
        kind="uvm-node-missing",
        word="nvidia-uvm",
        pattern=r"/dev/nvidia-uvm[\"'\u2019`]{0,2}(?:: no such file or directory|.{0,60}= ?-1 ENOENT|"
        r" (?:is |was )?(?:missing|not (?:found|present|there)))",
        says="the device node of unified memory is not there",
        source="https://docs.nvidia.com/cuda/cuda-installation-guide-linux/",
    ),
    Row(
        kind="uvm-node-missing",
        word="load uvm kernel module",
        pattern=r"Could not load UVM kernel module",
        says="the container tools could not load nvidia_uvm",
        source="https://github.com/NVIDIA/nvidia-docker",
    ),
    Row(
        kind="uvm-node-missing",
        word="uvm",
        pattern=r"\bnvidia[-_]uvm (?:kernel )?(?:module )?(?:is |was )?not (?:being )?loaded",
        says="nvidia_uvm is not loaded, says the text",
        source="https://docs.nvidia.com/cuda/cuda-installation-guide-linux/",
    ),
    Row(
        kind="dkms-other",
        word="/var/lib/dkms/",
        pattern=r"/var/lib/dkms/(?!nvidia)(?P<module>[\w-]{2,40})/[\w.+~-]{1,40}/build\b",
        says="another module than NVIDIA's is built",
        source=_DKMS,
    ),
    *(
        Row(
            kind="nvidia-driver-named",
            word=word,
            pattern=pattern,
            says="the text is about NVIDIA's own driver, or about CUDA",
            source="https://docs.nvidia.com/datacenter/tesla/driver-installation-guide/",
        )
        for word, pattern in (
            ("nvidia", r"\bnvidia[-_](?:smi|driver|drm|dkms|open|modeset|uvm|settings|modprobe|persistenced)\b"),
            ("nvidia", r"\bnvidia-\d{3}\b|\bNVIDIA-Linux-|\bnvidia\.ko\b|\bmodprobe nvidia\b"),
            (
                "nvidia",
                r"\b(?:proprietary|official) nvidia (?:kernel )?drivers?\b|\bnvidia'?s? (?:proprietary )?driver",
            ),
            ("cuda", r"\bCUDA\b"),
        )
    ),
    Row(
        kind="dkms-nvidia-failed",
        word="nvidia",
        pattern=r"\binstalling nvidia[\w-]{0,20}kmod\s{1,60}\[ ?FAILED|"
        r"/var/cache/akmods/nvidia[\w-]{0,20}/\S{1,120}\.failed\.log",
        says="akmods could not build the nvidia module",
        source="https://rpmfusion.org/Howto/NVIDIA",
    ),
    Row(
        kind="dkms-nvidia-failed",
        word="nvidia",
        pattern=r"/(?:NVIDIA-Linux-[\w.-]{3,60}/kernel|kernel-open)[\w-]{0,10}/\S{1,80}: (?:fatal )?error:",
        says="the compiler rejects the source of the nvidia module",
        source=_INSTALLER,
    ),
    Row(
        kind="dkms-nvidia-failed",
        word="/var/lib/dkms/nvidia",
        pattern=r"\*\*\* \[[^\]]{0,100}/var/lib/dkms/nvidia(?!-fs)[^\]]{1,140}\] Error \d",
        says="make ended with an error in the source of the nvidia module",
        source=_DKMS,
    ),
    Row(
        kind="module-fallback-nouveau",
        word="falling back to nouveau",
        pattern=r"NVIDIA kernel module (?:missing|not found)\.? Falling back to nouveau",
        says="Fedora's packages found no nvidia module in the kernel at boot",
        source="https://rpmfusion.org/Howto/NVIDIA",
    ),
)
