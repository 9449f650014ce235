"""What the dynamic loader, the linker and CUDA's libraries say of each other."""

from __future__ import annotations

from cudadoctor.intake.symptoms.row import Row

_DL = "https://sourceware.org/git/?p=glibc.git;a=blob;f=elf/dl-load.c"
_DL_VERSION = "https://sourceware.org/git/?p=glibc.git;a=blob;f=elf/dl-version.c"
_DL_LOOKUP = "https://sourceware.org/git/?p=glibc.git;a=blob;f=elf/dl-lookup.c"
_TORCH_CUDNN = "https://github.com/pytorch/pytorch/blob/main/torch/backends/cudnn/__init__.py"
_CUDNN = "https://docs.nvidia.com/deeplearning/cudnn/latest/api/overview.html"
_LDD = "https://man7.org/linux/man-pages/man1/ldd.1.html"
_TRITON = "https://github.com/triton-lang/triton/issues/2507"
_MKL = "https://github.com/pytorch/pytorch/issues/123097"
_NVJITLINK = "https://github.com/pytorch/pytorch/issues/134929"
_NCCL = "https://docs.nvidia.com/deeplearning/nccl/user-guide/docs/api.html"

_LIBRARIES = (
    r"lib(?:cudart|cublasLt|cublas|cudnn\w{0,40}|cufft|curand|cusolver|cusparseLt|cusparse|nccl|nvrtc|nvJitLink|cupti"
    r"|nvToolsExt)"
)
_SONAME = rf"{_LIBRARIES}(?:-[0-9a-f]{{6,12}})?\.so(?:\.\d{{1,4}}){{0,4}}"
_FILE = r"(?:(?P<file>[\w./+~@-]{1,300}): )?"
_NOT_FOUND = r"[`'\"‘’]? not found(?: \(required by (?P<by>[^()\n]{1,300})\))?"


def _version_row(word: str, kind: str, what: str, says: str) -> Row:
    return Row(
        kind=kind,
        word=word,
        pattern=rf"{_FILE}version [`'\"‘]?(?P<version>{what}){_NOT_FOUND}",
        says=says,
        source=_DL_VERSION,
    )


