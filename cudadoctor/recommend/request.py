"""From words of a command line to a request: what is malformed is refused here, by option and value."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from msgspec import Struct
from msgspec.structs import replace

from cudadoctor.errors import CudaDoctorError
from cudadoctor.recommend.model import (
    COMPANIONS,
    MANAGERS,
    PLATFORMS,
    Gpu,
    Manager,
    Origin,
    Platform,
    Request,
    Style,
    Value,
)
from cudadoctor.versions import ComputeCapability, CudaVersion, DriverVersion

_TORCH = re.compile(r"(\d{1,2}(?:\.\d{1,3}){0,2})(?:\.post\d{1,2})?(?:\+([a-z]{2,5}[0-9.]{0,8}))?\Z")
_PYTHON = re.compile(r"(\d)\.(\d{1,2})(?:\.\d{1,3})?(t?)\Z")
_GLIBC = re.compile(r"(\d)\.(\d{1,3})(?:\.\d{1,3})?\Z")
_DRIVER_BRANCH = re.compile(r"\d{3,4}\Z")
_TAG = re.compile(r"cu(\d{1,2})(\d)\Z")
_CUDA_MAJOR = re.compile(r"\d{1,2}\Z")
_LONGEST_NAME = 100


class Words(Struct, frozen=True, kw_only=True):
    """The options of the command line, as they were written; None: not given."""

    torch: str | None = None
    cuda: str | None = None
    python: str | None = None
    manager: str | None = None
    platform: str | None = None
    driver: str | None = None
    gpus: Sequence[str] = ()
    archs: Sequence[str] = ()
    glibc: str | None = None
    packages: str | None = None
    style: str | None = None


def build(words: Words, base: Request | None = None) -> Request:
    """A request from the options of the command line, over the detected values in `base`.

    Raises CudaDoctorError for what is malformed; what is well formed and in no table is left to the resolver.
    """
    given = base or Request()
    changes: dict[str, object] = _build_wanted(words.torch, words.cuda)
    plain: tuple[tuple[str, str | None, Callable[[str], object]], ...] = (
        ("python", words.python, python_version),
        ("manager", words.manager, manager_name),
        ("glibc", words.glibc, glibc_version),
        ("packages", words.packages, package_names),
        ("style", words.style, style_name),
    )
    if words.platform is not None:
        changes.update(_other_platform(given, platform_name(words.platform)))
    for name, text, parse in plain:
        if text is not None:
            changes[name] = _asked(parse(text))
    no_gpu_here = given.gpus is not None and given.gpus.origin == "detected" and not given.gpus.value
    if words.driver is not None:
        changes.update(driver=_asked(driver_version(words.driver)), cuda_driver=None)
        if no_gpu_here:
            changes["gpus"] = None  # another machine is meant
    if words.gpus or words.archs:
        found = (*(gpu_of_name(name) for name in words.gpus), *(gpu_of_arch(text) for text in words.archs))
        changes.update(gpus=_asked(found), jetson=None)
        if words.platform is None:
            changes.update(_jetson(found))
        if words.driver is None and no_gpu_here:
            changes.update(driver=None, cuda_driver=None)
    return replace(given, **changes)


def _jetson(gpus: tuple[Gpu, ...]) -> dict[str, object]:
    """A GPU that only Jetsons have is a Jetson: its processor is an Arm, whatever this machine is."""
    from cudadoctor.compat import jetson

    if len(gpus) != 1 or len(gpus[0].capabilities) != 1:
        return {}
    board = jetson.board_of(gpus[0].capabilities[0])
    if board is None:
        return {}
    name = gpus[0].name or f"a Jetson {board.board.capitalize()}"
    return {"jetson": name, "platform": Value(value="linux-aarch64", origin="default")}


def _build_wanted(torch: str | None, cuda: str | None) -> dict[str, object]:
    """The release and the CUDA; a suffix of the release says the CUDA too."""
    changes: dict[str, object] = {}
    if torch is not None:
        version, suffix = torch_version(torch)
        changes["torch"] = _asked(version)
        if suffix is not None:
            changes["cuda"] = _asked(suffix[0])
    if cuda is not None:
        wanted = _asked(cuda_version(cuda))
        if changes.get("cuda", wanted) != wanted:
            raise CudaDoctorError(f"--torch {torch} and --cuda {cuda} name different builds")
        changes["cuda"] = wanted
    return changes


def _other_platform(given: Request, platform: Platform) -> dict[str, object]:
    """Another platform is another machine: what was detected here does not hold there."""
    changes: dict[str, object] = {"platform": _asked(platform)}
    if platform == given.platform.value:
        return changes
    for name in ("glibc", "driver", "cuda_driver", "gpus", "python"):
        value = getattr(given, name)
        if value is not None and value.origin == "detected":
            changes[name] = None
    changes.update(wsl=False, jetson=None)
    return changes


def _asked(value: object) -> Value[object]:
    origin: Origin = "asked"
    return Value(value=value, origin=origin)


def _refuse(option: str, value: str, wanted: str) -> CudaDoctorError:
    shown = value if len(value) <= 60 else f"{value[:57]}..."
    return CudaDoctorError(f"{option} `{shown}` is not {wanted}")


def torch_version(text: str) -> tuple[str, tuple[CudaVersion | None] | None]:
    """The version, and the CUDA of its suffix in a tuple of one (None inside: `+cpu`)."""
    word = text.strip().lower().removeprefix("v").removeprefix("torch==")
    if word == "latest":
        return "latest", None
    match = _TORCH.match(word)
    if match is None:
        raise _refuse("--torch", text, "a version such as 1.4.0, 2.5 or latest")
    version, suffix = match.groups()
    if suffix is None:
        return version, None
    return version, (cuda_version(suffix, option="--torch", shown=text),)


def cuda_version(text: str, *, option: str = "--cuda", shown: str | None = None) -> CudaVersion | None:
    """`10.1`, `10.1.243` or `cu101`; None for `cpu`."""
    word = text.strip().lower()
    if word == "cpu":
        return None
    if word.startswith(("rocm", "hip", "xpu")):
        raise CudaDoctorError(
            f"{option} `{shown or text}`: builds for ROCm and XPU are left out here; CUDA or cpu only"
        )
    tag = _TAG.match(word)
    found = CudaVersion.parse(f"{tag[1]}.{tag[2]}" if tag else word.removeprefix("cuda"))
    if found is None:
        more = f": say which, such as {word}.0" if _CUDA_MAJOR.match(word) else ""
        raise _refuse(option, shown or text, f"a CUDA version such as 10.1 or 12.6, or cpu{more}")
    return found.cuda


def python_version(text: str) -> str:
    """`3.7` of `3.7.16`; `3.13t` stays."""
    match = _PYTHON.match(text.strip().lower())
    if match is None:
        raise _refuse("--python", text, "a Python version such as 3.12")
    return f"{match[1]}.{match[2]}{match[3]}"


def manager_name(text: str) -> Manager:
    """One of the managers."""
    for one in MANAGERS:
        if text.strip().lower() == one:
            return one
    raise _refuse("--manager", text, f"one of {', '.join(MANAGERS)}")


def platform_name(text: str) -> Platform:
    """One of the platforms."""
    for one in PLATFORMS:
        if text.strip().lower() == one:
            return one
    raise _refuse("--platform", text, f"one of {', '.join(PLATFORMS)}")


def driver_version(text: str) -> DriverVersion:
    """`418.39`, `580.65.06`, or a branch alone (`535`), which stands for its first release."""
    word = text.strip()
    found = DriverVersion.parse(f"{word}.00" if _DRIVER_BRANCH.match(word) else word)
    if found is None or not 1 <= found.branch <= 9999 or len(str(found.branch)) < 3:
        raise _refuse("--driver", text, "a driver version such as 535.54.03 (not the CUDA version of nvidia-smi)")
    return found


def gpu_of_arch(text: str) -> Gpu:
    """From `8.6`, `sm_86` or `86`."""
    word = text.strip().lower()
    if word.isascii() and word.isdigit() and 2 <= len(word) <= 3:
        word = f"{word[:-1]}.{word[-1]}"
    found = ComputeCapability.parse(word.removesuffix("+ptx"))
    if found is None or found.major < 1:
        raise _refuse("--arch", text, "a compute capability such as 8.6 or sm_86")
    return Gpu(capabilities=(found,))


def gpu_of_name(text: str) -> Gpu:
    """The GPU of that name, with every capability that GPUs of the name have; none where no table has it."""
    from cudadoctor.compat import gpus

    name = " ".join(text.split())
    if not name or len(name) > _LONGEST_NAME or not name.isprintable() or not any(one.isalnum() for one in name):
        raise _refuse("--gpu", text, "the name of a GPU")
    return Gpu(name=name, capabilities=gpus.capabilities_by_name(name))


def glibc_version(text: str) -> tuple[int, int]:
    """`2.27` as (2, 27)."""
    match = _GLIBC.match(text.strip())
    if match is None:
        raise _refuse("--glibc", text, "a glibc version such as 2.27")
    return int(match[1]), int(match[2])


def package_names(text: str) -> tuple[str, ...]:
    """The companions in a comma-separated list; `none` for torch alone."""
    words = [word.strip().lower() for word in text.split(",")]
    if words in ([""], ["none"]):
        return ()
    for word in words:
        if word not in COMPANIONS:
            raise _refuse("--with", text, f"a list of {' and '.join(COMPANIONS)}")
    return tuple(one for one in COMPANIONS if one in words)


def style_name(text: str) -> Style:
    """`working` or `published`."""
    word = text.strip().lower()
    if word == "working":
        return "working"
    if word == "published":
        return "published"
    raise _refuse("--style", text, "working or published")
