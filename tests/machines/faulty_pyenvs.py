"""Machines with a fault in the company that torch keeps: extensions, other copies, records, places."""

from __future__ import annotations

from dataclasses import replace

from . import hardware
from .healthy import D535, RTX3090_535
from .parts import Driver, Env, Machine, Pkg, Torch
from .presets import TORCH_23_CU121, TORCH_112_CONDA, Planted, companions, conda_pair, planted, venv

SITE = "/home/ada/work/.venv/lib/python3.10/site-packages"
SITE64 = SITE.replace("/lib/", "/lib64/")
USER = "/home/ada/.local/lib/python3.9/site-packages"
RECORD = "Metadata-Version: 2.1\nName: torch\nVersion: {}\n\n"
NO_CUDNN = "ImportError: libcudnn.so.8: cannot open shared object file: No such file or directory"
FLASH_ADDRESS = (
    '{"url": "https://example.invalid/flash_attn-2.5.8+cu122torch2.2cxx11abiFALSE-cp310-cp310-linux_x86_64.whl"}'
)

SPLIT = {
    f"{SITE64}/torch/version.py": "__version__ = '2.3.1+cu121'\ndebug = False\ncuda: Optional[str] = '12.1'\n",
    f"{SITE64}/torch-2.3.1+cu121.dist-info/METADATA": RECORD.format("2.3.1+cu121"),
    f"{SITE64}/torch-2.3.1+cu121.dist-info/INSTALLER": "pip\n",
}
"""torch in lib64, as RHEL's pip puts what is compiled."""


def _beside(**packages: Pkg) -> dict[str, Pkg]:
    """The usual company of torch 2.3, and these."""
    return companions(TORCH_23_CU121) | {name.replace("_", "-"): pkg for name, pkg in packages.items()}


