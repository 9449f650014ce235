"""Finds CUDA libraries that the loader takes in the place of those that torch brings."""

from __future__ import annotations

import re
from collections.abc import Iterator

from cudadoctor.checks.engine.base import Confidence, Problem, Result, Severity, also, check
from cudadoctor.checks.engine.sources import LD_SO, NVJITLINK
from cudadoctor.checks.shared.cuda_libraries import cuda_on_path, subject_of, torch_env
from cudadoctor.checks.shared.machine import active, clean, env_subject, release, rows, seen, torch_shown
from cudadoctor.checks.shared.messages import every
from cudadoctor.checks.shared.rc_lines import setters
from cudadoctor.facts.envs import EnvFacts
from cudadoctor.facts.libraries import ResolvedLibrary
from cudadoctor.facts.shell import LoaderEntry, LoaderFacts, ShellFacts
from cudadoctor.facts.symptom import Symptom
from cudadoctor.versions import CudaVersion

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


_OUTSIDE = ("LD_LIBRARY_PATH", "preload", "cache", "default")
_BY = {"LD_LIBRARY_PATH": "LD_LIBRARY_PATH puts", "preload": "LD_PRELOAD puts"}
_NOT_HERE = ("libcuda", "libnccl", "libcudnn_", "libstdc++", "libgomp", "libiomp5", "libmkl")
"""Libraries of other checks, or of none: NCCL and the parts of cuDNN have their own."""
_ONE_BUILD = ("libcublas.so", "libcublasLt.so")


@check("LD001", severity=Severity.WARNING)
def ld_path_shadows_bundled_libs(loader: LoaderFacts, envs: tuple[EnvFacts, ...], shell: ShellFacts | None) -> Result:
    """LD_LIBRARY_PATH puts an older CUDA library before the one that torch brings.

    Why:
        torch from pip carries its CUDA libraries in nvidia-* wheels. Its own files name them by DT_RPATH, which goes
        before LD_LIBRARY_PATH; but what these need in turn (libnvJitLink for cuSPARSE, libcublasLt for cuBLAS, the
        parts of cuDNN) they find by DT_RUNPATH, which goes after it. An older copy from a toolkit is then mixed with
        newer ones: the import ends with an undefined symbol such as `__nvJitLinkComplete_12_4`, or a call fails with
        CUBLAS_STATUS_INVALID_VALUE or "invalid argument". Here the loader's search is followed file by file, so this
        says what wins, not what lies about.

    How we know:
        For every library that torch's files need, the loader's search (RPATH, LD_LIBRARY_PATH, RUNPATH, cache) is
        followed to the file that wins. In a text: "undefined symbol: __nvJitLinkComplete_12_4, version
        libnvJitLink.so.12", "undefined symbol" of cublas, cusparse or cudnn with a toolkit on LD_LIBRARY_PATH, or
        torch's own "Looks like your LD_LIBRARY_PATH contains incompatible version of cudnn". A wheel that is itself too
        old is `nvjitlink-skew`.

    Fix:
        Take the toolkit's directory out of LD_LIBRARY_PATH in the file that sets it (~/.bashrc, ~/.profile,
        /etc/profile.d, a module, a Dockerfile's ENV): torch from pip or conda needs none of it, and nvcc needs PATH
        only.

        To try at once: `env -u LD_LIBRARY_PATH python -c "import torch"`. Other programs that need the toolkit's
        libraries find them through /etc/ld.so.conf.d and `ldconfig`.

    Harmless when:
        The copy taken is as new as torch's own, or newer and of the same major: both are silent. So are images and
        builds that bring torch without copies of its own (NGC, Jetson, from source), and conda environments.

    Sources:
        https://github.com/pytorch/pytorch/issues/134929
        https://man7.org/linux/man-pages/man8/ld.so.8.html
    """
    env = active(envs)
    if env is None or env.torch is None or env.torch.cuda is None:
        return
    if env.libraries is not None:
        yield from _followed(env, env.libraries, shell)
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


def _followed(env: EnvFacts, libraries: tuple[ResolvedLibrary, ...], shell: ShellFacts | None) -> Iterator[Problem]:
    """The first copy that wins and does harm; all of them come from one directory as a rule."""
    torch = env.torch
    assert torch is not None
    failed = torch.live.outcome in ("import-error", "crashed")
    found = [one for one in libraries if one.same is False and one.how in _OUTSIDE and _counts(one, env)]
    halves = [one for one in libraries if one.soname.startswith(_ONE_BUILD) and one.same is not None]
    torn = len({one.same for one in halves}) == 2 and len({one.version for one in halves}) > 1
    harmful = [one for one in found if _older(one) or (torn and one.soname.startswith(_ONE_BUILD))]
    if not harmful:
        return
    said_so = [one for one in harmful if failed and one.soname.partition(".")[0] in (torch.live.error or "")]
    one = (said_so or harmful)[0]
    more = f", and {len(harmful) - 1} more" if len(harmful) > 1 else ""
    yield Problem(
        subject=env_subject(env),
        message=(
            f"{_BY.get(one.how, 'the loader finds')} {clean(one.path)} ({clean(one.version)}) before the "
            f"{clean(one.own_version)} that {torch_shown(env, torch)} brings{more}"
        ),
        evidence=rows(
            *(seen(one.path or "", f"taken for {one.soname}, by {one.how}") for one in harmful[:4]),
            seen(one.own or "", f"torch's own: {one.own_version}"),
            seen(one.needed_by, f"needs {one.soname}") if one.needed_by else None,
            *(setters(shell, "LD_LIBRARY_PATH") if one.how == "LD_LIBRARY_PATH" else ()),
        ),
        source=NVJITLINK,
        severity=Severity.ERROR if failed else None,
        confidence=Confidence.CERTAIN if said_so else Confidence.LIKELY,
    )


