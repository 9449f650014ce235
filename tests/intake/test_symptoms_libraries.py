"""Messages of the loader, the linker, torch and cuDNN as their sources print them, and such that only look so."""

from __future__ import annotations

import time

import pytest

from cudadoctor.facts.symptom import Symptom
from cudadoctor.intake.messages.find import find
from tests.intake.tables import kinds_of

KINDS = kinds_of("libraries")


def met(text: str) -> list[Symptom]:
    """The symptoms of this area in a text."""
    return [one for one in find(("here", line) for line in text.splitlines()) if one.kind in KINDS]


@pytest.mark.parametrize(
    ("text", "kind", "values"),
    [
        (
            "ImportError: /lib/libm.so.6: version `GLIBC_2.29' not found (required by /x/y.so)",
            "glibc-version-not-found",
            {"file": "/lib/libm.so.6", "version": "GLIBC_2.29", "by": "/x/y.so"},
        ),
        (
            "./a.out: /lib/libc.so.6: version 'GLIBC_2.34' not found",
            "glibc-version-not-found",
            {"version": "GLIBC_2.34"},
        ),
        (
            "/opt/c/lib/libstdc++.so.6: version `GLIBCXX_3.4.30' not found (required by ./x.so)",
            "libstdcxx-version-not-found",
            {"file": "/opt/c/lib/libstdc++.so.6", "version": "GLIBCXX_3.4.30", "by": "./x.so"},
        ),
        ("x: version `CXXABI_1.3.13' not found", "libstdcxx-version-not-found", {"version": "CXXABI_1.3.13"}),
        (
            "OSError: libcublas.so.12: cannot open shared object file: No such file or directory",
            "cuda-library-not-found",
            {"library": "libcublas.so.12"},
        ),
        ("\tlibnccl.so.2 => not found", "cuda-library-not-found", {"library": "libnccl.so.2"}),
        (
            "\tlibcufft.so.11 => /opt/cuda/lib64/libcufft.so.11 (0x00007f00)",
            "cuda-library-resolved",
            {"library": "libcufft.so.11", "path": "/opt/cuda/lib64/libcufft.so.11"},
        ),
        (
            "\tlibcudnn.so.8 (libc6,x86-64) => /usr/lib/libcudnn.so.8",
            "cuda-library-in-cache",
            {"library": "libcudnn.so.8", "path": "/usr/lib/libcudnn.so.8"},
        ),
        (
            (
                "Could not load library libcudnn_cnn_infer.so.8. Error: libcudnn_cnn_infer.so.8: cannot open shared "
                "object file: No such file or directory"
            ),
            "cudnn-part-not-found",
            {"library": "libcudnn_cnn_infer.so.8"},
        ),
        (
            "Unable to load any of {libcudnn_ops.so.9.1.0, libcudnn_ops.so.9.1, libcudnn_ops.so.9, libcudnn_ops.so}",
            "cudnn-part-not-found",
            {"library": "libcudnn_ops.so.9"},
        ),
        (
            (
                "Could not load library libcudnn_cnn_train.so.8. Error: /usr/lib/libcudnn_cnn_train.so.8: undefined "
                "symbol: _ZN5cudnn3cnn34layerNormFwd_execute_internal_implERKNS_7backend11VariantPackE"
            ),
            "cudnn-symbol-undefined",
            {"file": "/usr/lib/libcudnn_cnn_train.so.8"},
        ),
        (
            "/s/libcusparse.so.12: undefined symbol: __nvJitLinkGetErrorLog_12_9, version libnvJitLink.so.12",
            "nvjitlink-symbol-undefined",
            {"version": "12_9", "symbol": "__nvJitLinkGetErrorLog_12_9"},
        ),
        ("x.so: undefined symbol: ncclCommSplit", "nccl-symbol-undefined", {"symbol": "ncclCommSplit"}),
        (
            "libcublas.so.11: undefined symbol: cublasLtGetStatusString, version libcublasLt.so.11",
            "cuda-symbol-undefined",
            {"symbol": "cublasLtGetStatusString"},
        ),
        (
            (
                "RuntimeError: cuDNN version incompatibility: PyTorch was compiled  against (9, 1, 0) but found "
                "runtime version (8, 9, 7). PyTorch already comes bundled with cuDNN."
            ),
            "cudnn-version-incompatible",
            {"wanted": "9, 1, 0", "found": "8, 9, 7"},
        ),
        ("cuDNN error: CUDNN_STATUS_SUBLIBRARY_VERSION_MISMATCH", "cudnn-parts-differ", {}),
        ("/usr/bin/ld: cannot find -lcuda: No such file or directory", "linker-finds-no-libcuda", {}),
        ("AssertionError: libcuda.so cannot found!", "triton-finds-no-libcuda", {}),
        ("libtorch_cpu.so: undefined symbol: iJIT_NotifyEvent", "mkl-symbol-undefined", {"file": "libtorch_cpu.so"}),
    ],
)
def test_recognises(text: str, kind: str, values: dict[str, str]) -> None:
    (symptom, *others) = [one for one in met(text) if one.kind == kind]
    assert others == []
    assert values.items() <= symptom.values.items()


@pytest.mark.parametrize(
    "text",
    [
        "/usr/bin/ld: cannot find -lcudart",
        "/usr/bin/ld: cannot find -lcuda-extra",
        "libcuda.so.1: cannot open shared object file: No such file or directory",
        "libGL.so.1: cannot open shared object file: No such file or directory",
        "undefined symbol: _ZN2at4_ops5zeros4callE",
        "CUDNN_STATUS_NOT_INITIALIZED",
        "GLIBC_2.29 is the newest version symbol",
        "libgomp.so.1 => /usr/lib/libgomp.so.1 (0x00007f00)",
    ],
)
def test_leaves_alone(text: str) -> None:
    assert met(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "a/" * 60_000 + ": undefined symbol: nccl",
        "libcudnn_" + "a" * 100_000 + " cannot open shared object file",
        "version `GLIBC_2.2" * 20_000,
        ") => /" + "(libc6" * 30_000,
        "libcublas.so" * 20_000 + " => /",
    ],
)
def test_long_lines_take_no_long_time(text: str) -> None:
    start = time.process_time()
    met(text)
    assert time.process_time() - start < 2
