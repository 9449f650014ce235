"""What programs say of limits, shared memory, disks and variables."""

# ruff: noqa: E501  messages are long lines
from __future__ import annotations

from cudadoctor.intake.symptoms.row import Row

_NCCL_SHM = "https://docs.nvidia.com/deeplearning/nccl/user-guide/docs/troubleshooting.html"
_MULTIPROCESSING = "https://docs.pytorch.org/docs/stable/multiprocessing.html"
_ALLOCATOR = "https://docs.pytorch.org/docs/stable/notes/cuda.html"
_VARIABLES = "https://docs.nvidia.com/cuda/cuda-programming-guide/05-appendices/environment-variables.html"

ROWS = (
    Row(
        kind="shared-memory-full",
        word="no space left on device",
        pattern=r"posix_fallocate failed ?: No space left on device|/dev/shm/\S{1,120}.{0,60}No space left on device"
        r"|(?:shared memory|\(shm\)).{0,120}No space left on device",
        says="the shared memory is full: a program could not make a segment of it",
        source=_NCCL_SHM,
    ),
    Row(
        kind="shared-memory-segment-failed",
        word="error while creating shared memory segment",
        pattern=r"Error while creating shared memory segment (?P<segment>\S{0,80}) ?\(size (?P<size>\d{1,15})\)"
        r"(?:, error: (?P<error>[A-Z][\w ]{3,60}))?",
        says="NCCL could not make a segment of shared memory",
        source=_NCCL_SHM,
    ),
    Row(
        kind="shared-memory-workers",
        word="out of shared memory",
        pattern=r"dataloader's workers are out of shared memory",
        says="a worker of a DataLoader was killed by a bus error: /dev/shm is too small for its batches",
        source=_MULTIPROCESSING,
    ),
    Row(
        kind="shared-memory-workers",
        word="bus error",
        pattern=r"DataLoader worker \(pid\(?s?\)? ?[\d, ]{1,60}\) is killed by signal: Bus error",
        says="a worker of a DataLoader was killed by a bus error: /dev/shm is too small for its batches",
        source=_MULTIPROCESSING,
    ),
    Row(
        kind="memory-registration-refused",
        word="cannot allocate memory",
        pattern=r"(?P<call>ibv_(?:reg_mr|create_cq|create_qp|alloc_pd|reg_dmabuf_mr)\w{0,20})(?:\([^)]{0,200}\))? failed"
        r"(?: with error|:)? ?Cannot allocate memory",
        says="the kernel refused to lock memory for InfiniBand",
        source=_NCCL_SHM,
    ),
    Row(
        kind="allocator-option-refused",
        word="cachingallocator option",
        pattern=r"Unrecognized (?:key '[^']{1,60}' in )?CachingAllocator option:? ?(?P<option>[\w\"'./=-]{1,60})?"
        r"|CachingAllocator option (?P<value>\w{1,60}) (?:too small|too large|set too|must)",
        says="torch does not know an option in PYTORCH_CUDA_ALLOC_CONF",
        source=_ALLOCATOR,
    ),
    Row(
        kind="allocator-option-refused",
        word="error parsing cachingallocator settings",
        pattern=r"Error parsing CachingAllocator settings",
        says="torch cannot read PYTORCH_CUDA_ALLOC_CONF",
        source=_ALLOCATOR,
    ),
    Row(
        kind="allocator-option-refused",
        word="single true/false argument",
        pattern=r"Expected a single True/False argument for (?P<value>\w{1,60})",
        says="an option in PYTORCH_CUDA_ALLOC_CONF must be True or False, written so",
        source=_ALLOCATOR,
    ),
    Row(
        kind="cache-permission-denied",
        word="permission denied",
        pattern=r"Permission denied: '(?P<path>/[^']{0,200}/(?:\.triton|\.nv|torch_extensions|torchinductor_?\w{0,40}|"
        r"ComputeCache)(?:/[^']{0,200})?)'",
        says="a directory in which compiled kernels are kept may not be written",
        source="https://docs.pytorch.org/docs/stable/torch.compiler_cache.html",
    ),
    Row(
        kind="mapping-refused",
        word="failed to map segment from shared object",
        pattern=r"(?P<path>/[^\s:'\"]{1,240}): failed to map segment from shared object(?:: (?P<error>[A-Z][\w ]{3,40}))?",
        says="the loader may not run code from that file's file system, or has no memory for it",
        source="https://man7.org/linux/man-pages/man8/mount.8.html",
    ),
    Row(
        kind="disk-full",
        word="[errno 28]",
        pattern=r"\[Errno 28\] No space left on device(?:: '(?P<path>/[^']{1,240})')?",
        says="a file system is full",
        source="https://man7.org/linux/man-pages/man3/errno.3.html",
    ),
    Row(
        kind="musl-loader",
        word="error relocating",
        pattern=r"Error relocating (?P<path>/[^\s:]{0,200}(?:torch|nvidia|cuda|c10|cudnn)[^\s:]{0,200}): ",
        says="the loader of musl (Alpine Linux) cannot load a library that was made for glibc",
        source="https://wiki.musl-libc.org/functional-differences-from-glibc.html",
    ),
    Row(
        kind="musl-loader",
        word="error loading shared library",
        pattern=r"Error loading shared library ld-linux-\S{1,30}: .{0,80}needed by "
        r"(?P<path>/[^\s)]{0,200}(?:torch|nvidia|cuda|c10|cudnn|tensorrt)[^\s)]{0,200})",
        says="the loader of musl (Alpine Linux) cannot load a library that was made for glibc",
        source="https://wiki.musl-libc.org/functional-differences-from-glibc.html",
    ),
    Row(
        kind="program-finds-no-gpu",
        word="gpu",
        pattern=r"\bNo (?:CUDA |NVIDIA )?GPUs? (?:are |is |was |were )?(?:found|available|detected)\b",
        says="the program was left without a GPU",
        source=_VARIABLES,
    ),
    Row(
        kind="device-index-too-high",
        word="invalid device ordinal",
        pattern=r"invalid device ordinal",
        says="the program asked for a GPU whose number does not exist for it",
        source=_VARIABLES,
    ),
    Row(
        kind="device-index-too-high",
        word="num_gpus",
        pattern=r"device >= 0 && device < num_gpus(?:.{0,80}device=(?P<device>\d{1,3}), ?num_gpus=(?P<count>\d{1,3}))?",
        says="the program asked torch for a GPU whose number does not exist for it",
        source=_VARIABLES,
    ),
    Row(
        kind="device-index-too-high",
        word="deserialize object on cuda device",
        pattern=r"deserialize object on CUDA device (?P<device>\d{1,3}) but torch\.cuda\.device_count\(\) is (?P<count>\d{1,3})",
        says="the program asked torch for a GPU whose number does not exist for it",
        source=_VARIABLES,
    ),
)
