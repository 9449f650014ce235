"""Distributions and GPUs, for the catalogue: the PCI ids are the published ones."""

from __future__ import annotations

from .parts import Gpu, Os

UBUNTU_1804 = Os(
    id="ubuntu",
    version_id="18.04",
    pretty="Ubuntu 18.04.6 LTS",
    kernel="4.15.0-213-generic",
    glibc="2.27",
    gcc="7.5.0",
    python="3.6.9",
    id_like="debian",
)
UBUNTU_2004 = Os(
    id="ubuntu",
    version_id="20.04",
    pretty="Ubuntu 20.04.6 LTS",
    kernel="5.15.0-139-generic",
    glibc="2.31",
    gcc="9.4.0",
    python="3.8.10",
    id_like="debian",
)
UBUNTU_2204 = Os(
    id="ubuntu",
    version_id="22.04",
    pretty="Ubuntu 22.04.5 LTS",
    kernel="6.8.0-85-generic",
    glibc="2.35",
    gcc="11.4.0",
    python="3.10.12",
    id_like="debian",
)
UBUNTU_2404 = Os(
    id="ubuntu",
    version_id="24.04",
    pretty="Ubuntu 24.04.3 LTS",
    kernel="6.14.0-33-generic",
    glibc="2.39",
    gcc="13.3.0",
    python="3.12.3",
    id_like="debian",
)
UBUNTU_2404_ARM = Os(
    id="ubuntu",
    version_id="24.04",
    pretty="Ubuntu 24.04.3 LTS",
    kernel="6.8.0-1039-nvidia-64k",
    glibc="2.39",
    gcc="13.3.0",
    python="3.12.3",
    id_like="debian",
    arch="aarch64",
)
UBUNTU_2604 = Os(
    id="ubuntu",
    version_id="26.04",
    pretty="Ubuntu 26.04 LTS",
    kernel="7.0.0-14-generic",
    glibc="2.43",
    gcc="15.2.0",
    python="3.14.3",
    id_like="debian",
)
DEBIAN_12 = Os(
    id="debian",
    version_id="12",
    pretty="Debian GNU/Linux 12 (bookworm)",
    kernel="6.1.0-40-amd64",
    glibc="2.36",
    gcc="12.2.0",
    python="3.11.2",
)
RHEL_9 = Os(
    id="rhel",
    version_id="9.6",
    pretty="Red Hat Enterprise Linux 9.6 (Plow)",
    kernel="5.14.0-570.42.2.el9_6.x86_64",
    glibc="2.34",
    gcc="11.5.0",
    python="3.9.21",
    id_like="fedora",
)
FEDORA_42 = Os(
    id="fedora",
    version_id="42",
    pretty="Fedora Linux 42 (Workstation Edition)",
    kernel="6.16.10-200.fc42.x86_64",
    glibc="2.41",
    gcc="15.2.1",
    python="3.13.7",
)
WSL_2204 = Os(
    id="ubuntu",
    version_id="22.04",
    pretty="Ubuntu 22.04.5 LTS",
    kernel="5.15.167.4-microsoft-standard-WSL2",
    glibc="2.35",
    gcc="11.4.0",
    python="3.10.12",
    id_like="debian",
)
JETSON_JP6 = Os(
    id="ubuntu",
    version_id="22.04",
    pretty="Ubuntu 22.04.5 LTS",
    kernel="5.15.148-tegra",
    glibc="2.35",
    gcc="11.4.0",
    python="3.10.12",
    id_like="debian",
    arch="aarch64",
)
JETSON_JP5 = Os(
    id="ubuntu",
    version_id="20.04",
    pretty="Ubuntu 20.04.6 LTS",
    kernel="5.10.216-tegra",
    glibc="2.31",
    gcc="9.4.0",
    python="3.8.10",
    id_like="debian",
    arch="aarch64",
)

