"""Finds GPUs of before Ampere that retire pages of their memory."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Confidence, Problem, Result, Severity, check
from cudadoctor.checks.engine.sources import PAGE_RETIREMENT
from cudadoctor.checks.shared.machine import named, rows, seen, smi_seen
from cudadoctor.facts.driver import SmiFacts
from cudadoctor.facts.subject import Gpu

_LIMIT = 60
"""A GPU can retire 64 pages; NVIDIA's diagnosis (dcgmi) fails from 63 on. A few before that it is worth a word."""


@check("HLTH005", severity=Severity.WARNING)
def retired_pages(smi: SmiFacts) -> Result:
    """Pages of the GPU's memory are being retired.

    Why:
        GPUs of before Ampere (Kepler to Turing, with ECC) take a page of memory out of use after an uncorrectable
        error, or after several correctable ones. A page that is pending stays in use until the driver is loaded anew,
        and a GPU can retire 64 pages in its life.

    How we know:
        `nvidia-smi -q -d PAGE_RETIREMENT`: "Pending Page Blacklist: Yes", or 60 retired pages and more.

    Fix:
        With a pending page: stop what uses the GPU and reboot, or reload the driver. Near the limit, or if pages are
        added every week: have the GPU replaced under warranty.

    Harmless when:
        A few pages were retired in years and none is pending: the GPU goes on without them, and nothing is reported.

    Sources:
        https://docs.nvidia.com/deploy/dynamic-page-retirement/visibility.html
    """
    for gpu in smi.gpus:
        count = (gpu.retired_single or 0) + (gpu.retired_double or 0)
        shown = seen("nvidia-smi, Retired Pages", f"{gpu.retired_single} single bit, {gpu.retired_double} double bit")
        if gpu.retired_pending:
            yield Problem(
                subject=str(Gpu(gpu.index)),
                message=f"{named(gpu)}: a faulty page of its memory is in use until the driver is loaded anew",
                evidence=rows(shown, smi_seen(smi)),
                source=PAGE_RETIREMENT,
            )
        elif count >= _LIMIT:
            yield Problem(
                subject=str(Gpu(gpu.index)),
                message=f"{named(gpu)} has retired {count} pages of its memory, of 64 that it can",
                evidence=rows(shown, smi_seen(smi)),
                source=PAGE_RETIREMENT,
                confidence=Confidence.LIKELY,
            )
