"""Finds a system nvcc that hides the one of the active conda environment."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Problem, Result, Severity, check
from cudadoctor.checks.engine.sources import PIP_AND_CONDA
from cudadoctor.checks.shared.machine import active, rows, seen, toolkit_shown, toolkits_in_use
from cudadoctor.checks.shared.rc_lines import setters
from cudadoctor.facts.envs import EnvFacts
from cudadoctor.facts.shell import ShellFacts
from cudadoctor.facts.toolkit import ToolkitInventory


@check("SH003", severity=Severity.WARNING)
def path_order_conda_cuda(toolkit: ToolkitInventory, envs: tuple[EnvFacts, ...], shell: ShellFacts) -> Result:
    """The active conda environment has an nvcc of its own, and another one of another CUDA major stands before it.

    Why:
        A start-up file that puts /usr/local/cuda/bin in front of PATH after `conda activate` (or a `module load`) hides
        the environment's compiler. Builds in it then mix two CUDA versions.

    How we know:
        The active conda environment has bin/nvcc, and the first nvcc on PATH is of another toolkit whose CUDA major
        differs.

    Fix:
        Put the CUDA lines above the conda block of the start-up file, or run `conda deactivate` and `conda activate`
        again; for a build `export CUDA_HOME=$CONDA_PREFIX PATH=$CONDA_PREFIX/bin:$PATH` is enough.

    Harmless when:
        Nothing is compiled in that environment.

    Sources:
        https://docs.conda.io/projects/conda/en/latest/user-guide/tasks/manage-environments.html
    """
    env = active(envs)
    if env is None or env.kind != "conda":
        return
    own = next((one for one in toolkit.toolkits if one.nvcc and env.prefix in (one.root, one.real_root)), None)
    if own is None or own.version is None or toolkit.cuda_home_root == own.real_root:
        return
    other = next((one for one in toolkits_in_use(toolkit) if one.real_root == toolkit.nvcc_on_path_root), None)
    if other is None or other is own or other.version is None or other.version.major == own.version.major:
        return
    yield Problem(
        subject="var:PATH",
        message=f"the first nvcc on PATH is of {toolkit_shown(other)}; the active environment has {toolkit_shown(own)}",
        evidence=rows(seen("PATH", toolkit.nvcc_on_path or other.root), own.seen, *setters(shell, "PATH")[:3]),
        source=PIP_AND_CONDA,
    )
