"""What a Dockerfile of the plan starts from."""

from __future__ import annotations

from cudadoctor.facts.base import Facts
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
_PLAIN = {"ubuntu": ("18.04", "20.04", "22.04", "24.04", "26.04"), "debian": ("12", "13")}


def image(facts: Facts, cuda: CudaVersion | None) -> Image:
    """`ubuntu:24.04` for torch alone, which brings its own CUDA; NVIDIA's image with compilers for a toolkit."""
    os = facts.os
    here = os.version_id if os is not None and os.id == "ubuntu" else None
    if cuda is not None:
        tag = cuda.release if cuda.major < 11 else _PATCHES.get(cuda.release)
        known = max((one for one in _UBUNTU if one <= (cuda.major, cuda.minor)), default=None)
        if tag is not None and known is not None:
            release = here if here in _UBUNTU[known] else _UBUNTU[known][0]
            return Image(
                base=f"nvidia/cuda:{tag}-devel-ubuntu{release}",
                why="the toolkit is in NVIDIA's image; images of old CUDA may have been taken away",
            )
    family = os.id if os is not None and os.id in _PLAIN else "ubuntu"
    version = os.version_id if os is not None and os.version_id in _PLAIN[family] else None
    return Image(
        base=f"{family}:{version or '24.04'}" if family == "ubuntu" or version else "ubuntu:24.04",
        why="torch brings its own CUDA: the image needs none, and the driver is the host's",
    )