def _counts(one: ResolvedLibrary, env: EnvFacts) -> bool:
    path = one.path or ""
    return not one.soname.startswith(_NOT_HERE) and not path.startswith(f"{env.prefix}/")


def _older(one: ResolvedLibrary) -> bool:
    """Older than torch's own, by the numbers that both have; unknown versions are not.

    Of the same major only: libnvToolsExt.so.1.0.0 and the years of CUPTI's files count otherwise than their wheels.
    """
    taken, own = release(one.version or ""), release(one.own_version or "")
    length = min(len(taken), len(own), 3)
    return length >= 2 and taken[0] == own[0] and taken[:length] < own[:length]


@also(ld_path_shadows_bundled_libs)
def in_messages(
    symptoms: tuple[Symptom, ...],
    envs: tuple[EnvFacts, ...] | None,
    shell: ShellFacts | None,
    loader: LoaderFacts | None,
) -> Result:
    """What a message says, where the loader's search could not be followed."""
    env = torch_env(envs)
    if (env is not None and env.libraries is not None) or (env is None and loader is not None):
        return  # the files decide; on a live machine without a known environment nothing tells a wheel's from others
    on_path = cuda_on_path(shell)
    variable = seen("LD_LIBRARY_PATH", ":".join(part for part, _ in on_path)) if on_path else None
    for one in every(symptoms, "nvjitlink-symbol-undefined"):
        needs = release(one.values.get("version", "").replace("_", "."))
        wheel = (
            next((env.packages[name] for name in sorted(env.packages) if "nvjitlink" in name), None) if env else None
        )
        if wheel is not None and release(wheel.version)[:2] < needs:
            continue  # the wheel itself is too old: nvjitlink-skew
        taken = _taken(symptoms, "libnvJitLink")
        wheels = "site-packages/" in one.seen.text and "/nvidia/" in one.seen.text
        yield Problem(
            subject=subject_of(envs, one),
            message=(
                f"another libnvJitLink is loaded than the one that torch brings: it has no `{one.values['symbol']}`, "
                f"so it is older than CUDA {'.'.join(str(part) for part in needs)}"
                + (f"; LD_LIBRARY_PATH has {clean(on_path[0][0])}" if on_path else "")
            ),
            evidence=rows(one.seen, taken.seen if taken is not None else None, variable),
            source=NVJITLINK,
            severity=Severity.ERROR,
            confidence=Confidence.LIKELY if taken is not None or on_path or wheels else Confidence.POSSIBLE,
        )
    for one in every(symptoms, "cudnn-on-library-path"):
        yield Problem(
            subject=subject_of(envs, one),
            message="LD_LIBRARY_PATH leads to another cuDNN than the one that torch brings",
            evidence=rows(one.seen, variable),
            source=LD_SO,
            severity=Severity.ERROR,
            confidence=Confidence.LIKELY,
        )
    for one in every(symptoms, "cuda-symbol-undefined", "cublas-halves-differ") if on_path else ():
        yield Problem(
            subject=subject_of(envs, one),
            message=(
                f"the library that was loaded has no `{clean(one.values['symbol'], 80)}`, and LD_LIBRARY_PATH puts "
                f"{clean(on_path[0][0])} before torch's own"
            ),
            evidence=rows(one.seen, variable),
            source=LD_SO,
            severity=Severity.ERROR,
            confidence=Confidence.LIKELY,
        )
    for one in every(symptoms, "cublas-halves-differ"):
        # Both lie in one wheel, whose RUNPATH leads from one to the other: only LD_LIBRARY_PATH goes before that.
        if on_path or "/nvidia/cublas/lib/" not in one.values["file"]:
            continue
        yield Problem(
            subject=subject_of(envs, one),
            message=(
                f"another libcublasLt is loaded than the one in torch's wheels: it has no "
                f"`{clean(one.values['symbol'], 80)}`; as a rule LD_LIBRARY_PATH leads to an older one"
            ),
            evidence=rows(one.seen),
            source=LD_SO,
            severity=Severity.ERROR,
            confidence=Confidence.LIKELY,
        )
        break
    if loader is None and env is not None and env.torch is not None and env.torch.cuda is not None:
        yield from _named_on_path(env, on_path)


def _taken(symptoms: tuple[Symptom, ...], stem: str) -> Symptom | None:
    """Ldd's line that shows another file than a wheel's."""
    for one in every(symptoms, "cuda-library-resolved"):
        path = one.values.get("path", "")
        if one.values.get("library", "").startswith(f"{stem}.so") and "-packages/" not in path:
            return one
    return None


def _named_on_path(env: EnvFacts, on_path: list[tuple[str, CudaVersion | None]]) -> Iterator[Problem]:
    """Only the names of directories are known: an older release of the same major may shadow what a wheel brings."""
    torch = env.torch
    if torch is None or torch.cuda is None or env.kind == "conda" or not re.search(r"\+cu\d", torch.version):
        return
    if release(torch.version) < (2, 0) or torch.live.is_available:
        return
    for folder, cuda in on_path:
        if cuda is not None and cuda.major == torch.cuda.major and cuda.minor < torch.cuda.minor:
            yield Problem(
                subject=env_subject(env),
                message=(
                    f"LD_LIBRARY_PATH has {clean(folder)}, and {torch_shown(env, torch)} brings the libraries of CUDA "
                    f"{torch.cuda}: where these look for one another the older ones of CUDA {cuda} go first"
                ),
                evidence=rows(seen("LD_LIBRARY_PATH", folder), torch.seen),
                source=LD_SO,
                confidence=Confidence.POSSIBLE,
            )
            return
