"""The libraries under torch: the right wheel, the right file, a name to link with."""

from __future__ import annotations

from cudadoctor.checks.engine.outcome import Finding
from cudadoctor.facts.base import Facts
from cudadoctor.remedies.cures import shell_lines
from cudadoctor.remedies.machine import env_of
from cudadoctor.remedies.plan import Remedy
from cudadoctor.remedies.steps import advice, pip_install


def nvjitlink(finding: Finding, facts: Facts) -> Remedy:
    """The wheel of torch's own CUDA release."""
    env = env_of(finding.subject, facts)
    cuda = env.torch.cuda if env is not None and env.torch is not None else None
    if env is None or cuda is None:
        return Remedy(summary="Install the nvJitLink of torch's own CUDA release")
    name = f"nvidia-nvjitlink-cu{cuda.major}" if cuda.major < 13 else "nvidia-nvjitlink"
    wanted = f"{name}=={cuda.major}.{cuda.minor}.*"
    step = advice(f"Install `{wanted}` into the environment.")
    if env.python is not None and env.kind != "system":
        why = "the nvJitLink that the other libraries of this torch were made with"
        step = pip_install(env.python, (wanted,), why)
    return Remedy(summary="Install the nvJitLink of torch's own CUDA release", steps=(step,))


def other_copy(finding: Finding, facts: Facts) -> Remedy:
    """A library from elsewhere that goes before torch's own; without steps where nothing tells what leads to it."""
    env = env_of(finding.subject, facts)
    ways = {one.how for one in (env.libraries or () if env is not None else ()) if one.same is False}
    if "preload" in ways:
        return Remedy(
            summary="Take torch's libraries out of LD_PRELOAD",
            steps=(
                advice("To try it first: start Python with `env -u LD_PRELOAD python`.", safety="safe"),
                advice("Take the library out of LD_PRELOAD in the file that sets it, or out of /etc/ld.so.preload."),
            ),
        )
    variable = facts.shell.variables.get("LD_LIBRARY_PATH") if facts.shell is not None else None
    if "LD_LIBRARY_PATH" in ways or (not ways and variable):
        return shell_lines.drop_library_path(finding, facts)
    return Remedy(summary="")


def link_name(finding: Finding, facts: Facts) -> Remedy:  # noqa: ARG001  one signature for all builders
    """A directory where the linker finds libcuda.so: the toolkit's stubs, for linking only."""
    toolkits = facts.toolkit.toolkits if facts.toolkit is not None else ()
    if not toolkits:
        return Remedy(summary="")
    stubs = f"{toolkits[0].root}/lib64/stubs"
    return Remedy(
        summary="Let the linker find libcuda.so",
        steps=(
            advice(f'For this shell: `export LIBRARY_PATH="{stubs}${{LIBRARY_PATH:+:$LIBRARY_PATH}}"`', safety="safe"),
            advice("That is for linking only: never put the stubs directory on LD_LIBRARY_PATH."),
        ),
    )
