"""What a Dockerfile of the plan starts from."""

from __future__ import annotations

from cudadoctor.compat import distributions
from cudadoctor.compat.source import Source
from cudadoctor.facts.base import Facts
from cudadoctor.remedies.plan import Image
from cudadoctor.versions import CudaVersion

_DEVEL = {
    "11.7": ("11.7.1", ("20.04", "22.04")), "11.8": ("11.8.0", ("20.04", "22.04")),
    "12.1": ("12.1.1", ("20.04", "22.04")), "12.2": ("12.2.2", ("20.04", "22.04")),
    "12.3": ("12.3.2", ("20.04", "22.04")), "12.4": ("12.4.1", ("20.04", "22.04")),
    "12.5": ("12.5.1", ("22.04", "24.04")), "12.6": ("12.6.3", ("22.04", "24.04")),
    "12.8": ("12.8.1", ("22.04", "24.04")), "12.9": ("12.9.1", ("22.04", "24.04")),
    "13.0": ("13.0.1", ("22.04", "24.04")), "13.1": ("13.1.0", ("22.04", "24.04")),
    "13.2": ("13.2.0", ("22.04", "24.04")),
}  # fmt: skip
"""Tags of nvidia/cuda with `-devel-` and the Ubuntu releases that they are made on: seen in public Dockerfiles
(2026-12-01) for 11.7, 12.5, 13.0, 13.1 and 13.2; the others are from memory."""
REMOVED = Source(
    title="NVIDIA/nvidia-docker#1768: the images of CUDA 10 were removed",
    url="https://github.com/NVIDIA/nvidia-docker/issues/1768",
    read_on="2026-12-01",
)
"""NVIDIA takes images of old CUDA away: those of CUDA 10 are gone since July 2023. For what is not in the table the
plan installs the toolkit from NVIDIA's repository, which stays."""
_OWN = "torch brings its own CUDA: the image needs none, and the driver is the host's"
_BY_PLAN = "the plan installs the toolkit from NVIDIA's repository; the driver is the host's"


def image(facts: Facts, cuda: CudaVersion | None) -> Image | None:
    """`ubuntu:24.04` for torch alone; NVIDIA's image with compilers for a toolkit. None: no image is known.

    Always of the machine's own release, since the plan's packages are named for that.
    """
    if facts.os is None:
        return Image(base="ubuntu:24.04", why=_OWN)
    found = distributions.release(facts.os.id, facts.os.version_id)
    if found is None or found.image is None:
        return None
    tag, releases = _DEVEL.get(cuda.release, ("", ())) if cuda is not None else ("", ())
    if found.nvidia_image is not None and found.nvidia_image.removeprefix("ubuntu") in releases:
        return Image(
            base=f"nvidia/cuda:{tag}-devel-{found.nvidia_image}", why="the toolkit is in NVIDIA's image",
            manager=found.manager, python=found.python,
        )  # fmt: skip
    return Image(base=found.image, why=_OWN if cuda is None else _BY_PLAN, manager=found.manager, python=found.python)
