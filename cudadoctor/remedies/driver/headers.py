"""The packages that a kernel module is built with, for the kernel that runs."""

from __future__ import annotations

import re

from cudadoctor.facts.base import Facts
from cudadoctor.remedies.driver.choice import release_of

_KERNEL = re.compile(r"[0-9][A-Za-z0-9._~+-]*[A-Za-z0-9]\Z")
"""A kernel's release that can stand in a package's name. apt takes `name-` for an order to remove it."""


def packages(facts: Facts) -> tuple[str, ...]:
    """Those of this release; empty where it is in no table, or its kernel has no name that a package can have."""
    release = release_of(facts)
    kernel = (facts.os.kernel or "") if facts.os is not None else ""
    patterns = release.headers if release is not None else ()
    named = bool(_KERNEL.match(kernel))
    return tuple(filled(one, facts) for one in patterns if named or "{kernel}" not in one)


def filled(pattern: str, facts: Facts) -> str:
    """The package that a row means on this kernel."""
    kernel = (facts.os.kernel or "") if facts.os is not None else ""
    series = ".".join(kernel.split(".")[:2])
    return (
        pattern.replace("{kernel}", kernel)
        .replace("{debian}", _debian_kernel(facts, kernel))
        .replace("{amazon}", "kernel" if series in ("6.1", "") else f"kernel{series}")
    )


def _debian_kernel(facts: Facts, kernel: str) -> str:
    """The end of the package that follows Debian's kernels of the flavour that runs: cloud images have their own."""
    arch = "arm64" if facts.os is not None and facts.os.arch == "aarch64" else "amd64"
    flavour = next((one for one in ("cloud-", "rt-") if kernel.endswith(f"-{one}{arch}")), "")
    return f"{flavour}{arch}"
