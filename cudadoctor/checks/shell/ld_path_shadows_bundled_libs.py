"""Finds directories of LD_LIBRARY_PATH that put other CUDA libraries before those of torch's wheels."""

from __future__ import annotations

import re

from cudadoctor.checks.base import Confidence, Problem, Result, Severity, check
from cudadoctor.checks.common import active, clean, env_subject, release, rows, seen, torch_shown
from cudadoctor.checks.rc import setters
from cudadoctor.checks.sources import NVJITLINK
from cudadoctor.facts.envs import EnvFacts
from cudadoctor.facts.shell import LoaderEntry, LoaderFacts, ShellFacts

# The wheel that brings a library, without its -cu12; from CUDA 13 on the names have no suffix.
_WHEEL_OF = {
    "libnvJitLink": "nvidia-nvjitlink",
    "libcublas": "nvidia-cublas",
    "libcublasLt": "nvidia-cublas",
    "libcusparse": "nvidia-cusparse",
    "libcusolver": "nvidia-cusolver",
    "libcufft": "nvidia-cufft",
    "libcurand": "nvidia-curand",
    "libcudart": "nvidia-cuda-runtime",
    "libnvrtc": "nvidia-cuda-nvrtc",
    "libcudnn": "nvidia-cudnn",
    "libnccl": "nvidia-nccl",
}
_NAME = re.compile(r"(lib[A-Za-z]+)\.so\.(\d{1,3}(?:\.\d{1,9}){0,4})\Z")


def _version_of(entry: LoaderEntry) -> tuple[str, tuple[int, ...]] | None:
    """The library's name and the version in the name of the file that it is."""
    for path in (entry.real_path, entry.path):
        match = _NAME.match((path or "").rpartition("/")[2])
        if match and "." in match.group(2):
            return match.group(1), release(match.group(2))
    return None


@check("LD001", severity=Severity.WARNING)
def ld_path_shadows_bundled_libs(loader: LoaderFacts, envs: tuple[EnvFacts, ...], shell: ShellFacts | None) -> Result:
    """LD_LIBRARY_PATH puts an older CUDA library before the one that torch's wheels bring.

    Why:
        torch from pip carries its CUDA libraries in nvidia-* wheels. LD_LIBRARY_PATH goes before their own search
        path: an older libnvJitLink or libcublas of the same major is loaded instead, and the import ends with an
        undefined symbol.

    Fix:
        Take the toolkit's directory out of LD_LIBRARY_PATH in the file that sets it: torch from pip needs none of it.
        To try: `env -u LD_LIBRARY_PATH python -c "import torch"`.

    Harmless when:
        The import works and nothing else of the library is needed. A newer library of the same major is silent, and
        so are images that bring torch without nvidia-* wheels.

    Sources:
        https://github.com/pytorch/pytorch/issues/134929
    """
    env = active(envs)
    if env is None or env.torch is None or env.torch.cuda is None:
        return
    torch, suffix = env.torch, f"-cu{env.torch.cuda.major}"
    failed = torch.live.outcome in ("import-error", "crashed")
    for entry in loader.path_libraries:
        known = _version_of(entry)
        if known is None or known[0] not in _WHEEL_OF or entry.path.startswith(f"{env.prefix}/"):
            continue
        wheel = _WHEEL_OF[known[0]]
        package = env.packages.get(f"{wheel}{suffix}") or env.packages.get(wheel)
        if package is None:
            continue
        bundled = release(package.version)
        length = min(len(bundled), len(known[1]), 3)
        if length < 2 or bundled[0] != known[1][0] or known[1][:length] >= bundled[:length]:
            continue
        named = failed and known[0].lower() in (torch.live.error or "").lower()
        shown = ".".join(str(number) for number in known[1])
        yield Problem(
            subject=env_subject(env),
            message=(
                f"LD_LIBRARY_PATH puts {clean(entry.path)} ({shown}) before the {package.version} that "
                f"{torch_shown(env, torch)} brings"
            ),
            evidence=rows(
                seen(entry.path, entry.real_path or entry.soname),
                seen(package.name, package.version),
                *setters(shell, "LD_LIBRARY_PATH"),
            ),
            source=NVJITLINK,
            severity=Severity.ERROR if failed else None,
            confidence=Confidence.LIKELY if named else Confidence.POSSIBLE,
        )
        return
