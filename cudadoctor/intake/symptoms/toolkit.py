"""What nvcc, ptxas, the host compiler and torch's extension builder say."""

# ruff: noqa: E501  messages are long lines
from __future__ import annotations

from cudadoctor.intake.symptoms.row import Row

_HOST_CONFIG = "https://docs.nvidia.com/cuda/cuda-installation-guide-linux/#host-compiler-support-policy"
_NVCC = "https://docs.nvidia.com/cuda/cuda-compiler-driver-nvcc/"
_EXTENSION = "https://github.com/pytorch/pytorch/blob/main/torch/utils/cpp_extension.py"
_MATH = "https://sourceware.org/glibc/wiki/Release/2.41"
_HEADERS = (
    r"cublas(?:_v2|Lt|Xt)?|cusparse|cusolver(?:Dn|Sp)?|cufft|curand(?:_kernel)?|nvrtc|nppi?|nvjpeg|cupti|cuda_fp16"
)

ROWS = (
    Row(
        kind="unsupported-host-compiler",
        word="unsupported gnu version",
        pattern=r"unsupported GNU version! gcc (?:versions later than (?P<newest>\d{1,2})(?:\.\d{1,2})? are not supported"
        r"|(?P<below>\d{1,2}(?:\.\d{1,2})?) and up are not supported)",
        says="nvcc's header stops the build: gcc is newer than this toolkit was made for",
        source=_HOST_CONFIG,
    ),
    Row(
        kind="unsupported-host-compiler",
        word="unsupported clang version",
        pattern=r"unsupported clang version! clang version must be less than (?P<below>\d{1,2})",
        says="nvcc's header stops the build: clang is newer than this toolkit was made for",
        source=_HOST_CONFIG,
    ),
    Row(
        kind="unsupported-host-compiler",
        word="unsupported microsoft visual studio",
        pattern=r"unsupported Microsoft Visual Studio version!(?: Only the versions between (?P<from>[\d.]{1,8}) and "
        r"(?P<newest>[\d.]{1,8}))?",
        says="nvcc's header stops the build: Visual Studio is not one of those that this toolkit was made for",
        source=_HOST_CONFIG,
    ),
    Row(
        kind="unsupported-host-compiler",
        word="maximum required version by cuda",
        pattern=r"installed version of (?P<compiler>[\w.+/-]{1,200}) \((?P<found>\d{1,2}(?:\.\d{1,3}){0,2})\) is greater than "
        r"the maximum required version by CUDA (?P<cuda>\d{1,2}\.\d)[^(\n]{0,60}(?:\((?P<newest>\d{1,2})[\d.]{0,8}\))?",
        says="torch's extension builder refuses: the compiler is newer than the toolkit accepts",
        source=_EXTENSION,
    ),
    Row(
        kind="unsupported-host-compiler",
        word="minimum required version by cuda",
        pattern=r"installed version of (?P<compiler>[\w.+/-]{1,200}) \((?P<found>\d{1,2}(?:\.\d{1,3}){0,2})\) is less than "
        r"the minimum required version by CUDA (?P<cuda>\d{1,2}\.\d)[^(\n]{0,60}(?:\((?P<oldest>\d{1,2})[\d.]{0,8}\))?",
        says="torch's extension builder refuses: the compiler is older than the toolkit needs",
        source=_EXTENSION,
    ),
    Row(
        kind="unsupported-gpu-architecture",
        word="unsupported gpu architecture",
        pattern=r"Unsupported gpu architecture '(?:compute|sm|lto)_(?P<arch>\d{2,3})[af]?'",
        says="nvcc does not know the architecture that it was asked to compile for",
        source=_NVCC,
    ),
    Row(
        kind="unsupported-gpu-architecture",
        word="is not defined for option",
        pattern=r"Value '(?:compute|sm)_(?P<arch>\d{2,3})[af]?' is not defined for option 'gpu-(?:architecture|code)'",
        says="nvcc does not know the architecture that it was asked to compile for",
        source=_NVCC,
    ),
    Row(
        kind="detected-cuda-mismatches-torch",
        word="mismatches the version that was used",
        pattern=r"detected CUDA version \((?P<detected>\d{1,2}\.\d{1,2})\) mismatches the version that was used to compile"
        r"(?: PyTorch \((?P<torch>\d{1,2}\.\d{1,2})\))?",
        says="torch's extension builder refuses: nvcc and torch are of different CUDA versions",
        source=_EXTENSION,
    ),
    Row(
        kind="torch-was-compiled-with-cuda",
        word="please make sure to use the same cuda",
        pattern=r"(?:\A|\s)PyTorch \((?P<torch>\d{1,2}\.\d{1,2})\)\. Please make sure to use the same CUDA",
        says="the second half of the message on nvcc and torch of different CUDA versions",
        source=_EXTENSION,
    ),
    Row(
        kind="cuda-home-not-set",
        word="cuda_home environment variable is not set",
        pattern=r"(?:OSError|EnvironmentError): CUDA_HOME environment variable is not set",
        says="a build looked for a CUDA toolkit and found none: no CUDA_HOME, no nvcc on PATH, no /usr/local/cuda",
        source=_EXTENSION,
    ),
    Row(
        kind="nvcc-path-is-a-list",
        word="/bin/nvcc",
        pattern=r"(?<![\w.])(?P<path>(?:/[^\s'\"`=:]{0,200})?:[^\s'\"`=]{0,200}/bin/nvcc)\b",
        says="a program looked for nvcc below a list of directories, as if it were one",
        source=_EXTENSION,
    ),
    Row(
        kind="nvcc-not-at-cuda-home",
        word="/bin/nvcc'",
        pattern=r"No such file or directory: '(?P<root>/[^'\s:]{1,200})/bin/nvcc'",
        says="a build looked for nvcc in the directory that it took for the toolkit, and it is not there",
        source=_EXTENSION,
    ),
    Row(
        kind="cudnn-header-missing",
        word="cudnn",
        pattern=r"fatal error: (?:\S{0,40}/)?cudnn(?:_version|_v8|_v9)?\.h: No such file or directory",
        says="the compiler finds no header of cuDNN",
        source="https://docs.nvidia.com/deeplearning/cudnn/installation/linux.html",
    ),
    Row(
        kind="toolkit-header-missing",
        word="no such file or directory",
        pattern=rf"fatal error: (?P<header>(?:{_HEADERS}|thrust/[\w/]{{1,60}}|cub/[\w/]{{1,60}}|nvToolsExt|nvtx3/\w{{1,40}})"
        r"\.(?:h|hpp|cuh)): No such file or directory",
        says="the compiler finds no header of one of the toolkit's libraries",
        source="https://docs.nvidia.com/cuda/cuda-installation-guide-linux/",
    ),
    Row(
        kind="math-header-conflict",
        word="exception specification is incompatible",
        pattern=r"exception specification is incompatible with that of previous function [\"“'](?P<function>"
        r"(?:cospi|sinpi|rsqrt|sincospi)f?)[\"”']",
        says="glibc's math.h and the toolkit's math_functions.h declare the same function differently",
        source=_MATH,
    ),
    Row(
        kind="build-tool-missing",
        word="ninja is required",
        pattern=r"(?P<tool>Ninja) is required to load C\+\+ extensions",
        says="torch's extension builder finds no ninja",
        source=_EXTENSION,
    ),
    Row(
        kind="build-tool-missing",
        word="no such file or directory",
        pattern=r"(?:command|execute) '(?:\S{1,60}/)?(?P<tool>[\w-]{0,40}(?:gcc|g\+\+|c\+\+|cc)(?:-\d{1,2})?)'(?: failed)?: "
        r"No such file or directory",
        says="the build finds no C or C++ compiler",
        source="https://docs.python.org/3/extending/building.html",
    ),
    Row(
        kind="build-tool-missing",
        word="cmake_cxx_compiler",
        pattern=r"No (?P<tool>CMAKE_(?:C|CXX)_COMPILER) could be found",
        says="CMake finds no C or C++ compiler",
        source="https://cmake.org/cmake/help/latest/command/project.html",
    ),
    Row(
        kind="build-tool-missing",
        word="python.h",
        pattern=r"fatal error: (?P<tool>Python\.h): No such file or directory",
        says="the compiler finds no headers of this Python",
        source="https://docs.python.org/3/extending/building.html",
    ),
    Row(
        kind="build-tool-missing",
        word="failed to find c compiler",
        pattern=r"Failed to find (?P<tool>C compiler)\. Please specify via CC environment variable",
        says="Triton finds no C compiler; it needs one for every kernel",
        source="https://github.com/triton-lang/triton/blob/main/python/triton/runtime/build.py",
    ),
)
