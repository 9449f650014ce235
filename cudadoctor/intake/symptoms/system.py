"""What apt, dpkg, WSL and Windows say."""

from __future__ import annotations

from cudadoctor.intake.symptoms.row import Row

_APT = "https://salsa.debian.org/apt-team/apt"
_CUDA_KEYS = "https://github.com/NVIDIA/cuda-repo-management/issues/4"
_SHA1 = "https://github.com/NVIDIA/cuda-repo-management/issues/34"
_WSL = "https://docs.nvidia.com/cuda/wsl-user-guide/"
_DRIVER = r"(?:nvidia-|libnvidia-|xserver-xorg-video-nvidia|cuda-drivers|cuda-runtime|cuda-demo)[\w.+-]{0,80}"
_CUDA = r"(?<![\w-])cuda(?:-\d{1,2}-\d)?"

ROWS = (
    Row(
        kind="apt-key-unknown",
        word="no_pubkey",
        pattern=r"NO_PUBKEY (?P<key>[0-9A-F]{8} ?[0-9A-F]{8})\b",
        says="apt has no key for the signature of a repository",
        source=_CUDA_KEYS,
    ),
    Row(
        kind="apt-key-unknown",
        word="missing key",
        pattern=r"Missing key (?P<key>[0-9A-F]{40}), which is needed to verify signature",
        says="apt has no key for the signature of a repository",
        source=_APT,
    ),
    Row(
        kind="apt-signed-by-conflict",
        word="conflicting values set for option signed-by",
        pattern=r"Conflicting values set for option Signed-By regarding source (?P<uri>\S{1,300})",
        says="two entries for one repository name different keys, and apt reads no sources at all",
        source=_CUDA_KEYS,
    ),
    Row(
        kind="apt-key-not-bound",
        word="is not bound",
        pattern=r"Signing key on (?P<key>[0-9A-F]{40}) is not bound",
        says="apt's verifier does not accept how the repository's key is signed",
        source=_SHA1,
    ),
    Row(
        kind="apt-key-missing-program",
        word="apt-key",
        pattern=r"apt-key: (?:command )?not found|command not found: apt-key",
        says="this apt has no apt-key any more",
        source="https://manpages.debian.org/bookworm/apt/apt-key.8.en.html",
    ),
    Row(
        kind="apt-legacy-keyring",
        word="legacy trusted.gpg",
        pattern=r"(?P<uri>https?://\S{1,200}?)(?:dists/\S{1,100})?: Key is stored in legacy trusted\.gpg keyring",
        says="the repository's key lies in the file that apt trusts for every repository",
        source="https://manpages.debian.org/bookworm/apt/apt-key.8.en.html",
    ),
    Row(
        kind="apt-unmet-dependency",
        word="depends:",
        pattern=rf"(?P<package>{_DRIVER}|{_CUDA})(?::\w{{1,10}})? ?: (?:Pre-?)?Depends: (?P<needs>[\w.+-]{{1,80}})",
        says="apt cannot satisfy the dependencies of a driver package",
        source=_APT,
    ),
    Row(
        kind="apt-unmet-dependency",
        word="conflicts:",
        pattern=rf"(?P<package>{_DRIVER})(?::\w{{1,10}})? ?: Conflicts: (?P<needs>[\w.+-]{{1,80}})",
        says="apt cannot install a driver package beside another one",
        source=_APT,
    ),
    Row(
        kind="apt-needs-libtinfo5",
        word="libtinfo5",
        pattern=r"nsight-(?:systems|compute)-[\d.]{4,12} ?: Depends: libtinfo5\b.{0,60}is not (?:installable|going)",
        says="a toolkit package of an older release needs a library that this release no longer has",
        source="https://docs.nvidia.com/cuda/cuda-installation-guide-linux/",
    ),
    Row(
        kind="nvml-version-mismatch",
        word="driver/library version mismatch",
        pattern=r"Driver/library version mismatch",
        says="the driver's library is not of the version of the module in the kernel",
        source="https://docs.nvidia.com/deploy/nvml-api/group__nvmlDeviceEnumvs.html",
    ),
    Row(
        kind="nvidia-smi-not-found",
        word="nvidia-smi",
        pattern=r"nvidia-smi: (?:command )?not found|exec: \\?\"nvidia-smi\\?\": executable file not found",
        says="there is no nvidia-smi",
        source="https://docs.nvidia.com/deploy/nvidia-smi/",
    ),
    Row(
        kind="libcuda-not-found",
        word="libcuda.so.1",
        pattern=r"libcuda\.so\.1: cannot open shared object file",
        says="the loader finds no CUDA driver library",
        source="https://man7.org/linux/man-pages/man8/ld.so.8.html",
    ),
    Row(
        kind="dpkg-overwrite",
        word="which is also in package",
        pattern=rf"trying to overwrite '(?P<file>[^']{{1,200}})', which is also in package (?P<package>{_DRIVER})",
        says="two driver packages bring the same file",
        source="https://manpages.debian.org/bookworm/dpkg/dpkg.1.en.html",
    ),
    Row(
        kind="dpkg-not-configured",
        word="error processing package",
        pattern=rf"error processing package (?P<package>{_DRIVER})",
        says="dpkg could not finish a driver package",
        source="https://manpages.debian.org/bookworm/dpkg/dpkg.1.en.html",
    ),
    Row(
        kind="windows-build",
        word="[version 10.0.",
        pattern=r"Windows \[Version 10\.0\.(?P<build>\d{5})\b",
        says="the build of Windows",
        source="https://learn.microsoft.com/windows/release-health/release-information",
    ),
    Row(
        kind="wsl-named",
        word="wsl",
        pattern=r"(?<![\w/-])WSL ?(?P<version>[12])\b",
        says="the text speaks of the Windows Subsystem for Linux, of that version",
        source=_WSL,
    ),
    Row(
        kind="wsl-named",
        word="wsl",
        pattern=r"(?<![\w/-])WSL(?! ?[12]\b)(?![\w/-])",
        says="the text speaks of the Windows Subsystem for Linux",
        source=_WSL,
    ),
    Row(
        kind="wsl-named",
        word="microsoft-standard",
        pattern=r"\d-microsoft-standard(?:-WSL(?P<version>2))?\b",
        says="the kernel is that of WSL 2",
        source=_WSL,
    ),
    Row(
        kind="wsl-driver-package",
        word="libnvidia-compute-",
        pattern=r"\b(?P<package>libnvidia-compute-\d{3}(?:-server)?)\b",
        says="a package with the driver's libcuda for Linux",
        source=_WSL,
    ),
    Row(
        kind="smi-no-driver",
        word="couldn't communicate with the nvidia driver",
        pattern=r"NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver",
        says="nvidia-smi is there, and no driver is loaded in the kernel that it asks",
        source="https://docs.nvidia.com/deploy/nvidia-smi/",
    ),
    Row(
        kind="smi-answered",
        word="no running processes found",
        pattern=r"^[|\s]{0,6}No running processes found",
        says="nvidia-smi reached the driver and printed its table to the end",
        source="https://docs.nvidia.com/deploy/nvidia-smi/",
    ),
    Row(
        kind="cuda-error-100",
        word="cuda_error_no_device",
        pattern=r"CUDA_ERROR_NO_DEVICE",
        says="the CUDA driver library found no device",
        source="https://docs.nvidia.com/cuda/cuda-driver-api/group__CUDA__TYPES.html",
    ),
    Row(
        kind="cuda-error-100",
        word="no cuda-capable device",
        pattern=r"no CUDA-capable device is detected",
        says="the CUDA driver library found no device",
        source="https://docs.nvidia.com/cuda/cuda-driver-api/group__CUDA__TYPES.html",
    ),
)
