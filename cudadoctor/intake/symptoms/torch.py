"""What torch and the CUDA runtime below it say."""

from __future__ import annotations

from cudadoctor.intake.symptoms.row import Row

_CUDA_INIT = "https://github.com/pytorch/pytorch/blob/main/c10/cuda/CUDAFunctions.cpp"
_RUNTIME_ERRORS = "https://docs.nvidia.com/cuda/cuda-runtime-api/group__CUDART__TYPES.html"

ROWS = (
    Row(
        kind="driver-too-old",
        word="driver on your system is too old",
        pattern=r"driver on your system is too old \(found version (?P<found>\d{3,6})\)",
        says="torch was built for a newer CUDA than this driver serves",
        source=_CUDA_INIT,
    ),
    Row(
        kind="no-kernel-image",
        word="no kernel image is available",
        pattern=r"no kernel image is available for execution on the device",
        says="the program has no machine code, and no PTX that can be compiled, for this GPU",
        source=_RUNTIME_ERRORS,
    ),
    Row(
        kind="no-nvidia-driver",
        word="found no nvidia driver",
        pattern=r"Found no NVIDIA driver on your system",
        says="torch could not load the CUDA driver library, or the library found no driver",
        source=_CUDA_INIT,
    ),
)
