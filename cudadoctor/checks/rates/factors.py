"""What makes a cause more or less likely than its signs alone: how many times, for each circumstance.

A factor of 1 says nothing; 0 rules the cause out. Each follows from what the cause is, as its page (`cudadoctor
explain`) and the sources there say; the numbers are estimates: 3 leads, 10 nearly decides, 0.1 nearly rules out.
"""

from __future__ import annotations

from cudadoctor.checks.engine.likelihood import Factors

_HOST_SIDE = {"in-container": 0.5, "in-wsl": 0.1, "on-jetson": 0.2}
"""A kernel module is the host's matter."""
_NO_MODULE = {
    **_HOST_SIDE, "smi-works": 0.05, "module-open": 0.3, "module-proprietary": 0.3, "torch-finds-gpu": 0.05,
    "instance-without-nvidia": 0.1, "gpus-elsewhere": 0.05, "container-gpu-not-asked": 0.3,
}  # fmt: skip
_NEEDS_WSL = {"in-wsl": 30.0}
_OF_WSL = 0.15
_IN_JOB = {"in-job": 8.0, "on-login-node": 2.0}
_BUILD = {"torch-finds-gpu": 0.1}

FACTORS: Factors = {
    # kernel modules
    "driver-module-not-loaded": _NO_MODULE,
    "kernel-module-not-built": {**_NO_MODULE, "after-kernel-update": 5, "after-reboot": 1.6},
    "kernel-headers-missing": {**_NO_MODULE, "after-kernel-update": 6, "after-reboot": 1.6,
                               "kernel-headers-not-found": 20},
    "dkms-build-failed": {**_NO_MODULE, "after-kernel-update": 3, "dkms-nvidia-failed": 10},
    "kernel-too-new-for-driver": {**_HOST_SIDE, "after-kernel-update": 4},
    "secure-boot-unsigned-module": {**_NO_MODULE, "module-key-rejected": 30},
    "nouveau-conflict": {**_NO_MODULE, "nvrm-another-driver-owns-gpu": 15, "nouveau-loaded": 20,
                         "nouveau-in-use": 20},
    "driver-not-installed": {**_HOST_SIDE, "driver-reinstalled": 0.2, "gpus-elsewhere": 0.05, "smi-works": 0.02,
                             "smi-cannot-communicate": 0.3, "worked-before": 0.2, "module-open": 0.02,
                             "module-proprietary": 0.02, "instance-without-nvidia": 0.1},
    "gpu-dropped-by-driver": {**_NO_MODULE, "nvrm-legacy-gpu-ignored": 50, "nvrm-probe-failed": 1.5,
                              "after-driver-update": 4, "gpu-without-open-module": 4, "gpu-needs-open-module": 0.02},
    "prime-select-gpu-off": {**_NO_MODULE, "on-laptop": 6},
    "no-nvidia-gpu": {"instance-without-nvidia": 300, "gpu-known": 0.02, "smi-works": 0.01, "torch-finds-gpu": 0,
                      "gpus-elsewhere": 0.01, "worked-before": 0.05},
    # a GPU that the module cannot start
    "no-devices-found": {"in-job": 0.15, "in-container": 0.2, "in-pod": 0.5, "gpus-elsewhere": 0.02,
                         "works-as-root-only": 0.05, "on-login-node": 0.1, "smi-works": 0.05,
                         "torch-finds-gpu": 0.05},
    "proprietary-module-on-open-only-gpu": {"nvrm-open-module-required": 50, "gpu-needs-open-module": 25,
                                            "open-only-gpu-named": 20, "module-proprietary": 3, "module-open": 0,
                                            "gpu-without-open-module": 0.01, "smi-works": 0.02, "in-job": 0.1,
                                            "gpus-elsewhere": 0.01, "in-container": 0.1, "in-wsl": 0.02,
                                            "worked-before": 0.4},
    "open-module-on-pre-turing-gpu": {"nvrm-open-module-needs-gsp": 50, "gpu-without-open-module": 4,
                                      "driver-since-560": 3, "after-reboot": 0.5, "module-open": 4,
                                      "module-proprietary": 0, "gpu-needs-open-module": 0.01, "smi-works": 0.02,
                                      "in-job": 0.1, "gpus-elsewhere": 0.01, "in-wsl": 0.02},
    "gpu-fallen-off-bus": {"nvrm-gpu-lost": 30, "worked-before": 4, "off-the-bus": 20, "gpu-is-lost": 15,
                           "in-job": 0.4, "in-wsl": 0.1, "gpus-elsewhere": 0.02, "on-laptop": 1.5, "smi-works": 0.2},
    "gsp-firmware-missing": {"module-open": 2, "in-container": 0.2, "gpus-elsewhere": 0.01, "in-wsl": 0.02,
                             "in-job": 0.1, "gpu-without-open-module": 0.1},
    "gsp-rpc-timeout": {"worked-before": 2, "in-wsl": 0.05, "gpus-elsewhere": 0.02, "gpu-without-open-module": 0.1},
    "pci-bar-not-assigned": {"nvrm-bar-invalid": 50, "in-vm": 4, "worked-before": 0.2, "in-job": 0.1,
                             "gpus-elsewhere": 0.01, "in-container": 0.2, "in-wsl": 0.02},
    "gpu-bound-to-vfio": {"in-vm": 6, "in-job": 0.1, "gpus-elsewhere": 0.01, "in-container": 0.3, "in-wsl": 0.02},
    "power-supply-fault": {"worked-before": 1.5, "in-job": 0.1, "gpus-elsewhere": 0.01, "in-container": 0.1,
                           "in-wsl": 0.02, "smi-power-cables": 30},
    "driver-too-old-for-gpu": {"nvrm-gpu-not-supported": 30, "in-job": 0.1, "gpus-elsewhere": 0.01,
                               "in-container": 0.2, "worked-before": 0.05, "in-wsl": 0.1},
    # who may use it
    "cgroup-denies-gpu-devices": {"in-job": 4, "job-gpu-asked": 6, "gpus-elsewhere": 8, "works-as-root-only": 5,
                                  "container-contained": 3, "in-pod": 2, "in-wsl": 0.02, "on-laptop": 0.1},
    "container-without-gpu-access": {"device-plugin-named": 0.1, "in-container": 6, "container-gpu-not-asked": 14,
                                     "container-gpu-asked": 0.1, "gpus-elsewhere": 4, "in-pod": 1.5,
                                     "container-contained": 4, "torch-finds-gpu": 0.05, "on-jetson": 0.6},
    "slurm-gpu-not-requested": {**_IN_JOB, "job-gpu-not-asked": 5, "job-gpu-asked": 0.08, "in-container": 0.6},
    "login-node-without-gpu": {"on-login-node": 60, "in-job": 1.5, "gpu-known": 0.3, "smi-works": 0.05},
    "device-node-permissions": {"works-as-root-only": 8, "nvidia-device-refused": 8, "device-file-mode": 10,
                                "smi-works": 0.3, "in-wsl": 0.05, "in-container": 0.6},
    "container-cgroup-lost-devices": {"in-container": 2, "worked-before": 3, "systemd-reloaded": 5, "in-wsl": 0.1},
    "container-no-cgroups-setting": {"no-cgroups-true": 20, "worked-before": 0.2, "in-container": 1.5},
    "container-selinux": {"selinux-denied-nvidia": 20, "selinux-off": 0, "in-container": 2},
    "container-toolkit-missing": {"device-plugin-named": 5, "in-container": 2, "in-pod": 2,
                                  "container-gpu-asked": 1.5, "smi-works": 0.5},
    "container-driver-capabilities-missing": {"in-container": 3, "smi-works": 6, "container-gpu-not-asked": 0.1},
    "docker-snap": {"docker-from-snap": 25, "docker-desktop-named": 0.2, "in-pod": 0.1, "in-apptainer": 0.02},
    "docker-desktop-on-linux": {"docker-desktop-named": 15, "docker-desktop-linux": 25, "docker-from-snap": 0.1,
                                "in-pod": 0.1, "in-wsl": 0.1, "in-apptainer": 0.02},
    "driver-libs-baked-in-image": {"in-container": 4, "image-installs-driver": 15},
    # driver and library
    "driver-library-mismatch": {"still-after-reboot": 0.02, "after-driver-update": 3, "in-wsl": 0.05},
    "driver-library-mixed-install": {"still-after-reboot": 6, "in-wsl": 0.3},
    "kernel-module-stale": {"still-after-reboot": 5, "after-kernel-update": 1.5, "in-wsl": 0.02},
    "initramfs-has-old-module": {"still-after-reboot": 5, "in-wsl": 0.02},
    "reboot-pending": {"after-driver-update": 3, "still-after-reboot": 0.05, "in-wsl": 0.1},
    # unified memory
    "uvm-broken-after-suspend": {"after-suspend": 25, "cuda-lost-after-sleep": 40, "gpu-lost-after-sleep": 25,
                                 "on-laptop": 2.5, "worked-before": 2, "uvm-not-loaded": 0.05,
                                 "still-after-reboot": 0.05, "after-kernel-update": 0.1, "gpu-with-nvswitch": 0.1,
                                 "in-wsl": 0.05, "in-job": 0.2, "in-pod": 0.3, "smi-works": 2},
    "uvm-module-not-loaded": {"uvm-not-loaded": 25, "uvm-loaded": 0.02, "uvm-node-missing": 12, "smi-works": 2,
                              "after-kernel-update": 6, "in-wsl": 0.02, "after-suspend": 0.2},
    "uvm-hmm-breaks-cuinit": {"module-open": 8, "module-proprietary": 0.02, "gpu-without-open-module": 0.02,
                              "gpu-needs-open-module": 3, "smi-works": 2, "in-wsl": 0.02, "fork-named": 0.2,
                              "uvm-loaded": 1.5, "uvm-not-loaded": 0.3},
    # CUDA and the driver
    "driver-too-old-for-runtime": {"after-kernel-update": 0.1, "worked-before": 0.4, "driver-behind-build": 12,
                                   "driver-serves-build": 0.03, "build-cpu": 0, "container-gpu-not-asked": 0.15,
                                   "in-job": 0.7, "vgpu-manager": 0.3, "torch-finds-gpu": 0.2},
    "vgpu-host-driver-no-cuda": {"vgpu-manager": 40, "vgpu-named": 8, "in-vm": 2},
    "vgpu-unlicensed": {"vgpu-named": 8, "vgpu-size": 15, "vgpu-unlicensed": 40, "in-wsl": 0.02},
    "vgpu-profile-without-cuda": {"vgpu-named": 8, "in-vm": 2},
    "exclusive-compute-mode": {"in-wsl": 0, "vgpu-size": 0.2, "on-laptop": 0.3},
    "compute-mode-prohibited": {"in-wsl": 0},
    "mps-daemon-unreachable": {"mps-control-running": 10, "in-wsl": 0.05},
    "mig-enabled-no-instances": {"mig-named": 8, "no-mig-devices": 20, "in-wsl": 0.02, "on-laptop": 0.02},
    "mig-one-instance-per-process": {"mig-named": 25, "one-device-said": 5, "in-wsl": 0.02},
    "fabric-manager-not-running": {"gpu-with-nvswitch": 2, "gpu-without-nvswitch": 0, "in-wsl": 0.02,
                                   "on-laptop": 0.02},
    "fabric-manager-version-mismatch": {"gpu-with-nvswitch": 2, "gpu-without-nvswitch": 0, "after-driver-update": 3,
                                        "fabric-manager-version": 20},
    "nvlink-inactive": {"gpu-without-nvswitch": 0},
    "confidential-computing-not-ready": {"confidential-on": 20, "gpu-without-nvswitch": 0},
    "cuda-compat-misuse": {"in-container": 1.5, "on-laptop": 1.5},
    "stub-libcuda": {"libcuda-stub-loaded": 40, "smi-works": 1.5},
    "libcuda-missing": {"smi-works": 1.5, "in-container": 0.6},
    "address-space-limited": {"in-job": 2},
    # WSL
    "wsl-windows-side-broken": {**_NEEDS_WSL, "windows-build": 2},
    "wsl-libcuda-shadowed": {**_NEEDS_WSL, "wsl-driver-package": 8, "smi-works": 1.5},
    "wsl1-no-gpu": {"in-wsl": 5},
    # the build
    "cpu-only-build": {"after-kernel-update": 0.1, "after-driver-update": 0.3, "smi-works": 1.2, "build-cpu": 30,
                       "build-cuda": 0.02, "torch-finds-gpu": 0, "pip-replaced-torch": 10, "on-jetson": 0.3,
                       "container-gpu-not-asked": 0.15, "driver-behind-build": 0.1, "worked-before": 0.5,
                       "in-job": 0.6},
    "aarch64-wheel-without-cuda": {"on-aarch64": 14, "no-wheel-for-this-platform": 0.3, "on-jetson": 2,
                                   "build-cuda": 0.02, "torch-finds-gpu": 0},
    "jetson-generic-wheel": {"on-jetson": 25, "build-cuda": 0.3, "torch-finds-gpu": 0},
    "arch-not-in-build-gpu-newer": {"gpu-newer-than-build": 15, "gpu-older-than-build": 0.05,
                                    "gpu-needs-open-module": 2.5, "gpu-without-open-module": 0.4, "build-cpu": 0},
    "arch-not-in-build-gpu-older": {"gpu-older-than-build": 15, "gpu-newer-than-build": 0.05,
                                    "gpu-needs-open-module": 0.02, "gpu-without-open-module": 3, "build-cpu": 0,
                                    "gpu-too-old-for-torch": 20},
    "extension-built-for-other-arch": {"gpu-newer-than-build": 0.3, "gpu-older-than-build": 0.3, "build-cpu": 0.05},
    "ptx-newer-than-driver": {"build-cpu": 0},
    # libraries
    "cuda-lib-not-on-loader-path": {"library-path-set": 0.5, "library-path-named": 0.5},
    "ld-path-shadows-bundled-libs": {"library-path-set": 4, "library-path-named": 4, "in-job": 1.3},
    "mixed-cuda-major-packages": {"packages-shown": 0.5},
    "gpu-memory-occupied": {"memory-of-another-process": 6},
    "gpu-memory-held-by-orphan": {"memory-of-another-process": 2},
    # which GPUs a program may see
    "visible-devices-hides-gpus": {"visible-devices-set": 5, "visible-devices-named": 5, "smi-works": 1.6,
                                   "torch-finds-gpu": 2, "build-cpu": 0.05, "in-container": 0.7, "in-job": 0.8,
                                   "on-login-node": 0.3, "on-jetson": 0.3, "in-wsl": 0.5,
                                   "container-gpu-not-asked": 0.1},
    # several GPUs
    "nccl-p2p-acs-iommu": {"several-gpus": 2.5, "nccl-used": 3, "nccl-p2p-disable-helps": 20,
                           "nccl-p2p-disable-does-not-help": 0, "iommu-page-fault": 10, "in-wsl": 0.2, "in-pod": 0.8},
    "nccl-shm-too-small": {"in-container": 4, "shared-memory-full": 20, "shared-memory-segment-failed": 20},
    "nccl-network-unreachable": {"nccl-used": 1.3},
    "memlock-limit-too-low": {"memory-registration-refused": 20},
    # installing
    "build-isolation-hides-torch": {"build-isolation-shown": 25, "packages-shown": 1.5, "build-shown": 1.5},
    "wrong-interpreter": {"build-isolation-shown": 0.02, "torch-finds-gpu": 1.5},
    "torch-not-installed": {"build-isolation-shown": 0.1, "build-shown": 0.2},
    "python-version-no-wheel": {"python-32bit-path": 0.05},
    "python-32bit": {"python-32bit-path": 20, "torch-placeholder": 3, "on-aarch64": 0.2},
    "wheel-index-nonexistent": {"on-aarch64": 2, "pip-torch-index": 3},
    "cpu-lacks-instructions": {"in-vm": 2},
}  # fmt: skip