ROWS = (
    _version_row(
        "glibc_",
        "glibc-version-not-found",
        r"GLIBC_\d\.\d{1,3}",
        "a program needs a newer glibc than this system has",
    ),
    _version_row(
        "glibcxx_",
        "libstdcxx-version-not-found",
        r"GLIBCXX_\d\.\d(?:\.\d{1,3}){0,1}",
        "a program needs a newer libstdc++ than the one that was loaded",
    ),
    _version_row(
        "cxxabi_",
        "libstdcxx-version-not-found",
        r"CXXABI_\d\.\d(?:\.\d{1,3}){0,1}",
        "a program needs a newer libstdc++ than the one that was loaded",
    ),
    Row(
        kind="cudnn-part-not-found",
        word="could not load library libcudnn",
        pattern=r"Could not load library (?P<library>libcudnn_\w{1,40}\.so\.\d{1,2})[\d.]{0,10}\. "
        r"Error: libcudnn_\w{1,40}\.so[\d.]{0,12}: cannot open shared object file",
        says="cuDNN was found, and the loader finds no file for one of its parts",
        source=_CUDNN,
    ),
    Row(
        kind="cudnn-part-not-found",
        word="unable to load any of {libcudnn",
        pattern=r"Unable to load any of \{(?P<library>libcudnn_\w{1,40}\.so\.\d{1,2})[\d.]{0,10}",
        says="cuDNN was found, and the loader finds no file for one of its parts",
        source=_CUDNN,
    ),
    Row(
        kind="cudnn-symbol-undefined",
        word="could not load library libcudnn",
        pattern=r"Could not load library libcudnn_\w{1,40}\.so[\d.]{1,12} Error: (?P<file>[\w./+~@-]{1,300}): "
        r"undefined symbol: (?P<symbol>\w{1,200})",
        says="two parts of cuDNN are of different versions",
        source=_CUDNN,
    ),
    Row(
        kind="cuda-library-not-found",
        word="cannot open shared object file",
        pattern=rf"(?<![\w/.])(?P<library>{_SONAME}): cannot open shared object file",
        says="the loader finds no file of that name",
        source=_DL,
    ),
    Row(
        kind="cuda-library-not-found",
        word="=> not found",
        pattern=rf"(?<![\w/.])(?P<library>{_SONAME}) => not found",
        says="the loader finds no file of that name",
        source=_LDD,
    ),
    Row(
        kind="cuda-library-resolved",
        word="=> /",
        pattern=rf"(?<![\w/.])(?P<library>{_SONAME}) => (?P<path>/[^\s()]{{1,300}}) \(0x",
        says="ldd: the file that the loader takes",
        source=_LDD,
    ),
    Row(
        kind="cuda-library-in-cache",
        word=") => /",
        pattern=rf"(?<![\w/.])(?P<library>{_SONAME}) \(libc6[^()\n]{{0,80}}\) => (?P<path>/[^\s()]{{1,300}})",
        says="ldconfig: a library in the loader's cache",
        source="https://man7.org/linux/man-pages/man8/ldconfig.8.html",
    ),
    Row(
        kind="cuda-told",
        word="cuda",
        # Words, not nvidia-smi's header: that is the newest CUDA that the driver serves.
        pattern=r"^(?!\|)(?![^\n]{0,200}(?:nvidia-smi|nccl))[^\n]{0,300}?\bcuda ?(?:toolkit ?)?"
        r"(?:versions? ?)?(?:is |was |[:=：] ?|-)?v?(?P<cuda>(?:8|9|1[0-3])\.\d)(?!\d|\.\d{2})",
        says="which CUDA somebody has, in words",
        source="https://docs.nvidia.com/cuda/cuda-installation-guide-linux/",
    ),
    Row(
        kind="nvjitlink-symbol-undefined",
        word="undefined symbol: __nvjitlink",
        pattern=rf"{_FILE}undefined symbol: (?P<symbol>__nvJitLink[A-Za-z]{{1,60}}_(?P<version>\d{{1,2}}_\d{{1,2}}))\b",
        says="the libnvJitLink that was loaded is older than the library that needs it",
        source=_NVJITLINK,
    ),
    Row(
        kind="nccl-symbol-undefined",
        word="undefined symbol",
        pattern=rf"{_FILE}undefined symbol:? (?P<symbol>p?nccl[A-Z]\w{{1,80}})",
        says="the NCCL that was loaded is older than the one that the program was built with",
        source=_NCCL,
    ),
    Row(
        kind="cuda-symbol-undefined",
        word="undefined symbol: cu",
        pattern=rf"{_FILE}undefined symbol: (?P<symbol>(?:cublas|cusparse|cusolver|cufft|curand|cudnn)[A-Z]\w{{1,80}})",
        says="a CUDA library that was loaded is of another version than the program was built with",
        source=_DL_LOOKUP,
    ),
    Row(
        kind="cudnn-version-incompatible",
        word="but found runtime version",
        pattern=r"compiled {1,3}against \((?P<wanted>\d{1,2}, ?\d{1,2}, ?\d{1,2})\) but found runtime version "
        r"\((?P<found>\d{1,2}, ?\d{1,2}, ?\d{1,2})\)",
        says="torch was given another cuDNN than the one it was built with",
        source=_TORCH_CUDNN,
    ),
    Row(
        kind="cudnn-version-incompatible",
        word="but linked against",
        # torch before 1.13, cuDNN's version as three numbers or as one.
        pattern=r"compiled {1,3}against \(?(?P<wanted>\d{4,6}|\d{1,2}, ?\d{1,2}, ?\d{1,2})\)? but linked against "
        r"\(?(?P<found>\d{4,6}|\d{1,2}, ?\d{1,2}, ?\d{1,2})\)?",
        says="torch was given another cuDNN than the one it was built with",
        source=_TORCH_CUDNN,
    ),
    Row(
        kind="xla-cudnn-incompatible",
        word="but source was compiled with",
        pattern=r"Loaded runtime CuDNN library: (?P<found>\d{1,2}\.\d{1,2}\.\d{1,2}) but source was compiled with: "
        r"(?P<wanted>\d{1,2}\.\d{1,2}\.\d{1,2})",
        says="TensorFlow or JAX was given an older cuDNN than the one it was built with",
        source="https://github.com/openxla/xla/blob/main/xla/stream_executor/cuda/cuda_dnn.cc",
    ),
    Row(
        kind="cublas-halves-differ",
        word="libcublaslt.so",
        pattern=r"(?P<file>[\w./+~@-]{0,300}libcublas\.so\.\d{1,2}): (?:undefined )?symbol:? "
        r"(?P<symbol>\w{2,80}),? version libcublasLt\.so",
        says="cuBLAS was given a libcublasLt of another release than its own",
        source=_DL_LOOKUP,
    ),
    Row(
        kind="cudnn-on-library-path",
        word="contains incompatible version of cudnn",
        pattern=r"LD_LIBRARY_PATH contains incompatible version of cudnn",
        says="torch: LD_LIBRARY_PATH leads to another cuDNN than its own",
        source=_TORCH_CUDNN,
    ),
    Row(
        kind="cudnn-parts-differ",
        word="version_mismatch",
        pattern=r"CUDNN_STATUS_(?:SUBLIBRARY_)?VERSION_MISMATCH",
        says="two parts of cuDNN are of different versions",
        source=_CUDNN,
    ),
    Row(
        kind="linker-finds-no-libcuda",
        word="cannot find -lcuda",
        pattern=r"cannot find -lcuda(?![\w-])",
        says="the linker finds no libcuda.so",
        source="https://man7.org/linux/man-pages/man1/ld.1.html",
    ),
    Row(
        kind="triton-finds-no-libcuda",
        word="libcuda.so cannot found",
        pattern=r"libcuda\.so cannot found",
        says="triton finds no libcuda.so in the loader's cache",
        source=_TRITON,
    ),
    Row(
        kind="mkl-symbol-undefined",
        word="ijit_notifyevent",
        pattern=rf"{_FILE}undefined symbol: iJIT_NotifyEvent",
        says="the installed MKL no longer has a symbol that torch needs",
        source=_MKL,
    ),
)
