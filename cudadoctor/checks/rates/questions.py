"""What to ask for: commands, the causes that their output tells apart, and where they can be run."""

from __future__ import annotations

from cudadoctor.checks.engine.likelihood import Question


def _ask(
    command: str,
    why: str,
    tells: tuple[str, ...],
    *,
    cost: float = 1.0,
    needs: tuple[str, ...] = (),
    not_with: tuple[str, ...] = (),
) -> Question:
    return Question(
        command=command,
        why=why,
        tells=frozenset(tells),
        cost=cost,
        needs=frozenset(needs),
        not_with=frozenset(not_with),
    )


_START = (
    *("no-devices-found", "proprietary-module-on-open-only-gpu", "open-module-on-pre-turing-gpu"),
    *("gpu-fallen-off-bus", "gsp-firmware-missing", "pci-bar-not-assigned", "gsp-rpc-timeout", "power-supply-fault"),
    *("driver-too-old-for-gpu", "gpu-dropped-by-driver", "gpu-vbios-too-old"),
)
"""Why a loaded module does not start a GPU: the kernel's log says it."""
_LOADING = (
    *("driver-module-not-loaded", "kernel-module-not-built", "secure-boot-unsigned-module", "nouveau-conflict"),
    *("driver-not-installed", "dkms-build-failed", "kernel-headers-missing", "prime-select-gpu-off"),
)
_CUDA_START = (
    *("uvm-module-not-loaded", "uvm-broken-after-suspend", "uvm-hmm-breaks-cuinit", "gpu-fallen-off-bus"),
    *("xid-needs-action", "driver-library-mismatch"),
)
_BUILDS = (
    *("cpu-only-build", "driver-too-old-for-runtime", "arch-not-in-build-gpu-newer", "arch-not-in-build-gpu-older"),
    *("aarch64-wheel-without-cuda", "jetson-generic-wheel", "visible-devices-hides-gpus"),
)
_ELSEWHERE = ("in-container", "in-pod", "in-wsl", "in-apptainer", "in-job", "on-login-node")
_LIBRARIES = (
    *("ld-path-shadows-bundled-libs", "cudnn-version-mismatch", "cuda-lib-not-on-loader-path"),
    *("runtime-lib-version-mismatch", "extension-built-for-other-cuda", "site-packages-split-lib-lib64"),
    *("nccl-version-conflict", "nvjitlink-skew"),
)
TORCH_DOES_NOT_START = (
    *("cuda-library-not-found", "wheel-library-missing", "cuda-symbol-undefined", "illegal-instruction"),
    *("nvjitlink-symbol-undefined", "cudnn-symbol-undefined", "nccl-symbol-undefined", "torch-symbol-undefined"),
    *("torch-module-not-found", "torch-library-not-found"),
)
"""torch does not start: what imports it tells nothing more."""

