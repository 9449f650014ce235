"""Finds a WSL whose Linux side is in order and whose CUDA does not start."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Confidence, Problem, Result, Severity, also, check
from cudadoctor.checks.engine.sources import WSL
from cudadoctor.checks.shared.machine import cuinit_seen, cuinit_text, rows, smi_lists
from cudadoctor.checks.shared.messages import every
from cudadoctor.checks.shared.visible_devices import hides_all
from cudadoctor.facts.driver import DriverFacts, LibcudaFacts, SmiFacts, SmiGpu
from cudadoctor.facts.gpu import GpuFacts
from cudadoctor.facts.shell import ShellFacts
from cudadoctor.facts.symptom import Symptom
from cudadoctor.facts.system import OsFacts


@check("WSL004", severity=Severity.ERROR)
def wsl_windows_side_broken(  # noqa: PLR0917  facts, passed by name
    os: OsFacts,
    libcuda: LibcudaFacts,
    driver: DriverFacts,
    shell: ShellFacts | None,
    gpus: tuple[GpuFacts, ...] | None,
    smi: SmiFacts | None,
) -> Result:
    """Under WSL the right libcuda is loaded and CUDA does not start: the fault is on the Windows side.

    Why:
        /dev/dxg is there and the library is the one of Windows, so the Linux side is in order. The driver of Windows
        is too old or broken, or the Windows build has a known fault.

    How we know:
        Under WSL 2 /dev/dxg is there, libcuda is that of /usr/lib/wsl, and cuInit gives 100, 101, 304 or 999 with
        nothing hidden by CUDA_VISIBLE_DEVICES; in a text a Windows build that is older than 10 21H2 (19044) or an
        expired Insider preview, beside a CUDA that finds nothing; or error 46, or error 2 from the call that only
        counts devices: WSL has no compute modes, and counting needs no memory.

    Fix:
        In Windows: install the newest NVIDIA driver, run Windows Update and `wsl --update`, then `wsl --shutdown`. A
        data-centre GPU that Windows runs in TCC mode (nvidia-smi.exe shows it beside the name) is not there for WSL:
        as administrator `nvidia-smi.exe -g 0 -dm 0` for WDDM, then restart Windows. Inside WSL no NVIDIA driver
        package of Linux may be installed (`apt-get remove` those named `nvidia-utils-…` or `libnvidia-compute-…`).

    Harmless when:
        All GPUs are hidden by CUDA_VISIBLE_DEVICES: then this check is silent.

    Sources:
        https://docs.nvidia.com/cuda/wsl-user-guide/
    """
    if os.wsl != 2 or os.container is not None or not driver.loaded or libcuda.outcome != "failed":
        return
    if not (libcuda.path or "").startswith("/usr/lib/wsl/") or libcuda.cuinit not in (100, 101, 304, 999):
        return
    if hides_all(shell, gpus, smi):
        return
    yield Problem(
        subject="machine",
        message=f"WSL is in order and the driver of Windows does not start CUDA: {cuinit_text(libcuda)}",
        evidence=rows(cuinit_seen(libcuda)),
        source=WSL,
        confidence=Confidence.LIKELY,
    )


_SUPPORTED = 19044
"""Windows 10 21H2, the first general release whose WSL 2 has the GPU."""
_PREVIEWS = range(20145, 22000)
"""Insider builds between that and Windows 11 (22000): they have expired, and several of them lost the GPU in WSL."""
_SERVER = 20348
"""Windows Server 2022, no preview."""


@also(wsl_windows_side_broken)
def from_messages(symptoms: tuple[Symptom, ...], os: OsFacts | None, smi: SmiFacts | None) -> Result:
    """WSL 2 on a Windows build without the GPU in WSL, or an expired preview; and something does not reach it."""
    two = (os is not None and os.wsl == 2) or any(
        one.values.get("version") == "2" for one in every(symptoms, "wsl-named")
    )
    failing = (smi is not None and smi.outcome == "failed") or every(
        symptoms, "cuda-error-100", "no-nvidia-driver", "smi-no-driver"
    )
    if not two or not failing or smi_lists(smi) or every(symptoms, "smi-answered"):
        return
    for one in every(symptoms, "windows-build"):
        build = int(one.values.get("build", "0"))
        preview = build in _PREVIEWS and build != _SERVER
        if not preview and not 18362 <= build < _SUPPORTED:
            continue
        what = "an Insider preview that has expired" if preview else "older than Windows 10 21H2"
        yield Problem(
            subject="machine",
            message=f"Windows build {build} is {what}: its WSL 2 does not give the GPU to Linux reliably",
            evidence=rows(one.seen, smi.seen if smi is not None else None),
            source=WSL,
            confidence=Confidence.LIKELY,
        )
        return


@also(wsl_windows_side_broken)
def blocked(symptoms: tuple[Symptom, ...], os: OsFacts | None, driver: DriverFacts | None) -> Result:
    """NVML in WSL 2 says that the operating system blocks the GPU: Windows gives it no adapter that CUDA can use."""
    here = os is not None and os.uid is not None
    if driver.loaded is False if driver is not None else here:
        return  # /dev/dxg is not there: `wsl-gpu-missing`; or it was not looked for
    two = (os is not None and os.wsl == 2) or any(
        one.values.get("version") == "2" for one in every(symptoms, "wsl-named")
    )
    refused = every(symptoms, "nvml-gpu-access-blocked")
    if not two or not refused:
        return
    tcc = every(symptoms, "smi-tcc-mode")
    yield Problem(
        subject="machine",
        message="Windows does not give its GPU to WSL"
        + (": the GPU is in TCC mode, and WSL reaches those in WDDM or MCDM mode only" if tcc else ""),
        evidence=tuple(one.seen for one in (*refused[:1], *tcc[:1])),
        source=WSL,
        confidence=Confidence.LIKELY,
    )


@also(wsl_windows_side_broken)
def unusable(
    symptoms: tuple[Symptom, ...], os: OsFacts | None, libcuda: LibcudaFacts | None, smi: SmiFacts | None
) -> Result:
    """Under WSL 2 the GPU is "busy or unavailable", or counting the devices runs out of memory."""
    if os is None or os.wsl != 2 or os.uid is not None:
        return
    refused = list(every(symptoms, "cuda-error-46"))
    counting = [one for one in every(symptoms, "cuda-error-2") if "getdevicecount" in one.seen.text.lower()]
    if (not refused and not counting) or (libcuda is not None and libcuda.outcome == "ok"):
        return
    busy = smi is not None and any(gpu.memory_used_mib and _full(gpu) for gpu in smi.gpus)
    if refused and busy:
        return
    yield Problem(
        subject="machine",
        message="CUDA under WSL cannot use the GPU "
        + ("(error 46)" if refused else "(error 2 while it counts the devices: several GPUs, or an old Windows driver)")
        + ": the fault is on the Windows side",
        evidence=tuple(one.seen for one in (*refused[:1], *counting[:1])),
        source=WSL,
        confidence=Confidence.LIKELY,
    )


def _full(gpu: SmiGpu) -> bool:
    """Nine tenths of its memory are in use."""
    return gpu.memory_total_mib is not None and (gpu.memory_used_mib or 0) > gpu.memory_total_mib * 9 // 10
