"""What modprobe, DKMS, NVIDIA's installer and prime-select say of kernel modules, and nvidia-smi of a missing one.

Lines of the kernel log itself are read by parsers.dmesg and become events.
"""

from __future__ import annotations

from cudadoctor.intake.symptoms.row import Row

_KMOD = "https://github.com/kmod-project/kmod/blob/master/tools/modprobe.c"
_DKMS = "https://github.com/dell/dkms/blob/main/dkms.in"
_INSTALLER = "https://github.com/NVIDIA/nvidia-installer"
_NVML = "https://docs.nvidia.com/deploy/nvml-api/group__nvmlDeviceEnumvs.html"
_RUNTIME_ERRORS = "https://docs.nvidia.com/cuda/cuda-runtime-api/group__CUDART__TYPES.html"
_TENSORFLOW = "https://github.com/tensorflow/tensorflow/blob/r1.15/tensorflow/stream_executor/cuda/cuda_diagnostics.cc"
_LSPCI = "https://man7.org/linux/man-pages/man8/lspci.8.html"
_UNKNOWN = "CUDA gave its error without a reason (999; 30 before CUDA 10.1)"
_ASLEEP = "the text speaks of suspend or sleep"

ROWS = (
    # modprobe and insmod
    Row(
        kind="module-key-rejected",
        word="could not",
        pattern=r"could not (?:insert|load)(?: module)? ['‘\"]?(?P<module>[\w./-]{0,80}nvidia[\w.-]{0,30})['’\"]?: "
        r"(?:Key was rejected by service|Required key not available)",
        says="the kernel refuses the module because it does not trust the key that signed it",
        source=_KMOD,
    ),
    Row(
        kind="module-not-permitted",
        word="operation not permitted",
        pattern=r"could not (?:insert|load)(?: module)? ['‘\"]?(?P<module>[\w./-]{0,80}nvidia[\w.-]{0,30})['’\"]?: "
        r"Operation not permitted",
        says="the kernel does not permit the module to be loaded",
        source=_KMOD,
    ),
    Row(
        kind="module-not-in-directory",
        word="not found in directory",
        pattern=r"Module (?P<module>nvidia[\w-]{0,30}) not found in directory "
        r"(?:/usr)?/lib/modules/(?P<kernel>[\w.+~-]{1,100})",
        says="modprobe finds no nvidia module for the running kernel",
        source=_KMOD,
    ),
    Row(
        kind="module-not-found-by-name",
        word="find module by name=",
        pattern=r"could not find module by name=['‘\"]?(?P<module>nvidia[\w-]{0,30})",
        says="modprobe finds no file of the module",
        source=_KMOD,
    ),
    Row(
        kind="module-other-kernel",
        word="could not",
        pattern=r"could not (?:insert|load)(?: module)? ['‘\"]?(?P<module>[\w./-]{0,80}nvidia[\w.-]{0,30})['’\"]?: "
        r"(?:Exec format error|Invalid module format)",
        says="the module was built for another kernel",
        source=_KMOD,
    ),
    Row(
        kind="module-aliased-off",
        word="'off'",
        pattern=r"could not (?:insert|find module by name=)\s?['‘]off['’]",
        says="modprobe's configuration gives nvidia the alias `off`: it is switched off on purpose",
        source=_KMOD,
    ),
    # DKMS
    Row(
        kind="dkms-build-failed",
        word="bad return status for module build on kernel",
        pattern=r"Bad return status for module build on kernel: (?P<kernel>[\w.+~-]{1,100})",
        says="DKMS tried to build a module for a kernel, and the build failed",
        source=_DKMS,
    ),
    Row(
        kind="dkms-build-failed",
        word="bad exit status",
        pattern=r"\(bad exit status: [1-9]\d?\)",
        says="DKMS tried to build a module for a kernel, and the build failed",
        source=_DKMS,
    ),
    Row(
        kind="dkms-nvidia-failed",
        word="/var/lib/dkms/nvidia",
        pattern=r"/var/lib/dkms/nvidia[\w-]{0,30}/(?P<version>\d[\w.+~-]{2,30})/build/\S{1,120}: (?:fatal )?error:",
        says="the compiler rejects the source of the nvidia module",
        source=_DKMS,
    ),
    Row(
        kind="nvidia-driver-named",
        word="nvidia",
        pattern=r"\bnvidia-(?:driver|dkms|open|kernel|current|srv)\b|\bNVIDIA (?:GPU )?drivers?\b",
        says="the text is about NVIDIA's driver",
        source=_DKMS,
    ),
    Row(
        kind="dkms-nvidia",
        word="nv_exclude_build_modules",
        pattern=r"NV_EXCLUDE_(?:BUILD|KERNEL)_MODULES",
        says="the module that is built is NVIDIA's",
        source=_DKMS,
    ),
    Row(
        kind="dkms-nvidia",
        word="/dkms/nvidia",
        pattern=r"/var/lib/dkms/nvidia(?!-fs|-peermem)[\w-]{0,30}/(?P<version>\d[\d.]{2,15})",
        says="the module that is built is NVIDIA's",
        source=_DKMS,
    ),
    Row(
        kind="dkms-nvidia",
        word="dkms ",
        pattern=r"\bdkms (?:install|build|add|autoinstall)\b.{0,40}\bnvidia(?!-fs|-peermem)",
        says="the module that is built is NVIDIA's",
        source=_DKMS,
    ),
    Row(
        kind="dkms-nvidia-listed",
        word="nvidia",
        pattern=r"\bnvidia(?:-open|-current|-srv|-\d{3})?(?:/|, )\d{3}\.[\d.]{2,12}"
        r"(?:, [\w.+-]{3,60}, \w{3,8})?: (?:added|built|installed)",
        says="DKMS knows this version of the NVIDIA driver",
        source=_DKMS,
    ),
    Row(
        kind="kernel-headers-not-found",
        word="kernel headers for kernel",
        pattern=r"kernel headers for kernel (?P<kernel>[\w.+~-]{1,100}) cannot be found",
        says="DKMS finds no headers of that kernel",
        source=_DKMS,
    ),
    Row(
        kind="kernel-headers-not-found",
        word="was skipped since the",
        pattern=r"Module build for (?:the currently running )?kernel(?: (?P<kernel>[\w.+~-]{1,100}))? "
        r"was skipped since the",
        says="DKMS built nothing because the kernel's headers are not installed",
        source=_DKMS,
    ),
    # NVIDIA's own installer
    Row(
        kind="installer-no-kernel-source",
        word="unable to find the kernel source tree",
        pattern=r"Unable to find the kernel source tree for the currently running kernel",
        says="NVIDIA's installer finds no headers of the running kernel",
        source=_INSTALLER,
    ),
    Row(
        kind="installer-build-failed",
        word="unable to build the nvidia kernel module",
        pattern=r"Unable to build the NVIDIA kernel module",
        says="NVIDIA's installer could not build the kernel module",
        source=_INSTALLER,
    ),
    Row(
        kind="installer-not-signed",
        word="kernel module failed to load",
        pattern=r"kernel module failed to load.{0,60}[Ss]ecure [Bb]oot is enabled",
        says="the module was built and is not signed by a key that the kernel trusts",
        source=_INSTALLER,
    ),
    Row(
        kind="nouveau-in-use",
        word="nouveau kernel driver",
        pattern=r"Nouveau kernel driver is currently in use",
        says="nouveau holds the GPU",
        source=_INSTALLER,
    ),
    # lspci, lsmod
    Row(
        kind="nouveau-bound",
        word="kernel driver in use: nouveau",
        pattern=r"Kernel driver in use: nouveau",
        says="nouveau holds the GPU",
        source=_LSPCI,
    ),
    Row(
        kind="nouveau-loaded",
        word="nouveau",
        pattern=r"^\s{0,8}nouveau\s{1,30}\d{5,9}\s{1,6}\d{1,3}\b",
        says="the nouveau module is loaded",
        source="https://man7.org/linux/man-pages/man8/lsmod.8.html",
    ),
    Row(
        kind="vfio-in-use",
        word="kernel driver in use: vfio-pci",
        pattern=r"Kernel driver in use: vfio-pci",
        says="a device is reserved for a virtual machine",
        source=_LSPCI,
    ),
    # prime-select
    Row(
        kind="prime-select-intel",
        word="prime-select intel",
        pattern=r"prime-select intel\b",
        says="the laptop was set to its integrated GPU",
        source="https://github.com/canonical/ubuntu-drivers-common",
    ),
    # nvidia-smi and NVML
    Row(
        kind="smi-no-driver",
        word="communicate with the nvidia driver",
        pattern=r"couldn.?t communicate with the NVIDIA driver",
        says="nvidia-smi reaches no driver in the kernel",
        source=_NVML,
    ),
    Row(
        kind="nvml-mismatch",
        word="library version mismatch",
        pattern=r"Driver/library version mismatch",
        says="the driver's libraries and the module in the kernel are of different versions",
        source=_NVML,
    ),
    Row(
        kind="gpu-handle-error",
        word="device handle for gpu",
        pattern=r"determine the device handle for GPU ?\d{0,3}:? ?"
        r"(?P<bus>(?:[0-9a-f]{4,8}:)?[0-9a-f]{2}:[0-9a-f]{2}\.\d)?"
        r":? ?(?:Unknown Error|GPU is lost)",
        says="nvidia-smi cannot reach a GPU that the driver has",
        source=_NVML,
    ),
    Row(
        kind="off-the-bus",
        word="off",
        pattern=r"\bfall(?:en|s|ing)? off (?:of )?the (?:PCIe? )?bus\b",
        says="a GPU that was there no longer answers on the PCI bus",
        source="https://docs.nvidia.com/deploy/xid-errors/analyzing-xid-catalog.html",
    ),
    Row(
        kind="smi-power-cables",
        word="power cables",
        pattern=r"external power cables are not|necessary power cables connected|insufficient external power",
        says="the GPU's power cables are not connected properly",
        source="https://docs.nvidia.com/deploy/nvidia-smi/",
    ),
    Row(
        kind="vgpu-manager",
        word="vgpu",
        pattern=r"\b\d{3}\.\d{2,3}(?:\.\d{2})?-vgpu-kvm\b|"
        r"\bnvidia[_-]vgpu[_-](?:vfio|mgr|kvm)|Virtualization Mode\s{0,30}: Host VGPU",
        says="the host runs NVIDIA's vGPU manager",
        source="https://docs.nvidia.com/vgpu/10.0/grid-vgpu-user-guide/index.html",
    ),
    # CUDA's codes that point below it
    Row(
        kind="cuda-error-803",
        word="803",
        pattern=r"\bError 803\b|\bcuInit\b.{0,40}\b803\b",
        says="CUDA's driver library and the module in the kernel are of different versions",
        source=_RUNTIME_ERRORS,
    ),
    Row(
        kind="cuda-error-803",
        word="unsupported display driver",
        pattern=r"unsupported display driver / cuda driver combination",
        says="CUDA's driver library and the module in the kernel are of different versions",
        source=_RUNTIME_ERRORS,
    ),
    Row(
        kind="cuda-driver-insufficient",
        word="driver version is insufficient",
        pattern=r"CUDA driver version is insufficient for CUDA runtime version",
        says="the driver serves no CUDA, or an older one than the program was built for",
        source=_RUNTIME_ERRORS,
    ),
    *(
        Row(kind="cuda-unknown-error", word=word, pattern=pattern, says=_UNKNOWN, source=_RUNTIME_ERRORS)
        for word, pattern in (
            ("cuda unknown error", r"CUDA unknown error"),
            ("cuda_error_unknown", r"CUDA_ERROR_UNKNOWN"),
            ("cudaerrorunknown", r"cudaErrorUnknown"),
            ("returned 30", r"cudaGetDeviceCount returned 30\b"),
            ("returned 999", r"cudaGetDeviceCount returned 999\b"),
            ("error #30", r"\(\) failed with error #30\b"),
            ("unknown error", r"(?:Error 999|Error 30|runtime error \(30\)|runtime error \(999\)): unknown error"),
        )
    ),
    Row(
        kind="tf-no-kernel-driver",
        word="kernel driver does not appear to be running",
        pattern=r"kernel driver does not appear to be running on this host",
        says="/proc/driver/nvidia/version does not exist: no nvidia module is in the kernel",
        source=_TENSORFLOW,
    ),
    Row(
        kind="tf-library-version",
        word="libcuda reported version is",
        pattern=r"libcuda reported version is:? (?P<version>\d{2,4}\.\d{1,3}(?:\.\d{1,3})?)",
        says="the version of libcuda, as the library itself has it",
        source=_TENSORFLOW,
    ),
    Row(
        kind="tf-module-version",
        word="kernel reported version is",
        pattern=r"kernel reported version is:? (?P<version>\d{2,4}\.\d{1,3}(?:\.\d{1,3})?)",
        says="the version of the module in the kernel",
        source=_TENSORFLOW,
    ),
    # What a person says of the machine's sleep
    *(
        Row(
            kind="after-suspend",
            word=word,
            pattern=pattern,
            says=_ASLEEP,
            source="https://docs.kernel.org/admin-guide/pm/sleep-states.html",
        )
        for word, pattern in (
            ("suspen", r"\b(?:suspend(?:ed|ing|s)?|suspension)\b"),
            ("hibernat", r"\bhibernat(?:e|ed|ing|ion)\b"),
            ("standby", r"\bstandby\b"),
            ("wak", r"\bwak(?:e|es|ing)[ -]?up\b"),
            ("woke", r"\bwoke\b"),
            ("lid", r"\bclos(?:e|ed|ing) (?:the |my |its )?(?:laptop(?:'s)? )?lid\b"),
            ("sleep", r"\b(?:after|from|went to|goes to|put to) (?:a )?sleep\b|\bsleep mode\b"),
        )
    ),
)
