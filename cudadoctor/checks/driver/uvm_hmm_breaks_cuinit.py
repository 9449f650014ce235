"""Finds nvidia_uvm modules that cannot reserve address space for HMM."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Result, Says, Severity, Source, check, decided_by_messages
from cudadoctor.facts.symptom import Symptom

_PAGE = Source(
    title="CUDA 12.2 Release Notes: known issues",
    url="https://docs.nvidia.com/cuda/archive/12.2.2/cuda-toolkit-release-notes/index.html",
    read_on="2026-12-01",
)


@check(
    "DRV026",
    severity=Severity.ERROR,
    messages=(
        Says(
            kinds=("uvm-hmm-no-address-space",),
            message="nvidia_uvm cannot reserve address space for HMM on this kernel (KASLR), so CUDA does not start",
            source=_PAGE,
        ),
    ),
)
def uvm_hmm_breaks_cuinit(symptoms: tuple[Symptom, ...]) -> Result:
    """nvidia_uvm cannot reserve address space for HMM on this kernel, so CUDA cannot start.

    Why:
        With the open kernel module, nvidia_uvm reserves a range of the physical address space for Heterogeneous
        Memory Management. On kernels with KASLR none may be left; then cuInit fails with error 3, while nvidia-smi
        works.

    How we know:
        The kernel log's "nvidia-uvm: … devmem_alloc_pagemap … request_free_mem_region() err -34".

    Fix:
        Turn HMM off: write `options nvidia_uvm uvm_disable_hmm=1` to /etc/modprobe.d/nvidia-uvm.conf, then `sudo
        modprobe -r nvidia_uvm && sudo modprobe nvidia_uvm`, or reboot.

        Or boot with `nokaslr`, or use a newer kernel and driver.

    Harmless when:
        Never while CUDA should work.

    Sources:
        https://docs.nvidia.com/cuda/archive/12.2.2/cuda-toolkit-release-notes/index.html
    """
    yield from decided_by_messages(symptoms)