QUESTIONS: tuple[Question, ...] = (
    # the driver
    _ask(
        "sudo dmesg | grep -iE 'nvrm|nvidia|nouveau'",
        "the kernel's log says why the driver does not start the GPU",
        (*_START, "secure-boot-unsigned-module", "nouveau-conflict", "gpu-bound-to-vfio", *_CUDA_START,
         "fabric-manager-not-running", "fabric-manager-version-mismatch", "pcie-errors", "xid-from-program"),
        cost=1.5,
        not_with=("log-shown", *_ELSEWHERE),
    ),
    _ask(
        "sudo modprobe nvidia; lsmod | grep -iE 'nvidia|nouveau'; dkms status; mokutil --sb-state; uname -r",
        "it tells whether the module is built for the running kernel, and why it is not loaded",
        (*_LOADING, "gpu-dropped-by-driver", "no-nvidia-gpu"),
        cost=1.5,
        not_with=("smi-works", "module-finds-no-device", *_ELSEWHERE),
    ),
    _ask(
        "sudo dmesg | grep -iE 'nvrm|nvidia|nouveau'; lspci -nnk -d 10de:",
        "the kernel's log says why the module loads no GPU, and lspci which GPU it is",
        (*_START, "nouveau-conflict", "no-nvidia-gpu", "gpu-bound-to-vfio", "driver-module-not-loaded"),
        cost=1.6,
        needs=("module-finds-no-device",),
        not_with=_ELSEWHERE,
    ),
    _ask(
        "lsmod | grep nvidia; ls -l /dev/nvidia*; sudo dmesg | grep -iE 'nvrm|uvm'",
        "it tells whether nvidia_uvm, which CUDA needs and nvidia-smi does not, is loaded and works",
        (*_CUDA_START, "device-node-permissions", "kernel-module-not-built"),
        cost=1.2,
        not_with=("uvm-not-loaded", *_ELSEWHERE),
    ),
    _ask(
        "modinfo -F version nvidia; cat /proc/driver/nvidia/version; cat /sys/module/nvidia/version",
        "the version on disk against the version in the kernel decides between a reboot, a new initramfs and a rebuild",
        ("driver-library-mismatch", "driver-library-mixed-install", "kernel-module-stale", "initramfs-has-old-module"),
        not_with=("in-container", "in-pod", "in-wsl", "in-apptainer"),
    ),
    _ask(
        "nvidia-smi",
        "it tells the GPU, the driver, and whether they answer",
        ("driver-module-not-loaded", "driver-not-installed", "no-nvidia-gpu", "driver-too-old-for-runtime",
         "driver-library-mismatch", "no-devices-found", "cuda-driver-init-fails", "gpu-fallen-off-bus",
         "container-driver-capabilities-missing", "exclusive-compute-mode", "libcuda-missing",
         "gpu-memory-occupied", "gpu-memory-held-by-orphan", "mig-enabled-no-instances"),
        cost=0.5,
        not_with=("smi-shown", "smi-works", "smi-cannot-communicate", "smi-no-driver", "smi-no-devices",
                  "nvml-driver-library-mismatch", "nvml-unknown-error"),
    ),
    _ask(
        "systemctl status nvidia-fabricmanager; nvidia-smi -q | grep -iA3 fabric",
        "it tells whether the fabric manager runs, and whether it is of the driver's version",
        ("fabric-manager-not-running", "fabric-manager-version-mismatch", "nvlink-inactive"),
        not_with=("gpu-without-nvswitch", "in-wsl", "on-laptop"),
    ),
    _ask(
        "nvidia-smi -q | grep -iE 'compute mode|license status|virtualization mode|mig mode'",
        "it tells the compute mode, and whether a virtual GPU has its licence",
        ("exclusive-compute-mode", "vgpu-unlicensed", "compute-mode-prohibited", "mig-enabled-no-instances",
         "vgpu-profile-without-cuda"),
        cost=0.5,
        not_with=("in-wsl",),
    ),
    _ask(
        "sudo fuser -v /dev/nvidia*; nvidia-smi",
        "it tells which programs hold the GPU's memory, also those that nvidia-smi does not list",
        ("gpu-memory-occupied", "gpu-memory-held-by-orphan"),
        not_with=("in-wsl", "in-container", "in-pod"),
    ),
    _ask(
        "nvidia-smi -L",
        "it tells the MIG instances and their names",
        ("mig-enabled-no-instances", "mig-one-instance-per-process", "mig-device-name-obsolete",
         "visible-devices-hides-gpus"),
        cost=0.5,
        needs=("mig-named",),
    ),
    # containers
    _ask(
        "ls -l /dev/nvidia*; ls /usr/lib/x86_64-linux-gnu/ | grep -E 'libcuda|nvidia-ml'; env | grep NVIDIA",
        "run in the container, it tells whether the GPU, its driver's library and the runtime's variables are there",
        ("container-without-gpu-access", "container-driver-capabilities-missing", "cgroup-denies-gpu-devices",
         "driver-libs-baked-in-image", "container-cgroup-lost-devices", "device-node-permissions"),
        needs=("in-container",),
        not_with=("in-pod",),
    ),
    _ask(
        "docker info | grep -E 'Operating System|Docker Root Dir|Runtimes'; nvidia-ctk --version; nvidia-smi",
        "run on the host, it tells which docker it is, whether it has the NVIDIA runtime, and if the driver answers",
        ("container-toolkit-missing", "docker-snap", "docker-desktop-on-linux", "driver-not-installed",
         "driver-module-not-loaded", "container-no-cgroups-setting"),
        cost=1.2,
        not_with=("in-pod", "in-apptainer", "in-job"),
    ),
    _ask(
        "kubectl exec POD -- sh -c 'ls -l /dev/nvidia*; env | grep NVIDIA_VISIBLE'; "
        "kubectl describe pod POD | grep -i nvidia",
        "it tells whether the pod asked for a GPU and was given one",
        ("container-without-gpu-access", "cgroup-denies-gpu-devices", "visible-devices-hides-gpus",
         "container-cgroup-lost-devices"),
        needs=("in-pod",),
    ),
    _ask(
        "nvidia-smi; nvidia-ctk --version; grep -A3 nvidia /etc/containerd/config.toml /etc/docker/daemon.json",
        "run on the node, it tells whether the driver answers there and whether the runtime hands GPUs over",
        ("container-toolkit-missing", "driver-not-installed", "driver-module-not-loaded", "no-nvidia-gpu",
         "no-devices-found"),
        cost=1.5,
        needs=("in-pod",),
    ),
    _ask(
        "nvidia-smi; ldconfig -p | grep libcuda",
        "run on the host, outside the container, it tells whether the driver is there at all",
        ("driver-not-installed", "driver-module-not-loaded", "libcuda-missing", "login-node-without-gpu",
         "no-nvidia-gpu", "container-without-gpu-access"),
        cost=1.2,
        needs=("in-container",),
        not_with=("in-pod", "gpus-elsewhere"),
    ),
    _ask(
        "sudo modprobe nvidia; lsmod | grep nvidia; sudo dmesg | grep -iE 'nvrm|nvidia'",
        "run on the host, it tells whether the kernel module is there and why it is not loaded",
        (*_LOADING, *_START),
        cost=1.7,
        needs=("in-container",),
        not_with=("in-pod", "gpus-elsewhere"),
    ),
    # clusters
    _ask(
        "echo $SLURM_JOB_GPUS $CUDA_VISIBLE_DEVICES; scontrol show job $SLURM_JOB_ID | grep -iE 'gres|tres'; "
        "ls -l /dev/nvidia*",
        "it tells whether this job was given a GPU, and whether it may open it",
        ("slurm-gpu-not-requested", "cgroup-denies-gpu-devices", "login-node-without-gpu",
         "visible-devices-hides-gpus", "container-without-gpu-access", "no-devices-found"),
        cost=0.8,
        needs=("in-job",),
    ),
    _ask(
        "sinfo -o '%P %G'; srun --gres=gpu:1 nvidia-smi",
        "it tells which nodes of the cluster have GPUs, and what a job on one sees",
        ("login-node-without-gpu", "slurm-gpu-not-requested", "cgroup-denies-gpu-devices", "no-devices-found"),
        needs=("on-login-node",),
    ),
    _ask(
        "ls -l /dev/nvidia*; cat /proc/self/cgroup; id",
        "it tells whether file modes or the session's device rules keep the GPU away",
        ("cgroup-denies-gpu-devices", "device-node-permissions", "no-devices-found"),
        needs=("works-as-root-only",),
    ),
    _ask(
        "ls -l /dev/nvidia*; cat /proc/self/cgroup; id",
        "it tells whether file modes or the session's device rules keep the GPU away",
        ("cgroup-denies-gpu-devices", "device-node-permissions", "no-devices-found"),
        needs=("gpus-elsewhere",),
    ),
    # WSL
    _ask(
        "wsl.exe --version; nvidia-smi.exe; ls -l /usr/lib/wsl/lib/libcuda.so*; ldconfig -p | grep libcuda",
        "it tells Windows's side (WSL and the driver), and which libcuda Linux takes",
        ("wsl-windows-side-broken", "wsl-libcuda-shadowed", "wsl1-no-gpu", "driver-too-old-for-runtime",
         "driver-not-installed"),
        needs=("in-wsl",),
    ),
    # torch and its environment
    _ask(
        "python -m torch.utils.collect_env",
        "it tells the build of torch, the GPU and the driver in one go",
        (*_BUILDS, "driver-not-installed", "no-nvidia-gpu"),
        not_with=(*TORCH_DOES_NOT_START, "build-shown"),
    ),
    _ask(
        'python -c "import torch; print(torch.__version__, torch.cuda.get_arch_list())"; '
        "nvidia-smi --query-gpu=name,compute_cap --format=csv",
        "it tells the GPUs that the build has code for, and the GPU that is there",
        ("arch-not-in-build-gpu-newer", "arch-not-in-build-gpu-older", "extension-built-for-other-arch"),
        cost=0.8,
        not_with=TORCH_DOES_NOT_START,
    ),
    _ask(
        'echo "[$CUDA_VISIBLE_DEVICES]"; grep -rn CUDA_VISIBLE_DEVICES *.py ~/.bashrc; nvidia-smi -L',
        "it tells whether a variable hides the GPU from the program",
        ("visible-devices-hides-gpus", "mig-one-instance-per-process"),
        cost=0.7,
        not_with=("visible-devices-set",),
    ),
    _ask(
        'uname -m; python3 -c "import platform, struct; print(platform.python_version(), platform.platform(), '
        "8 * struct.calcsize('P'))\"",
        "pip takes files for this Python, system and word size only",
        ("python-version-no-wheel", "python-32bit", "aarch64-wheel-without-cuda", "wheel-index-nonexistent",
         "cpu-lacks-instructions", "glibc-too-old"),
        cost=0.8,
    ),
    _ask(
        "lscpu | grep -iE 'model name|flags|hypervisor'",
        "it tells whether the processor has AVX and AVX2",
        ("cpu-lacks-instructions", "torch-import-crashes"),
        cost=0.8,
    ),
    _ask(
        'which -a python pip; python -m pip show torch; python -c "import sys; print(sys.path)"',
        "it tells which environment the program runs in, and whether torch is installed there",
        ("wrong-interpreter", "torch-not-installed", "local-module-shadows", "build-isolation-hides-torch",
         "user-site-shadows"),
    ),
    # libraries
    _ask(
        "echo $LD_LIBRARY_PATH; ldconfig -p | grep -E 'libcu|libnv'; "
        "LD_DEBUG=libs PROGRAM 2>&1 | grep -E 'libcu|libnv'",
        "it tells which file the loader takes for each CUDA library, and why",
        _LIBRARIES,
    ),
    _ask(
        "pip list | grep -iE 'nvidia|torch|jax|tensorflow|triton'; echo $LD_LIBRARY_PATH",
        "it tells whether packages of different CUDA versions lie side by side",
        ("mixed-cuda-major-packages", "nvjitlink-skew", "torch-pins-unmet", "nccl-version-conflict",
         "runtime-lib-version-mismatch", "wheels-overwrite-each-other", "library-needs-newer-torch"),
        not_with=("packages-shown",),
    ),
    _ask(
        "nvcc --version; which -a nvcc; echo $CUDA_HOME; ls -d /usr/local/cuda*",
        "it tells which toolkits there are, and which one a build takes",
        ("toolkit-too-old-for-gpu", "toolkit-too-new-for-gpu", "several-toolkits", "cuda-home-wrong",
         "cuda-home-missing", "toolkit-torch-mismatch", "host-compiler-unsupported"),
    ),
    # several GPUs
    _ask(
        "NCCL_DEBUG=INFO PROGRAM; df -h /dev/shm; ulimit -l; ip -br addr",
        "NCCL's own log names the call that failed; the rest is what fails most often",
        ("nccl-shm-too-small", "nccl-network-unreachable", "memlock-limit-too-low", "nccl-version-conflict",
         "nccl-env-leftovers", "nccl-nvls-fabric-error"),
    ),
    _ask(
        "NCCL_P2P_DISABLE=1 NCCL_DEBUG=INFO PROGRAM; nvidia-smi topo -m; sudo dmesg | grep -iE 'iommu|xid'",
        "it tells whether copies between the GPUs hang, and between which",
        ("nccl-p2p-acs-iommu", "gpu-fallen-off-bus", "nvidia-smi-hangs", "gsp-rpc-timeout"),
        cost=1.5,
        not_with=("in-pod",),
    ),
    # building the module, solving
    _ask(
        "dkms status; cat /var/lib/dkms/nvidia/*/build/make.log | tail -50; ls -d /lib/modules/$(uname -r)/build",
        "make's log says why the module could not be compiled",
        ("dkms-build-failed", "kernel-too-new-for-driver", "kernel-headers-missing", "build-tools-missing"),
        cost=1.2,
        not_with=_ELSEWHERE,
    ),
    _ask(
        "conda info; nvidia-smi | head -4",
        "it tells conda's virtual packages (`__cuda` is the driver's), its channels and its platform",
        ("conda-cuda-virtual-package-missing", "driver-too-old-for-runtime", "conda-channel-frozen",
         "conda-package-not-in-channel", "glibc-too-old"),
        needs=("conda-unsatisfiable",),
    ),
)  # fmt: skip
