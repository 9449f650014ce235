"""The same error by name, number, sentence, binding and language."""

from __future__ import annotations

import pytest

from cudadoctor.intake.messages.find import find


def kinds(text: str) -> set[str]:
    return {one.kind for one in find([("line 1", text)])}


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("libcudart.so.12: 无法打开共享对象文件: 没有那个文件或目录", "cuda-library-not-found"),
        ("libcublas.so.11: Ne peut ouvrir le fichier d'objet partagé: Aucun fichier", "cuda-library-not-found"),
        ("libcudnn.so.8: Kann die Shared-Object-Datei nicht öffnen: Datei nicht gefunden", "cuda-library-not-found"),
        ("libnvrtc.so.12: não é possível abrir arquivo de objetos compartilhados", "cuda-library-not-found"),
        ("libcufft.so.10: не удаётся открыть общий объектный файл: Нет такого файла", "cuda-library-not-found"),
        ("libcuda.so.1: no se puede abrir el archivo del objeto compartido: No existe", "libcuda-not-found"),
        ("libnvidia-ml.so.1: 共有オブジェクトファイルを開けません: そのような", "nvml-library-not-found"),
        ("pynvml.NVMLError_DriverNotLoaded: Driver Not Loaded", "nvml-driver-not-loaded"),
        ("nvml init failed: ERROR_LIB_RM_VERSION_MISMATCH", "nvml-driver-library-mismatch"),
        ("failed to get NVML device: ERROR_GPU_IS_LOST", "gpu-is-lost"),
        ("CUDA_ERROR_ILLEGAL_ADDRESS", "cuda-error-700"),
        ("CUDA error 700", "cuda-error-700"),
        ("RuntimeError: CUDA error: an illegal memory access was encountered", "cuda-error-700"),
        ("cudaErrorNoKernelImageForDevice", "cuda-error-209"),
        ("nvidia_uvm: Unknown symbol radix_tree_preloads (err -2)", "uvm-symbol-unknown"),
        ("modprobe: ERROR: could not insert 'nvidia': No such device", "module-no-such-device"),
        ("E: Unable to locate package linux-headers-6.8.0-40-generic", "kernel-headers-not-found"),
        ("E: Unable to locate package nvidia-driver-550", "driver-package-not-found"),
        ("ptxas fatal   : Value 'sm_120' is not defined for option 'gpu-name'", "jit-compiler-too-old"),
        ("nvidia-container-cli: device error: 7: unknown device: unknown.", "container-device-not-there"),
        ("Error: setting up CDI devices: unresolvable CDI devices nvidia.com/gpu=all", "cdi-device-unresolvable"),
    ],
)
def test_is_known(text: str, kind: str) -> None:
    assert kind in kinds(text)
