"""Recorded machines that come with the tool, so that a report can be seen without a sick machine.

The recordings are made by scripts/make_demo.py from the machines of the tests, none of which is a real one.
"""

from __future__ import annotations

from cudadoctor.errors import CudaDoctorError

MACHINES: dict[str, str] = {
    "healthy": "Ubuntu 24.04, RTX 5090, driver 580, torch 2.8: nothing to report",
    "reference": "Ubuntu 18.04, GTX 1080 Ti, CUDA 10.1 and torch 1.4 from conda: healthy",
    "no-driver": "Ubuntu 22.04, RTX 3090: no NVIDIA driver installed",
    "driver-too-old": "Ubuntu 22.04, RTX 3090: driver 470, torch built for CUDA 12.1",
    "upgraded": "Ubuntu 22.04, RTX 3090: driver upgraded, not rebooted since",
    "secure-boot": "Ubuntu 22.04, RTX 3090: Secure Boot refuses the unsigned module",
    "blackwell-old-torch": "Ubuntu 24.04, RTX 5090: torch 2.5 has no code for this GPU",
    "cpu-only-torch": "Ubuntu 24.04, RTX 5090: torch is the CPU build",
    "fabric-manager": "Ubuntu 22.04, 8 x H100: NVIDIA Fabric Manager is not running",
    "container": "Docker, L40S: the container was started without GPU access",
    "wsl": "WSL 2, RTX 3060 laptop: a Linux driver hides the one from Windows",
    "several-environments": "Ubuntu 22.04, RTX 3090: five environments, the active one for the CPU",
}
"""Name → what it is, in the order in which they are listed."""


def recording(name: str) -> bytes:
    """The packed snapshot of that name. Raises CudaDoctorError for a name that is not listed."""
    from importlib import resources

    if name not in MACHINES:
        from difflib import get_close_matches

        near = get_close_matches(name, MACHINES, n=1)
        hint = f"; did you mean `{near[0]}`?" if near else "; `cudadoctor demo` lists them"
        raise CudaDoctorError(f"there is no demo machine `{name}`{hint}")
    return (resources.files("cudadoctor.demo") / f"{name}.json.gz").read_bytes()
