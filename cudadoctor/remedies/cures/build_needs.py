"""What a build needs: a toolkit of torch's CUDA, compilers, and directories that may be written."""

from __future__ import annotations

import posixpath

from cudadoctor.checks.engine.outcome import Finding
from cudadoctor.facts.base import Facts
from cudadoctor.remedies import machine
from cudadoctor.remedies.plan import Exists, Remedy, Run
from cudadoctor.remedies.steps import advice, give_to_user, install_packages, run
from cudadoctor.versions import RuntimeVersion

_NOTHING = Remedy(summary="", steps=())
"""The check's own words are told instead."""
_OWN_CACHES = (".triton", ".nv", ".cache", "torch_extensions", "ComputeCache")


def _wanted(facts: Facts) -> RuntimeVersion | None:
    env = machine.env_of("", facts)
    return None if env is None or env.torch is None else env.torch.cuda


def toolkit(finding: Finding, facts: Facts) -> Remedy:  # noqa: ARG001  one signature for all builders
    """A whole toolkit of the CUDA that torch is built for."""
    wanted = _wanted(facts)
    if wanted is None or machine.on_jetson(facts) or facts.os is None:
        return _NOTHING
    release = f"{wanted.major}.{wanted.minor}"
    found = [
        one
        for one in (facts.toolkit.toolkits if facts.toolkit is not None else ())
        if one.nvcc and one.headers is not False and one.version is not None and one.version.major == wanted.major
    ]
    if found:
        root = found[0].root
        return Remedy(
            summary=f"Name the toolkit that is there: CUDA_HOME={root}",
            steps=(
                advice(f"For the build: `export CUDA_HOME={root} PATH={root}/bin:$PATH`.", safety="safe"),
                advice("For good: `cudadoctor shell` prints the lines for your shell's start-up file."),
            ),
        )
    env = machine.env_of("", facts)
    conda = facts.conda.executable if facts.conda is not None else None
    if env is not None and env.kind == "conda" and conda:
        argv = (
            conda,
            "install",
            "-y",
            "-p",
            env.prefix,
            "-c",
            "nvidia",
            "-c",
            "conda-forge",
            f"cuda-toolkit={release}",
        )
        back = Run(
            argv=(conda, "remove", "-y", "-p", env.prefix, "cuda-toolkit"), why="takes it out again", safety="safe"
        )
        install = run(
            argv, f"the toolkit of CUDA {release}, into the environment alone",
            f"install cuda-toolkit={release} with conda", network=("conda.anaconda.org",), disk_at=env.prefix,
            disk_mib=9000, done_when=Exists(path=f"{env.prefix}/bin/nvcc", what="executable"), undo=(back,),
        )  # fmt: skip
        named = advice(f"For the build: `export CUDA_HOME={env.prefix}`.", safety="safe")
        return Remedy(summary=f"Install the CUDA {release} toolkit into the environment", steps=(install, named))
    if machine.in_container(facts):
        return Remedy(
            summary="Build in an image that has the toolkit",
            steps=(advice(f"Take an image of NVIDIA with CUDA {release} and `-devel-` in its name, and build there."),),
        )
    package = f"cuda-toolkit-{wanted.major}-{wanted.minor}"
    whole = install_packages(facts, (package,), "the toolkit; it brings no driver", disk_mib=9000)
    if whole is None:
        return _NOTHING
    steps = [
        advice("Add NVIDIA's package source for your release first, where it is not there yet."),
        whole,
        advice(f"For the build: `export CUDA_HOME=/usr/local/cuda-{release}`.", safety="safe"),
        advice(f"Without root: `conda install -c nvidia cuda-toolkit={release}` and `export CUDA_HOME=$CONDA_PREFIX`."),
    ]
    return Remedy(summary=f"Install the CUDA {release} toolkit", steps=tuple(steps))


def tools(finding: Finding, facts: Facts) -> Remedy:  # noqa: ARG001
    """A C++ compiler, make and Python's headers; ninja comes by pip."""
    without = advice("Without root: `conda install -c conda-forge gxx ninja cmake`.")
    ninja = advice("ninja and CMake: `pip install ninja cmake` in the environment.", safety="safe")
    packages: tuple[str, ...] = ("build-essential", "python3-dev")
    if machine.family(facts) in ("rhel", "fedora"):
        packages = ("gcc-c++", "make", "python3-devel")
    step = install_packages(facts, packages, "compiler and headers")
    if step is None:
        return _NOTHING
    return Remedy(summary="Install a C++ compiler and the headers of Python", steps=(step, ninja, without))


def own_cache(finding: Finding, facts: Facts) -> Remedy:
    """A cache in the user's home that belongs to somebody else."""
    path = machine.file_of(finding.subject)
    home = facts.shell.home if facts.shell is not None else None
    uid = facts.os.uid if facts.os is not None else None
    elsewhere = advice(
        "Without root: `export TRITON_CACHE_DIR=$HOME/triton TORCHINDUCTOR_CACHE_DIR=$HOME/inductor "
        "CUDA_CACHE_PATH=$HOME/nv`.",
        safety="safe",
    )
    mine = home is not None and path.startswith(f"{home}/") and posixpath.normpath(path) == path
    if not uid or not mine or posixpath.basename(path) not in _OWN_CACHES:
        return _NOTHING
    step = give_to_user(path, uid, why="gives the directory back to its user")
    return Remedy(summary=f"Give {path} back to its user", steps=(step, elsewhere))
