"""Systems on which what upstream builds finds no C library, or none where it looks."""

from __future__ import annotations

from cudadoctor.facts.base import Facts
from cudadoctor.remedies import machine


def impossible(facts: Facts) -> str | None:
    """Why nothing can be planned: pip would say that no such version is there, and conda's programs do not start."""
    if facts.limits is None or not facts.limits.musl or (facts.os is not None and facts.os.glibc):
        return None
    return (
        "the C library here is musl (Alpine Linux): NVIDIA's driver, CUDA, torch and conda are made for glibc. Use a "
        "container of Debian or Ubuntu"
    )


def notes(facts: Facts) -> tuple[str, ...]:
    """What to know before."""
    if machine.family(facts) != "nixos":
        return ()
    text = (
        "NixOS has no libraries where wheels and conda's programs look for them: `import torch` says that "
        "libstdc++.so.6 or libcuda.so.1 is not found, unless programs.nix-ld.enable is on and LD_LIBRARY_PATH holds "
        "/run/opengl-driver/lib; nixpkgs has torch as python3Packages.torch-bin"
    )
    return (text,)
