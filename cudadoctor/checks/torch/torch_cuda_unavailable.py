"""Reports that torch finds no GPU, though one is there."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Problem, Result, Severity, Unknown, check
from cudadoctor.checks.engine.sources import PYTORCH_INSTALL
from cudadoctor.checks.shared.machine import (
    UNSURE,
    clean,
    env_subject,
    expects_gpu,
    given_away,
    rows,
    seen,
    torch_shown,
    unsure,
    weight,
)
from cudadoctor.checks.shared.torch_started import live_seen, started
from cudadoctor.checks.shared.visible_devices import hidden_on_purpose
from cudadoctor.facts.driver import DriverFacts, PciFacts, SmiFacts
from cudadoctor.facts.envs import EnvFacts
from cudadoctor.facts.gpu import GpuFacts
from cudadoctor.facts.kernel import KernelFacts
from cudadoctor.facts.shell import ShellFacts
from cudadoctor.facts.system import OsFacts


@check("TR007", severity=Severity.ERROR)
def torch_cuda_unavailable(  # noqa: PLR0917  facts, passed by name
    envs: tuple[EnvFacts, ...],
    gpus: tuple[GpuFacts, ...] | None,
    os: OsFacts | None,
    driver: DriverFacts | None,
    shell: ShellFacts | None,
    smi: SmiFacts | None,
    pci: PciFacts | None,
    kernel: KernelFacts | None,
) -> Result:
    """`torch` says that CUDA is not available, though an NVIDIA GPU is there.

    Why:
        It is a sign, seldom the cause: `torch.cuda.is_available()` is False whenever anything below torch is missing,
        and it swallows the reason. Where the reason is known, this stands below it in the report.

    How we know:
        The environment's own Python was asked: `torch.cuda.is_available()` is False, for a build with CUDA or without,
        on a machine with a GPU. torch's warning is quoted, where it gave one.

    Fix:
        See what torch says: `python -c "import torch; print(torch.__version__, torch.version.cuda);
        torch.cuda.init()"`. No CUDA version is printed: a CPU build (`cpu-only-build`). "driver … is too old":
        `driver-too-old-for-runtime`. "Found no NVIDIA driver": the driver, or a container without the GPU. "No CUDA
        GPUs are available": CUDA_VISIBLE_DEVICES. "unknown error": `uvm-module-not-loaded`. Then look at what the
        driver and libcuda say in this report.

    Harmless when:
        The program is meant to compute on the CPU, a batch system hid the GPUs, or all of them are given to virtual
        machines: then it is information.

    Sources:
        https://pytorch.org/get-started/locally/
    """
    if not expects_gpu(gpus, os, driver):
        if gpus is None:
            yield Unknown(subject="machine", reason="whether there is a GPU is not known")
        return
    if unsure(os, kernel, pci, driver, shell):
        yield UNSURE
        return
    meant = hidden_on_purpose(shell, gpus, smi) or given_away(pci)
    for env, torch in started(envs, "ok"):
        if (
            torch.live.is_available is not False
            or torch.hip is not None
            or (torch.build or "").startswith(("xpu", "rocm"))
        ):
            continue
        why = f": {clean(torch.live.warning, 160)}" if torch.live.warning else ""
        yield Problem(
            subject=env_subject(env),
            message=f"{torch_shown(env, torch)} says that CUDA is not available{why}",
            evidence=rows(seen("torch.cuda.is_available()", "False"), live_seen(torch) if torch.live.warning else None),
            source=PYTORCH_INSTALL,
            severity=Severity.INFO if meant else weight(env),
        )
