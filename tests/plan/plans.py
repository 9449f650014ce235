"""Plans made by hand: those that every form is tested with."""

from __future__ import annotations

from hashlib import sha256

from msgspec.structs import replace

from cudadoctor.compat.source import Source
from cudadoctor.remedies.plan import (
    AllOf,
    Exists,
    Fetch,
    For,
    HasHash,
    Image,
    Plan,
    PlanStep,
    Prints,
    Run,
    Tell,
    WriteFile,
)

HOME = "/home/me"
KEYRING = "/usr/share/keyrings/cuda-repo-10-1.gpg"
FORGE = f"{HOME}/miniforge3"
BASHRC_BEFORE = "# mine\nalias ll='ls -l'\n"
BLOCK = (
    "# >>> cudadoctor >>>\n"
    "# Written by `cudadoctor shell`; `cudadoctor shell --remove` takes it out.\n"
    "if [ -d '/usr/local/cuda-10.1/bin' ]; then\n"
    "  CUDA_HOME='/usr/local/cuda-10.1'\n"
    "  export CUDA_HOME\n"
    '  PATH="${CUDA_HOME}/bin${PATH:+:${PATH}}"\n'
    "  export PATH\n"
    "fi\n"
    "# <<< cudadoctor <<<\n"
)
SOURCE = Source(
    title="CUDA Installation Guide for Linux",
    url="https://docs.nvidia.com/cuda/cuda-installation-guide-linux/",
    read_on="2026-11-23",
)

