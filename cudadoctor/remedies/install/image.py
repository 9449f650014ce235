"""What a Dockerfile of the plan starts from."""

from __future__ import annotations

from cudadoctor.facts.base import Facts
from cudadoctor.remedies import machine
from cudadoctor.remedies.plan import Image
from cudadoctor.versions import CudaVersion

_PATCHES = {
    "11.8": "11.8.0", "12.1": "12.1.1", "12.2": "12.2.2", "12.3": "12.3.2", "12.4": "12.4.1", "12.5": "12.5.1",
    "12.6": "12.6.3", "12.8": "12.8.1", "12.9": "12.9.1", "13.0": "13.0.1",
}  # fmt: skip
"""The tags of nvidia/cuda have three numbers from 11 on: the last patch of each, from memory (12.6.3 apart, which is in
this project's contract)."""
_UBUNTU = {
    (10, 0): ("18.04",), (11, 7): ("22.04", "20.04"), (12, 5): ("24.04", "22.04"), (13, 0): ("24.04", "22.04"),
}  # fmt: skip
"""From which CUDA on images of which Ubuntu exist, the newest first: from memory."""
_PLAIN = ("18.04", "20.04", "22.04", "24.04", "26.04")
_OWN = "torch brings its own CUDA: the image needs none, and the driver is the host's"
_BY_PLAN = "the plan installs the toolkit itself; the driver is the host's"


def image(facts: Facts, cuda: CudaVersion | None) -> Image | None:
    """`ubuntu:24.04` for torch alone; NVIDIA's image with compilers for a toolkit. None: no image is known.

    The machine's own release where it can be, since the plan's packages are named for that.
    """
    os = facts.os
    here = os.version_id if os is not None and os.id == "ubuntu" else None
    rpm = machine.family(facts) in ("rhel", "fedora")
    if rpm or (os is not None and os.id == "debian"):
        return _other(facts, cuda)
    if cuda is not None:
        tag = cuda.release if cuda.major < 11 else _PATCHES.get(cuda.release)
        known = max((one for one in _UBUNTU if one <= (cuda.major, cuda.minor)), default=None)
        if tag is not None and known is not None:
            release = here if here in _UBUNTU[known] else _UBUNTU[known][0]
            return Image(
                base=f"nvidia/cuda:{tag}-devel-ubuntu{release}",
                why="the toolkit is in NVIDIA's image; images of old CUDA may have been taken away",
            )
    if machine.family(facts) != "ubuntu":
        return None if os is not None else Image(base="ubuntu:24.04", why=_OWN)
    return Image(base=f"ubuntu:{here if here in _PLAIN else '24.04'}", why=_OWN)


def _other(facts: Facts, cuda: CudaVersion | None) -> Image | None:
    """Of the same family as the machine, since the plan's packages are that family's."""
    kind, release = machine.family(facts), machine.release(facts)
    if kind == "debian":
        return Image(base=f"debian:{release}", why=_OWN if cuda is None else _BY_PLAN) if release in (12, 13) else None
    if kind == "fedora":
        return Image(base=f"fedora:{release}", why=_OWN if cuda is None else _BY_PLAN) if release else None
    tag = _PATCHES.get(cuda.release) if cuda is not None else None
    if release not in (8, 9):
        return None
    if tag is not None:
        return Image(base=f"nvidia/cuda:{tag}-devel-rockylinux{release}", why="the toolkit is in NVIDIA's image")
    return Image(base=f"rockylinux:{release}", why=_OWN if cuda is None else _BY_PLAN)
