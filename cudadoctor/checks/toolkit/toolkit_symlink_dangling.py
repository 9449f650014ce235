"""Finds a link to a toolkit that is gone."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Problem, Result, Severity, check
from cudadoctor.checks.engine.sources import INSTALL_GUIDE
from cudadoctor.checks.shared.machine import clean, seen
from cudadoctor.facts.subject import File
from cudadoctor.facts.toolkit import ToolkitInventory


@check("TK003", severity=Severity.WARNING)
def toolkit_symlink_dangling(toolkit: ToolkitInventory) -> Result:
    """A link such as /usr/local/cuda points at a toolkit that is not there.

    Why:
        PATH, CUDA_HOME and build scripts name /usr/local/cuda; after its toolkit was removed they all lead to
        nothing.

    How we know:
        The link /usr/local/cuda (or /usr/local/cuda-12, /etc/alternatives/cuda) is followed, and its end does not
        exist.

    Fix:
        Point the link at an installed toolkit (`update-alternatives --config cuda`, or `ln -sfnT`), or remove it.

    Harmless when:
        Nothing uses the link.

    Sources:
        https://docs.nvidia.com/cuda/cuda-installation-guide-linux/
    """
    for link in toolkit.links:
        if link.resolved is None:
            yield Problem(
                subject=str(File(clean(link.path))),
                message=f"{clean(link.path)} points at {clean(link.target)}, which is not there",
                evidence=(seen(link.path, f"-> {link.target}"),),
                source=INSTALL_GUIDE,
            )
