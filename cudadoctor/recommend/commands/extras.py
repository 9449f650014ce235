"""What must be held back beside an old torch for it to be imported at all."""

from __future__ import annotations

from cudadoctor.recommend.candidates import Candidate

_LAST_WITH_OLD_PILLOW = (0, 4, 2)
"""The last torchvision that imports PILLOW_VERSION, which Pillow 7 dropped."""


def needs_old_numpy(one: Candidate) -> bool:
    """The release was built against numpy 1."""
    from cudadoctor.compat import torch

    return torch.numpy2_ready(one.torch, windows=one.platform == "win-amd64") is False


def needs_old_mkl(one: Candidate) -> bool:
    """A conda build of upstream's channel, on a processor that has MKL: all look up a symbol that 2024.1 dropped.

    The last of them, 2.5.1, was still built with mkl 2023.1 and requires `mkl >=2018`.
    """
    return one.channel == "conda" and one.platform != "macos-arm64"


def needs_old_pillow(one: Candidate) -> bool:
    """Its torchvision is from before Pillow 7."""
    from cudadoctor.compat import torch

    companions = torch.companions(one.torch)
    if companions is None or companions.torchvision is None:
        return False
    return tuple(int(part) for part in companions.torchvision.split(".")) <= _LAST_WITH_OLD_PILLOW


def conda_extras(one: Candidate) -> tuple[str, ...]:
    """The specs for a conda environment."""
    found = ["mkl<2024.1"] if needs_old_mkl(one) else []
    return (*found, *pip_extras(one))


def pip_extras(one: Candidate) -> tuple[str, ...]:
    """The requirements for pip and uv."""
    found = ["numpy<2"] if needs_old_numpy(one) else []
    return (*found, *(["pillow<7"] if needs_old_pillow(one) else []))