KEPLER_K80 = Gpu(
    name="Tesla K80",
    device_id="102d",
    capability="3.7",
    memory_mib=11441,
    architecture="Kepler",
    brand="Tesla",
    pci_class="0x030200",
    ecc="Enabled",
    bus="0000:04:00.0",
)
GT_1030 = Gpu(name="NVIDIA GeForce GT 1030", device_id="1d01", capability="6.1", memory_mib=2048, architecture="Pascal")
GTX_1080_TI = Gpu(
    name="GeForce GTX 1080 Ti", device_id="1b06", capability="6.1", memory_mib=11178, architecture="Pascal"
)
V100 = Gpu(
    name="Tesla V100-PCIE-32GB",
    device_id="1db6",
    capability="7.0",
    memory_mib=32768,
    architecture="Volta",
    brand="Tesla",
    pci_class="0x030200",
    ecc="Enabled",
    bus="0000:3b:00.0",
)
T4 = Gpu(
    name="Tesla T4",
    device_id="1eb8",
    capability="7.5",
    memory_mib=15360,
    architecture="Turing",
    brand="Tesla",
    pci_class="0x030200",
    ecc="Enabled",
    bus="0000:00:1e.0",
)
RTX_2080_TI = Gpu(
    name="NVIDIA GeForce RTX 2080 Ti", device_id="1e07", capability="7.5", memory_mib=11264, architecture="Turing"
)
RTX_3060_LAPTOP = Gpu(
    name="NVIDIA GeForce RTX 3060 Laptop GPU",
    device_id="2520",
    capability="8.6",
    memory_mib=6144,
    architecture="Ampere",
)
RTX_3090 = Gpu(
    name="NVIDIA GeForce RTX 3090", device_id="2204", capability="8.6", memory_mib=24576, architecture="Ampere"
)
A100 = Gpu(
    name="NVIDIA A100-SXM4-40GB",
    device_id="20b0",
    capability="8.0",
    memory_mib=40960,
    architecture="Ampere",
    brand="NVIDIA",
    pci_class="0x030200",
    ecc="Enabled",
    mig="Disabled",
    bus="0000:07:00.0",
)
A100_PCIE = Gpu(
    name="NVIDIA A100-PCIE-40GB",
    device_id="20f1",
    capability="8.0",
    memory_mib=40960,
    architecture="Ampere",
    brand="NVIDIA",
    pci_class="0x030200",
    ecc="Enabled",
    mig="Disabled",
    bus="0000:41:00.0",
)
RTX_4090 = Gpu(
    name="NVIDIA GeForce RTX 4090", device_id="2684", capability="8.9", memory_mib=24564, architecture="Ada Lovelace"
)
L40S = Gpu(
    name="NVIDIA L40S",
    device_id="26b9",
    capability="8.9",
    memory_mib=46068,
    architecture="Ada Lovelace",
    brand="NVIDIA",
    pci_class="0x030200",
    ecc="Enabled",
)
H100 = Gpu(
    name="NVIDIA H100 80GB HBM3",
    device_id="2330",
    capability="9.0",
    memory_mib=81559,
    architecture="Hopper",
    brand="NVIDIA",
    pci_class="0x030200",
    ecc="Enabled",
    mig="Disabled",
    bus="0000:18:00.0",
)
GH200 = Gpu(
    name="NVIDIA GH200 480GB",
    device_id="2342",
    capability="9.0",
    memory_mib=97871,
    architecture="Hopper",
    brand="NVIDIA",
    pci_class="0x030200",
    ecc="Enabled",
    mig="Disabled",
    bus="0009:01:00.0",
)
RTX_5090 = Gpu(
    name="NVIDIA GeForce RTX 5090", device_id="2b85", capability="12.0", memory_mib=32607, architecture="Blackwell"
)
ORIN = Gpu(
    name="Orin (nvgpu)",
    device_id="",
    capability="8.7",
    memory_mib=62841,
    architecture="Ampere",
    brand="NVIDIA",
    on_bus=False,
    bus="0000:00:00.0",
)