PYENVS = (
    planted(
        RTX3090_535,
        "ubuntu2204-rtx3090-535-scatter-other-torch",
        "extension-torch-abi-mismatch",
        status="warnings",
        envs=(venv(TORCH_23_CU121, packages=_beside(torch_scatter=Pkg(version="2.1.2+pt22cu121"))),),
    ),
    planted(
        RTX3090_535,
        "ubuntu2204-rtx3090-535-flashattn-other-torch",
        "extension-torch-abi-mismatch",
        status="warnings",
        envs=(venv(TORCH_23_CU121, packages=_beside(flash_attn=Pkg(version="2.5.8"))),),
        files={f"{SITE}/flash_attn-2.5.8.dist-info/direct_url.json": FLASH_ADDRESS},
        why="only the address that its wheel came from tells",
    ),
    planted(
        RTX3090_535,
        "ubuntu2204-rtx3090-535-sparse-other-cuda",
        "extension-built-for-other-cuda",
        status="warnings",
        envs=(venv(TORCH_23_CU121, packages=_beside(torch_sparse=Pkg(version="0.6.18+pt23cu118"))),),
    ),
    planted(
        RTX3090_535,
        "ubuntu2204-rtx3090-535-torchaudio-mismatch",
        "torchaudio-torch-mismatch",
        status="warnings",
        envs=(
            venv(
                TORCH_23_CU121,
                packages=_beside(torchaudio=Pkg(version="2.2.2+cu121", requires=("torch==2.2.2",))),
            ),
        ),
    ),
    planted(
        RTX3090_535,
        "ubuntu2204-rtx3090-535-pins-unmet",
        status="healthy",
        envs=(venv(TORCH_23_CU121, packages=_beside(nvidia_cudnn_cu12=Pkg(version="9.1.0.70"))),),
        why="cuDNN was moved up, and torch works: a remark and no more",
    ),
    planted(
        RTX3090_535,
        "ubuntu2204-rtx3090-535-leftovers",
        status="healthy",
        files={f"{SITE}/~orch/version.py": "__version__ = '2.2.0'\n"},
        why="the remains of an upgrade cost disk space and no more",
    ),
    planted(
        RTX3090_535,
        "ubuntu2204-rtx3090-535-two-records",
        "two-torch-distributions",
        envs=(venv(replace(TORCH_23_CU121, live="import-error", error="ImportError: cannot import name 'x'")),),
        files={f"{SITE}/torch-2.2.0.dist-info/METADATA": RECORD.format("2.2.0")},
    ),
    planted(
        RTX3090_535,
        "rhel9-rtx3090-535-split-lib64",
        "site-packages-split-lib-lib64",
        os=hardware.RHEL_9,
        envs=(venv(replace(TORCH_23_CU121, live="import-error", error=NO_CUDNN)),),
        files=SPLIT,
        removed=(f"{SITE}/torch", f"{SITE}/torch-2.3.1+cu121.dist-info"),
    ),
    planted(
        replace(RTX3090_535, driver=D535),
        "ubuntu2204-rtx3090-535-user-site",
        "user-site-shadows",
        envs=tuple(
            replace(env, shadowed=True) if env.torch else env for env in conda_pair(TORCH_112_CONDA, python="3.9.16")
        ),
        files={
            f"{USER}/torch/version.py": "__version__ = '1.13.1+cpu'\ndebug = False\ncuda = None\n",
            f"{USER}/torch-1.13.1+cpu.dist-info/METADATA": RECORD.format("1.13.1+cpu"),
            f"{USER}/torch-1.13.1+cpu.dist-info/INSTALLER": "pip\n",
        },
    ),
    planted(
        RTX3090_535,
        "ubuntu2204-rtx3090-535-local-torch-py",
        "local-module-shadows",
        status="warnings",
        envs=(venv(replace(TORCH_23_CU121, shadow="/home/ada/torch.py")),),
    ),
    planted(
        RTX3090_535,
        "ubuntu2204-rtx3090-570-torch290",
        status="healthy",
        driver=Driver(version="570.133.07", cuda="12.8"),
        envs=(
            venv(
                Torch(
                    version="2.9.0+cu128",
                    cuda="12.8",
                    cudnn="9.10.2",
                    archs=("sm_70", "sm_75", "sm_80", "sm_86", "sm_90", "sm_100", "sm_120"),
                )
            ),
        ),
        why="a release with a fix release: a remark and no more",
    ),
    planted(
        Machine(
            name="",
            os=hardware.JETSON_JP6,
            gpus=(hardware.ORIN,),
            driver=Driver(version="540.4.0", cuda="12.6", open=True, module_on_disk=False),
            jetson="NVIDIA Jetson AGX Orin Developer Kit",
        ),
        "jetson-orin-jp6-540-server-wheel",
        "jetson-generic-wheel",
        envs=(
            Env(
                kind="system",
                prefix="/usr",
                python="3.10.12",
                torch=Torch(
                    version="2.9.1+cu126",
                    cuda="12.6",
                    cudnn="9.10.2",
                    archs=("sm_80", "sm_90"),
                    live="unavailable",
                ),
                packages={"numpy": Pkg(version="1.26.1")},
                active=True,
            ),
        ),
    ),
)
SOUND = (
    Planted(
        machine=replace(
            RTX3090_535,
            name="ubuntu2204-rtx3090-535-company",
            envs=(
                venv(
                    TORCH_23_CU121,
                    packages=_beside(
                        torch_scatter=Pkg(version="2.1.2+pt23cu121"),
                        flash_attn=Pkg(version="2.5.8"),
                        xformers=Pkg(version="0.0.27", requires=("torch==2.3.1", "numpy")),
                        torchaudio=Pkg(version="2.3.1+cu121", requires=("torch==2.3.1",)),
                    ),
                ),
            ),
            files={f"{SITE}/flash_attn-2.5.8.dist-info/direct_url.json": FLASH_ADDRESS.replace("torch2.2", "torch2.3")},
        ),
        status="healthy",
        why="compiled companions that were all built for this torch and its CUDA",
    ),
    Planted(
        machine=replace(
            RTX3090_535,
            name="rhel9-rtx3090-535-lib64",
            os=hardware.RHEL_9,
            files=SPLIT,
            removed=(f"{SITE}/torch", f"{SITE}/torch-2.3.1+cu121.dist-info"),
        ),
        status="healthy",
        why="torch in lib64 and its wheels in lib, as the system's own pip lays them, and it works",
    ),
    Planted(
        machine=replace(
            RTX3090_535,
            name="ubuntu2204-rtx3090-535-user-site-same",
            envs=tuple(
                replace(env, shadowed=True) if env.torch else env
                for env in conda_pair(TORCH_112_CONDA, python="3.9.16")
            ),
            files={
                f"{USER}/torch/version.py": "__version__ = '1.12.1'\ndebug = False\ncuda = '11.3'\n",
                f"{USER}/torch-1.12.1.dist-info/METADATA": RECORD.format("1.12.1"),
                f"{USER}/torch-1.12.1.dist-info/INSTALLER": "pip\n",
            },
        ),
        status="healthy",
        why="the user's own torch is imported, and it is of the same version",
    ),
)
"""Machines with the same company, and nothing wrong with it."""
