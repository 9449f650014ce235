"""What the driver and the GPUs of a request say together, before any build is looked at."""

from __future__ import annotations

from cudadoctor.recommend.model import Reason, Request
from cudadoctor.recommend.rules import wants_cpu


def driver_against_gpus(request: Request) -> Reason | None:
    """A driver that has dropped one of the GPUs, or does not know it yet: then no build helps."""
    if request.driver is None or request.gpus is None or (request.cuda is not None and request.cuda.value is None):
        return None
    if request.jetson is not None:
        return None  # its driver numbers are its own
    from cudadoctor.compat import drivers

    version = request.driver.value
    for gpu in request.gpus.value:
        if len(gpu.capabilities) != 1:
            continue
        capability = gpu.capabilities[0]
        shown = gpu.name or f"a GPU of compute capability {capability}"
        if drivers.dropped(capability, version):
            last = drivers.last_driver_for(capability)
            text = f"driver {version} no longer supports {shown} ({capability.sm}); branch {last} is the last that does"
            return Reason(rule="driver", text=text, source=drivers.architecture_source())
        first = drivers.first_driver_for(capability)
        if first is not None and version.branch < first.branch:
            text = f"driver {version} is too old for {shown} ({capability.sm}); {first} is the first that supports it"
            return Reason(rule="driver", text=text, source=drivers.architecture_source())
    return None


def not_in_tables(request: Request) -> tuple[Reason, ...]:
    """What is newer than the tables, or was not given: said, not guessed."""
    from cudadoctor.compat import drivers

    found: list[Reason] = []
    if wants_cpu(request):
        return ()
    if request.driver is not None and request.driver.value.branch > drivers.newest_branch():
        text = (
            f"driver {request.driver.value} is newer than the newest known branch ({drivers.newest_branch()}): it runs "
            "builds for older CUDA versions, but GPU support is unconfirmed"
        )
        found.append(Reason(rule="driver", text=text, source=drivers.lifecycle_source()))
    if request.gpus is not None and request.gpus.value == () and request.cuda is not None:
        text = "this machine has no NVIDIA GPU, so GPU support of the build was not checked"
        found.append(Reason(rule="gpu", text=text))
    no_driver = request.driver is None and request.cuda_driver is None and request.jetson is None
    if request.gpus is None and no_driver:
        text = "no GPU or driver was given (--gpu, --driver) or detected, so they were not checked"
        found.append(Reason(rule="gpu", text=text))
    elif request.gpus is None:
        text = "no GPU was given (--gpu, --arch) or detected, so GPU support was not checked"
        found.append(Reason(rule="gpu", text=text))
    elif no_driver:
        text = "no driver was given (--driver) or detected, so the driver was not checked"
        found.append(Reason(rule="driver", text=text))
    return tuple(found)