REFERENCE = Plan(
    purpose=For(command="install", request=(("cuda", "10.1"), ("manager", "conda"), ("env", "torch"))),
    title="torch 1.4.0 with CUDA 10.1 in the environment /home/me/miniforge3/envs/torch, and the toolkit 10.1",
    notes=("CUDA 10.1 knows no GPU newer than Turing; this machine has a GTX 1080 Ti.",),
    home=HOME,
    uid=1000,
    image=Image(base="ubuntu:18.04", why="the toolkit 10.1 was packaged for Ubuntu 18.04"),
    steps=(
        PlanStep(
            id="driver-install",
            title="Install the driver 535",
            why="The driver 390.157 is older than CUDA 10.1 needs (418.39).",
            action=Run(
                argv=("env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "install", "-y", "nvidia-driver-535"),
                why="",
                safety="system",
                needs_root=True,
            ),
            network=("apt",),
            disk_mib=900,
            disk_at="/usr",
            reboot=True,
            packages=True,
            done_when=Prints(
                argv=("dpkg-query", "-W", "-f=${db:Status-Status}", "nvidia-driver-535"), text="installed"
            ),
            source=SOURCE,
        ),
        PlanStep(
            id="driver-reboot",
            title="Reboot",
            why="The kernel still runs the old module.",
            action=Tell(text="Save your work, then reboot:\n  sudo reboot"),
            needs=("driver-install",),
            reboot=True,
            done_when=Prints(argv=("nvidia-smi",)),
        ),
        PlanStep(
            id="toolkit-key",
            title="Put the repository's key in place",
            why="apt checks the packages with it, and with this repository alone (signed-by).",
            action=Run(
                argv=("cp", "/var/cuda-repo-10-1-local/7fa2af80.pub", KEYRING), why="", safety="system", needs_root=True
            ),
            done_when=HasHash(path=KEYRING, digest="0" * 64),
            makes=(KEYRING,),
        ),
        PlanStep(
            id="toolkit-install",
            title="Install the toolkit 10.1",
            why="Something compiles here. Not the package `cuda`: it would replace the driver.",
            action=Run(
                argv=("env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "install", "-y", "cuda-toolkit-10-1"),
                why="",
                safety="system",
                needs_root=True,
            ),
            needs=("toolkit-key",),
            network=("apt",),
            disk_mib=4200,
            disk_at="/usr/local",
            packages=True,
            done_when=AllOf(
                conditions=(
                    Exists(path="/usr/local/cuda-10.1", what="directory"),
                    Exists(path="/usr/local/cuda-10.1/bin/nvcc", what="executable"),
                )
            ),
        ),
        PlanStep(
            id="conda-download",
            title="Download Miniforge",
            why="There is no conda here.",
            action=Fetch(
                url="https://github.com/conda-forge/miniforge/releases/download/26.1.0-0/Miniforge3-Linux-x86_64.sh",
                path=f"{HOME}/.cache/cudadoctor/Miniforge3-Linux-x86_64.sh",
                digest="a" * 64,
                why="the installer of conda-forge's own conda",
                size_mib=98,
            ),
            network=("github.com",),
            disk_mib=98,
            disk_at=HOME,
        ),
        PlanStep(
            id="conda-install",
            title="Install Miniforge",
            why="Into the home directory: it needs no root, and goes with one folder.",
            action=Run(
                argv=("bash", f"{HOME}/.cache/cudadoctor/Miniforge3-Linux-x86_64.sh", "-b", "-p", FORGE),
                why="",
                safety="safe",
            ),
            needs=("conda-download",),
            makes=(FORGE,),
            disk_mib=500,
            disk_at=HOME,
            done_when=Exists(path=f"{FORGE}/bin/conda", what="executable"),
        ),
        PlanStep(
            id="conda-init",
            title="Let the shell know conda",
            why="`conda activate` is a function of the shell.",
            action=Run(argv=(f"{FORGE}/bin/conda", "init", "bash"), why="", safety="safe"),
            needs=("conda-install",),
            touches=(f"{HOME}/.bashrc",),
            done_when=Prints(argv=("grep", "-c", "conda initialize", f"{HOME}/.bashrc")),
        ),
        PlanStep(
            id="conda-auto-activate",
            title="Leave base alone in new shells",
            why="conda 25.5 renamed the key to auto_activate.",
            action=Run(argv=(f"{FORGE}/bin/conda", "config", "--set", "auto_activate", "false"), why="", safety="safe"),
            needs=("conda-install",),
            touches=(f"{HOME}/.condarc",),
            undo=(Run(argv=(f"{FORGE}/bin/conda", "config", "--remove-key", "auto_activate"), why="", safety="safe"),),
            done_when=Prints(argv=("grep", "-c", "auto_activate: false", f"{HOME}/.condarc")),
        ),
        PlanStep(
            id="env-create",
            title="Make the environment with torch",
            why="Both builds are pinned: an unpinned line gives the CPU build today.",
            action=Run(
                argv=(
                    *(f"{FORGE}/bin/conda", "create", "-y", "-p", f"{FORGE}/envs/torch", "python=3.7"),
                    *("pytorch=1.4.0=*cuda10.1*", "torchvision=0.5.0=*cu101*", "cudatoolkit=10.1", "-c", "pytorch"),
                ),
                why="",
                safety="safe",
            ),
            needs=("conda-install",),
            network=("conda.anaconda.org",),
            makes=(f"{FORGE}/envs/torch",),
            disk_mib=3100,
            disk_at=HOME,
            done_when=Prints(
                argv=(f"{FORGE}/envs/torch/bin/python", "-c", "import torch; print(torch.version.cuda)"), text="10.1"
            ),
        ),
        PlanStep(
            id="shell-lines",
            title="Put nvcc on PATH",
            why="One block in ~/.bashrc; safe to read twice.",
            action=WriteFile(
                path=f"{HOME}/.bashrc",
                text=BASHRC_BEFORE + BLOCK,
                why="put /usr/local/cuda-10.1/bin on PATH",
                before=sha256(BASHRC_BEFORE.encode()).hexdigest(),
            ),
            needs=("toolkit-install",),
        ),
        PlanStep(
            id="smoke",
            title="Test that torch computes on the GPU",
            why="is_available() alone does not show that a kernel runs.",
            action=Run(argv=("cudadoctor", "smoke", "--env", f"{FORGE}/envs/torch"), why="", safety="safe"),
            needs=("env-create", "driver-reboot"),
            lasting="nothing stays of it",
        ),
    ),
)

VENV = Plan(
    purpose=For(command="install", request=(("manager", "pip"), ("cuda", "cpu"))),
    title="torch 2.13.0 for the CPU in the environment /home/me/torch",
    home=HOME,
    uid=1000,
    image=Image(base="ubuntu:24.04", why="no CUDA is needed in the image"),
    enter=("source", f"{HOME}/torch/bin/activate"),
    steps=(
        PlanStep(
            id="env-create",
            title="Make the environment",
            why="A distribution's own Python refuses pip (PEP 668).",
            action=Run(argv=("/usr/bin/python3", "-m", "venv", f"{HOME}/torch"), why="", safety="safe"),
            makes=(f"{HOME}/torch",),
            done_when=Exists(path=f"{HOME}/torch/bin/python", what="executable"),
        ),
        PlanStep(
            id="torch-install",
            title="Install torch 2.13.0",
            why="The build for the CPU: there is no GPU here.",
            action=Run(
                argv=(
                    *(f"{HOME}/torch/bin/python", "-m", "pip", "install", "torch==2.13.0+cpu"),
                    *("--index-url", "https://download.pytorch.org/whl/cpu"),
                ),
                why="",
                safety="safe",
            ),
            needs=("env-create",),
            network=("download.pytorch.org",),
            disk_mib=900,
            disk_at=HOME,
            done_when=Prints(
                argv=(f"{HOME}/torch/bin/python", "-c", "import torch; print(torch.__version__)"), text="2.13.0+cpu"
            ),
        ),
        PlanStep(
            id="smoke",
            title="Test that torch computes",
            why="An install that imports may still compute nothing.",
            action=Run(
                argv=("cudadoctor", "smoke", "--env", f"{HOME}/torch", "--device", "cpu"), why="", safety="safe"
            ),
            needs=("torch-install",),
        ),
    ),
)

IMPOSSIBLE = Plan(
    purpose=For(command="install", request=(("cuda", "10.1"),)),
    title="torch 2.13.0 with CUDA 12.6 in the environment /home/me/torch",
    impossible="CUDA 10.1 has no code for the RTX 3090 (compute capability 8.6): CUDA 11.1 is the first that has",
    home=HOME,
    uid=1000,
    steps=VENV.steps,
)

NOTHING = Plan(
    purpose=For(command="install", request=(("torch", "9.9"),)),
    title="torch 9.9",
    impossible="torch 9.9 is not known; the newest that is known is 2.13.0",
    home=HOME,
    uid=1000,
)

FIX = Plan(
    purpose=For(command="fix", findings=("ld-path-empty-element@var:LD_LIBRARY_PATH", "uvm-module-not-loaded@machine")),
    title="2 root causes: ld-path-empty-element, uvm-module-not-loaded",
    home=HOME,
    uid=1000,
    steps=(
        PlanStep(
            id="rc-lines",
            title="Correct the line in ~/.bashrc",
            why="An empty element is the current directory.",
            action=WriteFile(path=f"{HOME}/.bashrc", text="export A=1\n", why="", before=None),
        ),
        PlanStep(
            id="uvm-module-not-loaded-1",
            title="Load nvidia_uvm",
            why="The module is there and not loaded.",
            action=Run(argv=("modprobe", "nvidia_uvm"), why="", safety="system", needs_root=True),
            done_when=Exists(path="/dev/nvidia-uvm"),
            by_name=True,
        ),
        PlanStep(
            id="container",
            title="Start the container with --gpus all",
            why="It was started without.",
            action=Tell(text="docker run --gpus all …"),
        ),
    ),
)

BESIDE = replace(VENV, title="torch 2.13.0 for the CPU in the environment /home/me/torch-2")
"""What the same request leads to when the first place was taken."""

ALL = {"beside": BESIDE, "reference": REFERENCE, "venv": VENV, "impossible": IMPOSSIBLE, "nothing": NOTHING, "fix": FIX}


def all_hold(plan: Plan) -> dict[str, bool | None]:
    """As on a machine where everything is done."""
    return {step.id: None if step.done_when is None and isinstance(step.action, Run) else True for step in plan.steps}
