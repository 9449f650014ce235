"""What torch and the CUDA runtime below it say."""

from __future__ import annotations

from cudadoctor.intake.symptoms.row import Row

_CUDA_INIT = "https://github.com/pytorch/pytorch/blob/main/c10/cuda/CUDAFunctions.cpp"
_CUDA_PY = "https://github.com/pytorch/pytorch/blob/main/torch/cuda/__init__.py"
_CPP_EXTENSION = "https://github.com/pytorch/pytorch/blob/main/torch/utils/cpp_extension.py"
_COLLECT_ENV = "https://github.com/pytorch/pytorch/blob/main/torch/utils/collect_env.py"
_NUMPY_2 = "https://numpy.org/doc/stable/numpy_2_0_migration_guide.html"
_TENSOR_NUMPY = "https://github.com/pytorch/pytorch/blob/main/torch/csrc/utils/tensor_numpy.cpp"
_TRITON = "https://github.com/triton-lang/triton/blob/main/python/triton/runtime/build.py"
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
    Row(
        kind="torch-without-cuda",
        word="not compiled with cuda",
        pattern=r"\bTorch not compiled with CUDA enabled",
        says="this torch was built without CUDA",
        source=_CUDA_PY,
    ),
    Row(
        kind="torch-without-cuda",
        word="cuda used to build pytorch",
        pattern=r"CUDA used to build PyTorch: ?(?:None|Could not collect|No CUDA)\s*\Z",
        says="this torch was built without CUDA",
        source=_COLLECT_ENV,
    ),
    Row(
        kind="gpu-not-in-build",
        word="is not compatible with the current pytorch",
        pattern=r"(?P<gpu>[^:\n]{1,80}?) with CUDA capability sm_(?P<sm>\d{2,3}) "
        r"is not compatible with the current PyTorch",
        says="torch has no code for this GPU",
        source=_CUDA_PY,
    ),
    Row(
        kind="build-arch-list",
        word="supports cuda capabilities",
        pattern=r"current PyTorch install supports CUDA capabilities "
        r"(?P<archs>(?:(?:sm|compute)_\d{2,3}[af]? ?){1,24})",
        says="the architectures that torch was built for",
        source=_CUDA_PY,
    ),
    Row(
        kind="gpu-capability",
        word="which is of c",
        pattern=r"Found GPU\d{1,2} (?P<gpu>[^\n]{1,80}?) which is of (?:cuda capability|compute capability \(CC\)) "
        r"(?P<capability>\d{1,2}\.\d)",
        says="the compute capability of a GPU that torch has something to say about",
        source=_CUDA_PY,
    ),
    Row(
        kind="gpu-too-old-for-torch",
        word="no longer supports this gpu",
        pattern=r"PyTorch no longer supports this GPU because it is too old",
        says="the GPU is older than everything that torch was built for",
        source=_CUDA_PY,
    ),
    Row(
        kind="no-kernels-for-gpu",
        word="does not include kernels for this gpu",
        pattern=r"installed torch==(?P<torch>\d[\w.+-]{1,40}) does not include kernels for this GPU",
        says="torch has no code for this GPU",
        source=_CUDA_PY,
    ),
    Row(
        kind="ptx-unsupported",
        word="unsupported toolchain",
        pattern=r"provided PTX was compiled with an unsupported toolchain",
        says="the driver cannot compile PTX of so new a toolkit",
        source=_RUNTIME_ERRORS,
    ),
    Row(
        kind="ptx-unsupported",
        word="unsupported_ptx_version",
        pattern=r"CUDA_ERROR_UNSUPPORTED_PTX_VERSION",
        says="the driver cannot compile PTX of so new a toolkit",
        source=_RUNTIME_ERRORS,
    ),
    Row(
        kind="ptx-unsupported",
        word="cudaerrorunsupportedptxversion",
        pattern=r"cudaErrorUnsupportedPtxVersion",
        says="the driver cannot compile PTX of so new a toolkit",
        source=_RUNTIME_ERRORS,
    ),
    Row(
        kind="toolkit-of-extension-build",
        word="the detected cuda version",
        pattern=r"The detected CUDA version \((?P<toolkit>\d{1,2}\.\d{1,2})\) mismatches the version "
        r"that was used to compile"
        r"(?:\s{1,40}PyTorch \((?P<torch>\d{1,2}\.\d{1,2})\))?",
        says="the nvcc that would compile an extension is of another CUDA than torch",
        source=_CPP_EXTENSION,
    ),
    Row(
        kind="torch-of-extension-build",
        word="please make sure to use the same cuda",
        pattern=r"PyTorch \((?P<torch>\d{1,2}\.\d{1,2})\)\. Please make sure to use the same CUDA versions",
        says="the CUDA that torch was built for, as the builder of an extension says",
        source=_CPP_EXTENSION,
    ),
    Row(
        kind="toolkit-of-extension-build",
        word="does not match the version used to compile",
        pattern=r"compiled with a version of Cuda that does not match the version used to compile Pytorch binaries",
        says="the nvcc that would compile an extension is of another CUDA than torch",
        source="https://github.com/NVIDIA/apex/blob/master/setup.py",
    ),
    Row(
        kind="toolkit-of-extension-build",
        word="version torch was compiled with",
        pattern=r"Installed CUDA version (?P<toolkit>\d{1,2}\.\d{1,2}) does not match the version torch "
        r"was compiled with (?P<torch>\d{1,2}\.\d{1,2})(?! but since)",
        says="the nvcc that would compile an extension is of another CUDA than torch",
        source="https://github.com/deepspeedai/DeepSpeed/blob/master/op_builder/builder.py",
    ),
    Row(
        kind="built-for-numpy-1",
        word="compiled using numpy 1",
        pattern=r"compiled using NumPy 1\.x cannot be run in(?: NumPy (?P<numpy>2[\d.]{0,12}))?",
        says="a module that was built for NumPy 1 met NumPy 2",
        source=_NUMPY_2,
    ),
    Row(
        kind="torch-without-numpy",
        word="numpy is not available",
        pattern=r"\bNumpy is not available",
        says="torch could not start its bridge to NumPy when it was imported",
        source=_TENSOR_NUMPY,
    ),
    Row(
        kind="torch-without-numpy",
        word="infer dtype of numpy",
        pattern=r"Could not infer dtype of numpy\.\w{2,20}",
        says="torch could not start its bridge to NumPy when it was imported",
        source="https://github.com/pytorch/pytorch/blob/main/torch/csrc/utils/tensor_new.cpp",
    ),
    Row(
        kind="torch-asks-numpy",
        word="_get_default_device()",
        # The line of torch/nn/modules/transformer.py that first asks for NumPy: NumPy's warning quotes it.
        pattern=r"torch\.device\(torch\._C\._get_default_device\(\)\)",
        says="torch's first use of NumPy, in a traceback",
        source="https://github.com/pytorch/pytorch/blob/main/torch/nn/modules/transformer.py",
    ),
    Row(
        kind="torch-numpy-interface",
        word="_array_api not found",
        pattern=r"Failed to initialize NumPy: _ARRAY_API not found",
        says="torch was built for NumPy 1 and met NumPy 2",
        source=_TENSOR_NUMPY,
    ),
    Row(
        kind="no-c-compiler",
        word="find c compiler",
        pattern=r"Failed to find C compiler",
        says="triton compiles a small C module at run time, and found no C compiler",
        source=_TRITON,
    ),
    Row(
        kind="no-python-header",
        word="python.h",
        pattern=r"Python\.h: No such file or directory",
        says="the headers of this Python are not installed",
        source=_TRITON,
    ),
    Row(
        kind="torch-source-checkout",
        word="failed to load pytorch c extensions",
        pattern=r"Failed to load PyTorch C extensions",
        says="Python imported torch's source tree, which has no compiled part, in place of the installed torch",
        source="https://github.com/pytorch/pytorch/blob/main/torch/__init__.py",
    ),
    Row(
        kind="module-imports-itself",
        word="partially initialized module",
        pattern=r"partially initialized module '(?P<module>torch|torchvision|numpy|triton)'[^\n]{0,200}?"
        r"(?P<file>[^\s'\"()]{0,200}[\\/](?:torch|torchvision|numpy|triton)\.py)",
        says="a file of the user's with the name of a library was imported in its place",
        source="https://docs.python.org/3/tutorial/modules.html#the-module-search-path",
    ),
    Row(
        kind="module-imports-itself",
        word="cannot import name",
        pattern=r"cannot import name '\w{1,60}' from '(?P<module>torch|torchvision|numpy|triton)' "
        r"\((?P<file>[^\s'\"()]{0,200}[\\/](?:torch|torchvision|numpy|triton)\.py)\)",
        says="a file of the user's with the name of a library was imported in its place",
        source="https://docs.python.org/3/tutorial/modules.html#the-module-search-path",
    ),
    Row(
        kind="torch-in-lib64",
        word="lib64/python3",
        pattern=r"lib64/python3\.\d{1,2}/site-packages/torch/__init__\.py",
        says="torch lies in the lib64 of its environment",
        source="https://docs.python.org/3/library/sysconfig.html#installation-paths",
    ),
    Row(
        kind="wheel-library-missing",
        word="cannot open shared object file",
        pattern=r"(?P<library>lib(?:cudnn|cublas|cublasLt|cudart|nccl|cufft|curand|cusparse|cusparseLt|cusolver|nvrtc"
        r"|nvJitLink|cupti|nvToolsExt|cufile|nvshmem_host)\.so\.\d{1,2}[\d.]{0,12}): cannot open shared object file",
        says="a CUDA library that torch's wheels bring along was not found",
        source="https://man7.org/linux/man-pages/man8/ld.so.8.html",
    ),
)
