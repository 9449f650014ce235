"""CUDA's error codes, by number, name and words.

They give kinds `cuda-error-N`, N as the driver API counts (CUDA 10.1 and newer: the runtime counts alike). A
code may be met as a number ("CUDA error 803"), as a name (`CUDA_ERROR_SYSTEM_DRIVER_MISMATCH`,
`cudaErrorSystemDriverMismatch`) or in words; runtimes before 10.1 printed numbers of their own (30, 38, 10, 46).
"""

from __future__ import annotations

from cudadoctor.intake.symptoms.row import Row

_CODES = "https://docs.nvidia.com/cuda/cuda-runtime-api/group__CUDART__TYPES.html"
_DRIVER_CODES = "https://docs.nvidia.com/cuda/cuda-driver-api/group__CUDA__TYPES.html"

# code: (names, (words of cudaGetErrorString and cuGetErrorString, a rare part first), older numbers, what it says).
# The words of the driver and of the runtime are the same; torch, numba, CuPy and the samples print one of the three.
_ERRORS: tuple[tuple[int, tuple[str, ...], tuple[tuple[str, str], ...], tuple[int, ...], str], ...] = (
    (
        2,
        ("CUDA_ERROR_OUT_OF_MEMORY", "cudaErrorMemoryAllocation"),
        (("out of memory", r"CUDA (?:error: )?out of memory|CUDA[^\n]{0,40}: out of memory"),),
        (),
        "the GPU had too little free memory for an allocation",
    ),
    (
        3,
        ("CUDA_ERROR_NOT_INITIALIZED", "cudaErrorInitializationError"),
        (("initialization error", r"(?:CUDA|cuda|cuInit)[^\n]{0,80}\binitialization error"),),
        (),
        "CUDA was used in a process in which it was not, or cannot be, initialised (after a fork, for one)",
    ),
    (
        34,
        ("CUDA_ERROR_STUB_LIBRARY", "cudaErrorStubLibrary"),
        (("stub library", r"CUDA driver is a stub library"),),
        (),
        "the libcuda that was loaded is the toolkit's stub, which is for linking only",
    ),
    (
        35,
        ("cudaErrorInsufficientDriver",),
        (("version is insufficient", r"driver version is insufficient for CUDA runtime version"),),
        (),
        "the driver that was found serves an older CUDA than the program's runtime, or none was found at all",
    ),
    (
        46,
        ("CUDA_ERROR_DEVICE_UNAVAILABLE", "cudaErrorDevicesUnavailable", "cudaErrorDeviceUnavailable"),
        (("busy or unavailable", r"CUDA-capable device(?:s are|\(s\) is/are) busy or unavailable"),),
        (),
        "the GPU refuses a new program: another one has it to itself, or a mode or a licence forbids it",
    ),
    (
        100,
        ("CUDA_ERROR_NO_DEVICE", "cudaErrorNoDevice"),
        (("no cuda-capable device", r"no CUDA-capable device is (?:detected|available)"),),
        (38,),
        "the CUDA driver library found no GPU",
    ),
    (
        101,
        ("CUDA_ERROR_INVALID_DEVICE", "cudaErrorInvalidDevice"),
        (("invalid device ordinal", r"invalid device ordinal"),),
        (),
        "a program asked for a GPU by a number that CUDA does not have",
    ),
    (
        214,
        ("CUDA_ERROR_ECC_UNCORRECTABLE", "cudaErrorECCUncorrectable"),
        (("ecc error encountered", r"uncorrectable ECC error encountered"),),
        (),
        "the GPU's memory had an error that could not be corrected",
    ),
    (
        304,
        ("CUDA_ERROR_OPERATING_SYSTEM", "cudaErrorOperatingSystem"),
        (("os call failed", r"OS call failed or operation not supported on this OS"),),
        (),
        "a call of the operating system failed inside the CUDA driver",
    ),
    (
        800,
        ("CUDA_ERROR_NOT_PERMITTED", "cudaErrorNotPermitted"),
        (("operation not permitted", r"(?:CUDA|cuda)[^\n]{0,60}: operation not permitted\b(?! when stream)"),),
        (),
        "the driver does not permit the operation",
    ),
    (
        802,
        ("CUDA_ERROR_SYSTEM_NOT_READY", "cudaErrorSystemNotReady"),
        (("system not yet initialized", r"system not yet initialized"),),
        (),
        "a system service that CUDA waits for is not ready: the fabric manager, or confidential computing",
    ),
    (
        803,
        ("CUDA_ERROR_SYSTEM_DRIVER_MISMATCH", "cudaErrorSystemDriverMismatch"),
        (("unsupported display driver", r"unsupported display driver / cuda driver combination"),),
        (),
        "libcuda and the loaded kernel module are of different versions",
    ),
    (
        804,
        ("CUDA_ERROR_COMPAT_NOT_SUPPORTED_ON_DEVICE", "cudaErrorCompatNotSupportedOnDevice"),
        (("forward compatibility was attempted", r"forward compatibility was attempted on non supported HW"),),
        (),
        "a libcuda newer than the kernel module was loaded, on a GPU that does not allow that",
    ),
    (
        805,
        ("CUDA_ERROR_MPS_CONNECTION_FAILED", "cudaErrorMpsConnectionFailed"),
        (("mps client failed to connect", r"MPS client failed to connect to the MPS control daemon"),),
        (),
        "the program was told to use MPS and cannot reach its daemon",
    ),
    (
        806,
        ("CUDA_ERROR_MPS_RPC_FAILURE", "cudaErrorMpsRpcFailure"),
        (("remote procedural call", r"remote procedural call between the MPS server and the MPS client failed"),),
        (),
        "the program lost its MPS server",
    ),
    (
        807,
        ("CUDA_ERROR_MPS_SERVER_NOT_READY", "cudaErrorMpsServerNotReady"),
        (("mps server is not ready", r"MPS server is not ready to accept new MPS client requests"),),
        (),
        "the MPS server does not take new programs: it is starting, or it recovers from a fault",
    ),
    (
        808,
        ("CUDA_ERROR_MPS_MAX_CLIENTS_REACHED", "cudaErrorMpsMaxClientsReached"),
        (("create mps client", r"resources required to create MPS client have been exhausted"),),
        (),
        "the MPS server has as many programs as it can take",
    ),
    (
        999,
        ("CUDA_ERROR_UNKNOWN", "cudaErrorUnknown", "UNKNOWN_CUDA_ERROR"),
        (
            ("cuda unknown error", r"CUDA unknown error"),
            ("unknown error", r"(?:CUDA|cuInit|cudaGetDevice\w{0,12})\b[^\n]{0,80}\bunknown error"),
        ),
        (30,),
        "the CUDA driver failed and gave no reason",
    ),
)
# What may stand before a number for it to be CUDA's: "CUDA error 803", "CUDA driver error: 803", "cuInit(0) returned
# 803", "cuda runtime error (802)", "cudaGetDeviceCount returned 802", "Call to cuInit results in 100".
_BEFORE = (
    r"(?:\bcuda[ _-]?(?:driver |runtime |runtime api |init )?error(?: code)?|"
    r"\bcuInit(?:\(\w?\))?(?:,? (?:returned|returns|gave|results in|failed with|failed)(?: error)?(?: code)?)?|"
    r"\bcuda (?:failure|err|initialization failure with error)|\bcudaSuccess|"
    r"\bcuda driver library (?:init failure|failed to get device context)|"
    r"\bcuda(?:GetDevice\w{0,12}|SetDevice|Malloc|Free)(?:\(\w{0,8}\))? returned|\bcudaError_t)"
)
_BETWEEN = r"[ \t]?[:=(#]{0,2}[ \t]?"


def _rows() -> tuple[Row, ...]:
    rows: list[Row] = []
    for code, names, words, older, says in _ERRORS:
        kind = f"cuda-error-{code}"
        told = [(name.lower(), rf"\b{name}\b", _DRIVER_CODES) for name in names]
        told += [(word, pattern, _CODES) for word, pattern in words]
        for number in (code, *older):
            pattern = rf"{_BEFORE}{_BETWEEN}{number}\b(?![.:]\d)"
            if code in range(802, 809):  # "Error 803: system has …", "code=802(cudaErrorSystemNotReady)"
                pattern += rf"|\berror(?: code)?{_BETWEEN}{number}\b(?![.:]\d)"
                # In a person's words: "CUDA initialization fails with 802", "CUDA init: 802 system error".
                pattern += rf"|\bCUDA init\w{{0,12}}\b[^\n]{{0,20}}\b{number}\b(?![.:]\d)"
            told.append((str(number), pattern, _DRIVER_CODES))
        rows += [Row(kind=kind, word=word, pattern=pattern, says=says, source=source) for word, pattern, source in told]
    return tuple(rows)


ROWS = _rows()
