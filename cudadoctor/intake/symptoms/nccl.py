"""What NCCL says of the fabric and of copies between GPUs, and what is said about it.

Shared memory, locked memory and NCCL's variables are the shell's.
"""

from __future__ import annotations

from cudadoctor.intake.symptoms.row import Row

_TROUBLE = "https://docs.nvidia.com/deeplearning/nccl/user-guide/docs/troubleshooting.html"
_NVLS = "https://github.com/NVIDIA/nccl/blob/master/src/transport/nvls.cc"
_TESTS = "https://github.com/NVIDIA/nccl-tests"

_NEGATED = r"\b(?:not|still|no|never|didn.?t|doesn.?t|won.?t|without)\b"
_CURED = r"\b(?:work(?:s|ed|around)?|help(?:s|ed)?|fix(?:es|ed)?|re?solve[sd]?|solve[sd]?|cure[sd]?)\b"

ROWS = (
    Row(
        kind="nccl-nvls-failed",
        word="multicast memory",
        pattern=r"Failed to bind NVLink SHARP \(NVLS\) Multicast memory",
        says="the driver refused NCCL the memory for NVLink SHARP",
        source=_NVLS,
    ),
    Row(
        kind="nccl-nvls-failed",
        word="nvls.cc",
        pattern=r"nvls\.cc:\d{1,5} NCCL WARN (?:Cuda failure|Failed)",
        says="NCCL failed while it set up NVLink SHARP",
        source=_NVLS,
    ),
    Row(
        kind="nccl-p2p-disable-helps",
        word="nccl_p2p_disable",
        # Within one sentence, before or after the variable, and without a "not" in between.
        pattern=rf"NCCL_P2P_DISABLE ?= ?['\"]?1\b(?:(?!{_NEGATED})[^.\n]){{0,100}}{_CURED}"
        rf"|{_CURED}(?:(?!{_NEGATED})[^.\n]){{0,100}}NCCL_P2P_DISABLE ?= ?['\"]?1\b",
        says="NCCL works with its copies between GPUs over PCI Express and NVLink switched off",
        source="https://docs.nvidia.com/deeplearning/nccl/user-guide/docs/env.html",
    ),
    Row(
        kind="nccl-p2p-disable-helps",
        word="p2p",
        pattern=r"^(?![^\n]{0,300}\b(?:still|not|didn.?t|doesn.?t|won.?t|no effect)\b)"
        r"(?=[^\n]{0,300}\b(?:work(?:s|ed|around|ing)?|help(?:s|ed)?|fix(?:es|ed)?|re?solve[sd]?|solve[sd]?|cure[sd]?"
        r"|well|fine)\b)"
        r"[^\n]{0,300}(?:\bp2p (?:is |was |transport )?(?:disabled|off|switched off|turned off)\b"
        r"|\b(?:disabl(?:e|ed|ing)|turn(?:ed|ing)? off|without) (?:the )?p2p\b)",
        says="NCCL works with its copies between GPUs over PCI Express and NVLink switched off",
        source="https://docs.nvidia.com/deeplearning/nccl/user-guide/docs/env.html",
    ),
    Row(
        kind="nccl-used",
        word="nccl",
        pattern=r"\bNCCL[ _]|libnccl|ncclAll|nccl-tests",
        says="NCCL is used",
        source=_TROUBLE,
    ),
    *(
        Row(
            kind="nccl-used",
            word=f"{word}_perf",
            pattern=rf"\b{word}_perf\b",
            says="NCCL's tests are run",
            source=_TESTS,
        )
        for word in ("all_reduce", "all_gather", "broadcast", "reduce_scatter", "sendrecv", "alltoall")
    ),
    *(
        Row(
            kind="program-hangs",
            word=word,
            pattern=rf"\b{pattern}\b",
            says="a program is said not to go on",
            source=_TROUBLE,
        )
        for word, pattern in (
            ("hang", r"(?:hangs?|hanging)"),
            ("hung", r"hung"),
            ("stuck", r"stuck"),
            ("freez", r"(?:freezes|freezing)"),
            ("deadlock", r"deadlocks?"),
        )
    ),
    Row(
        kind="nvlink-down",
        word="<inactive>",
        pattern=r"\bLink \d{1,2}: ?<inactive>",
        says="an NVLink is down",
        source="https://docs.nvidia.com/deploy/nvidia-smi/index.html",
    ),
    Row(
        kind="nvlink-up",
        word="gb/s",
        pattern=r"\bLink \d{1,2}: ?\d{1,3}(?:\.\d{1,3})? GB/s",
        says="an NVLink is up",
        source="https://docs.nvidia.com/deploy/nvidia-smi/index.html",
    ),
    Row(
        kind="iommu-page-fault",
        word="io_page_fault",
        pattern=r"AMD-Vi: Event logged \[IO_PAGE_FAULT",
        says="the IOMMU refused a device's access to memory",
        source="https://www.kernel.org/doc/html/latest/arch/x86/iommu.html",
    ),
    Row(
        kind="iommu-page-fault",
        word="dmar:",
        pattern=r"DMAR: \[DMA (?:Read|Write)(?: NO_PASID)?\] Request device",
        says="the IOMMU refused a device's access to memory",
        source="https://www.kernel.org/doc/html/latest/arch/x86/iommu.html",
    ),
)
