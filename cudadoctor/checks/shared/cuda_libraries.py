"""What the checks of libraries share: messages, and which CUDA a library's name belongs to."""

from __future__ import annotations

import re

from cudadoctor.checks.shared.machine import active, clean, env_subject
from cudadoctor.facts.envs import EnvFacts
from cudadoctor.facts.shell import ShellFacts
from cudadoctor.facts.symptom import Symptom
from cudadoctor.facts.toolkit import ToolkitInventory
from cudadoctor.versions import CudaVersion

_TORCH_OF = "torch in "
"""How a message that an environment's torch gave here is marked (intake/said.py)."""
_NAME = re.compile(r"lib(?P<stem>[A-Za-z]+)(?:-[0-9a-f]+)?\.so\.(?P<version>\d{1,2}(?:\.\d{1,2})?)")
_ON_PATH = re.compile(r"(?:^|/)cuda[-/]?(\d{1,2}\.\d{1,2})(?:\.\d+)?(?:/|\Z)")
_TOOLKIT = re.compile(r"(/[\w./+-]{0,200}/cuda(?:-(\d{1,2}\.\d{1,2}))?)(?:/(?:bin|include|lib64)/?)?\Z")
CUDA_MAJORS: dict[tuple[str, str], tuple[int, ...]] = {
    ("cudart", "11.0"): (11,),
    ("cudart", "12"): (12,),
    ("cudart", "13"): (13,),
    **{(stem, major): (int(major),) for stem in ("cublas", "cublasLt") for major in ("11", "12", "13")},
    **{(stem, "10"): (10,) for stem in ("cublas", "cublasLt", "cusparse")},
    ("cusparse", "11"): (11,),
    ("cusparse", "12"): (12, 13),
    ("nvrtc", "11.2"): (11,),
    ("nvrtc", "12"): (12,),
    ("nvrtc", "13"): (13,),
    ("nvJitLink", "12"): (12,),
    ("nvJitLink", "13"): (13,),
    ("cufft", "11"): (12,),
    ("cufft", "12"): (13,),
}
"""Library and the version in its SONAME → the CUDA majors that bring it, as their release notes list them. What serves
more than these (libcurand.so.10, libcusolver.so.11, libcufft.so.10) tells nothing and is not here. Read 2026-11-25:
https://docs.nvidia.com/cuda/archive/ and the wheels' file names."""


def torch_env(envs: tuple[EnvFacts, ...] | None) -> EnvFacts | None:
    """The active environment, where it has a torch; in a paste, the one that it speaks of."""
    env = active(envs or ())
    if env is None and envs is not None and len(envs) == 1:
        env = envs[0]
    return env if env is not None and env.torch is not None else None


def subject_of(envs: tuple[EnvFacts, ...] | None, symptom: Symptom) -> str:
    """The environment that a message is about, or the machine."""
    env = torch_env(envs)
    if env is None and symptom.seen.where.startswith(_TORCH_OF):
        return f"env:{clean(symptom.seen.where[len(_TORCH_OF) :])}"
    return "machine" if env is None else env_subject(env)


def of_cuda(library: str) -> tuple[tuple[int, ...], CudaVersion | None] | None:
    """The CUDA majors that a library of that name belongs to, and the release where the name says it (10.x and older).

    None where the name does not tell.
    """
    match = _NAME.match(library)
    if match is None:
        return None
    stem, version = match.group("stem"), match.group("version")
    exact = CudaVersion.parse(version) if "." in version else None
    if exact is not None and exact.major in (8, 9, 10) and stem in _EXACT:
        return (exact.major,), exact
    majors = CUDA_MAJORS.get((stem, version))
    return None if majors is None else (majors, None)


_EXACT = ("cudart", "cublas", "cufft", "curand", "cusolver", "cusparse", "nvrtc")
"""Libraries whose SONAME is the toolkit's release up to CUDA 10.0; libcudart's and libnvrtc's up to 10.2."""


def fits(library: str, cuda: CudaVersion) -> bool | None:
    """Whether a library of that name belongs to that CUDA; None where the name does not tell."""
    known = of_cuda(library)
    if known is None:
        return None
    majors, exact = known
    return (exact.major, exact.minor) == (cuda.major, cuda.minor) if exact is not None else cuda.major in majors


def toolkit_with(library: str, toolkit: ToolkitInventory | None) -> str | None:
    """The root of a toolkit that brings a library of that name."""
    for one in toolkit.toolkits if toolkit is not None else ():
        if one.version is not None and fits(library, one.version.cuda):
            return one.root
    return None


def toolkit_on_path(library: str, shell: ShellFacts | None) -> tuple[str, bool] | None:
    """A toolkit that the compiler's variables name, and whether its name says that it has a library of that name.

    None where there is none, or where its name says another release.
    """
    for name in ("CUDA_HOME", "PATH", "CPATH", "LIBRARY_PATH"):
        for part in ((shell.variables.get(name) or "") if shell is not None else "").split(":")[:100]:
            root = _TOOLKIT.match(part)
            if root is None:
                continue
            cuda = CudaVersion.parse(root.group(2)) if root.group(2) else None
            known = fits(library, cuda) if cuda is not None else None
            if known is not False:
                return root.group(1), known is True
    return None


def cuda_on_path(shell: ShellFacts | None) -> list[tuple[str, CudaVersion | None]]:
    """The directories of LD_LIBRARY_PATH that belong to a CUDA toolkit, and which one where their names say it."""
    value = (shell.variables.get("LD_LIBRARY_PATH") or "") if shell is not None else ""
    found = []
    for part in re.split("[:;]", value)[:60]:
        if re.search(r"(?:^|/)(?:cuda|cudnn|nccl)", part) and "/stubs" not in part and "/compat" not in part:
            match = _ON_PATH.search(part)
            found.append((part, CudaVersion.parse(match.group(1)) if match else None))
    return found
