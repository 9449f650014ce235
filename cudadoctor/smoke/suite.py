"""The tests: which there are, at which level, what each proves, how long it may take, and what it points to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from msgspec import Struct

from cudadoctor.facts.smoke import SmokeLevel

Where = Literal["survey", "device", "devices", "ranks"]


class Test(Struct, frozen=True, kw_only=True):
    """One test; `child.py` has the function of that name."""

    __test__ = False  # not one of pytest's

    name: str
    level: SmokeLevel
    layer: str
    summary: str
    limit: float = 30.0
    """Seconds, in which it ends many times over where all is well."""
    where: Where = "device"
    """survey: one child, before anything computes; device: on each; devices: one child that has all GPUs; ranks: one
    child for each GPU, which talk to each other."""
    suspects: tuple[str, ...] = ()
    """Causes that a failure points to, unless its message says more."""


ON_CPU = {
    "driver": "device", "CUDA context": "first operation", "cuBLAS": "BLAS", "cuDNN": "oneDNN", "cuFFT": "FFT",
    "cuSOLVER": "LAPACK", "cuSPARSE": "sparse", "cuRAND": "random numbers", "NCCL": "gloo",
}  # fmt: skip
"""What takes the place of a layer where the CPU is tested."""
_LOADER = ("ld-path-shadows-bundled-libs", "mixed-cuda-major-packages")
_DRIVER = ("driver-too-old-for-runtime", "driver-library-mismatch", "uvm-module-not-loaded")
_HARDWARE = ("gpu-ecc-hardware-fault", "gpu-row-remap-pending")
_ARCH = ("arch-not-in-build-gpu-newer", "arch-not-in-build-gpu-older")
_CPU_TOO = ("numpy2-vs-old-torch",)

LEVELS: tuple[SmokeLevel, ...] = ("import", "quick", "full", "burn")
"""Each holds those before it; burn holds import and quick."""
IMPORT = Test(
    name="import", level="import", layer="torch's import", summary="`import torch` in the environment's own python",
    limit=90.0, where="survey", suspects=("torch-import-fails", "torch-not-installed", *_LOADER),
)  # fmt: skip
FIRST_TOUCH = Test(
    name="first-touch", level="quick", layer="CUDA context", limit=90.0,
    summary="the context is made and the first kernel runs; measured apart",
    suspects=("cuda-driver-init-fails", "torch-cuda-unavailable", *_ARCH, "exclusive-compute-mode"),
)  # fmt: skip


def _test(name: str, layer: str, summary: str, *suspects: str, limit: float = 30.0, where: Where = "device") -> Test:
    return Test(
        name=name, level="quick", layer=layer, summary=summary, limit=limit, where=where, suspects=suspects
    )  # fmt: skip


_IMPORTED = (
    IMPORT,
    _test(
        "build",
        "torch build",
        "what torch was built for",
        "cpu-only-build",
        "aarch64-wheel-without-cuda",
        where="survey",
    ),
    _test("libraries", "loader", "which library files were taken; numpy and torch fit", *_CPU_TOO, where="survey"),
)
_QUICK = (
    _test("devices", "driver", "cuInit and the number of GPUs, against nvidia-smi's",
          "torch-cuda-unavailable", *_DRIVER, limit=90.0, where="survey"),
    FIRST_TOUCH,
    _test("properties", "driver", "name, compute capability and memory", *_DRIVER),
    _test("memory-patterns", "memory", "bytes to the GPU, there and back, bit for bit", *_HARDWARE, limit=60.0),
    _test("integer-kernel", "kernels", "an elementwise kernel and a sum, exact", *_ARCH),
    _test("matmul-fp32", "cuBLAS", "a product in fp32 against float64", *_LOADER, *_HARDWARE),
    _test("matmul-tf32", "cuBLAS", "a product in TF32 against float64", *_LOADER, *_HARDWARE),
    _test("matmul-fp16", "cuBLAS", "a product in fp16 against float64", *_LOADER, *_HARDWARE, limit=60.0),
    _test("matmul-bf16", "cuBLAS", "a product in bf16 against float64", *_LOADER, *_HARDWARE, limit=60.0),
    _test("matmul-fp64", "cuBLAS", "a product in fp64 against the CPU's", *_LOADER, *_HARDWARE),
    _test("convolution", "cuDNN", "a convolution, forward and backward, against float64",
          "cudnn-version-mismatch", *_LOADER, limit=60.0),
    _test("linear-regression", "autograd", "3,500 steps of gradient descent end where they must", limit=90.0),
    _test("memory-returns", "memory", "what was allocated is free again"),
)  # fmt: skip
_FULL = (
    _test("tensor-types", "tensors", "types and type checks"),
    _test("tensor-ranks", "tensors", "ranks 0 to 4: shape, size, dim, numel"),
    _test("tensor-creation", "tensors", "from lists and numpy; torch.Size and size()", *_CPU_TOO),
    _test("tensor-defaults", "tensors", "the default type and what changes it"),
    _test("tensor-filled", "tensors", "full, arange, range, linspace, logspace, eye, ones, zeros"),
    _test("full-dtype", "tensors", "the type of torch.full, by version"),
    _test("tensor-empty", "tensors", "empty and uninitialised"),
    _test("tensor-random", "tensors", "rand, randint, randn, normal"),
    _test("tensor-permutation", "tensors", "randperm as a shared index"),
    _test("tensor-errors", "tensors", "errors that are documented are raised"),
    _test("digits", "training", "a small network learns to read digits", limit=120.0),
    _test("deterministic-training", "training", "the same training twice gives the same bits", limit=60.0),
    _test("amp-step", "mixed precision", "steps in mixed precision", limit=60.0),
    _test("fft", "cuFFT", "there and back, and Parseval's equation", *_LOADER),
    _test("solver", "cuSOLVER", "equations, Cholesky, eigenvalues", *_LOADER, limit=60.0),
    _test("sparse", "cuSPARSE", "a sparse matrix times a dense one", *_LOADER),
    _test("random", "cuRAND", "equal seeds, equal bits; mean and variance", *_LOADER),
    _test("pinned-streams", "streams", "pinned memory, side streams and events", "memlock-limit-too-low"),
    _test("graph-replay", "CUDA graphs", "a replayed graph equals its steps"),
    _test("attention", "attention kernels", "each back end against float64"),
    _test("compile", "compiler", "torch.compile computes the same", "triton-toolchain-missing", limit=240.0),
    _test("triton", "Triton", "a kernel of Triton's own", "triton-toolchain-missing", limit=120.0),
    _test("data-loader", "data loading", "two workers, shared and pinned memory", "nccl-shm-too-small", limit=60.0),
    _test("copy-rate", "figures", "bytes a second to the device and back (information)", limit=60.0),
    _test("matmul-rate", "figures", "products a second (information)", limit=60.0),
    _test("peer-access", "peer access", "bytes between GPUs, both ways", "nccl-p2p-acs-iommu", limit=120.0,
          where="devices"),
    _test("all-reduce", "NCCL", "a sum over all GPUs, exact", "nccl-p2p-acs-iommu", "nccl-shm-too-small",
          "fabric-manager-not-running", limit=90.0, where="ranks"),
)  # fmt: skip
_BURN = (_test("burn", "endurance", "the same product again and again, patterns through memory", *_HARDWARE),)


def _at(level: SmokeLevel, tests: Sequence[Test]) -> tuple[Test, ...]:
    from msgspec.structs import replace

    return tuple(replace(one, level=level) for one in tests)


TESTS: tuple[Test, ...] = (*_at("import", _IMPORTED), *_QUICK, *_at("full", _FULL), *_at("burn", _BURN))
"""All, in the order in which they run."""
BY_NAME = {one.name: one for one in TESTS}
_LEVELS_OF: dict[SmokeLevel, tuple[SmokeLevel, ...]] = {
    "import": ("import",),
    "quick": ("import", "quick"),
    "full": ("import", "quick", "full"),
    "burn": ("import", "quick", "burn"),
}
TOTAL: dict[SmokeLevel, float] = {"import": 120.0, "quick": 300.0, "full": 900.0, "burn": 900.0}
"""Seconds for a whole run, where none are named; for burn besides the time of the burning itself."""


def chosen(level: SmokeLevel, only: Sequence[str] = ()) -> tuple[Test, ...]:
    """The tests of a level, or of any level those that are named. Raises KeyError for a name that there is not."""
    if only:
        wanted = {BY_NAME[name].name for name in only}
        return tuple(one for one in TESTS if one.name in wanted)
    return tuple(one for one in TESTS if one.level in _LEVELS_OF[level])
