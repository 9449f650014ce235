"""The report of `python -m torch.utils.collect_env`, of every torch from 0.4 on."""

from __future__ import annotations

import re

from msgspec import Struct

from cudadoctor.facts.envs import Package
from cudadoctor.parsers.text import flag, lines
from cudadoctor.versions import DriverVersion, RuntimeVersion

_KEYS = {
    "pytorch version": "torch",
    "is debug build": "debug",
    "cuda used to build pytorch": "torch_cuda",
    "rocm used to build pytorch": "rocm",
    "os": "os",
    "gcc version": "gcc",
    "libc version": "libc",
    "python version": "python",
    "python platform": "platform",
    "is cuda available": "cuda_available",
    "cuda runtime version": "cuda_runtime",
    "cuda_module_loading set to": "module_loading",
    "gpu models and configuration": "gpus",
    "nvidia driver version": "driver",
    "cudnn version": "cudnn",
}
_LINE = re.compile(r"[\s*•#|-]{0,8}([A-Za-z][A-Za-z_ ]{0,40}?)\s*:(?:\s+(.*))?\Z")
_GPU = re.compile(r"GPU (\d{1,4}): (\S.*)\Z")
_PACKAGE = re.compile(r"\[(pip|conda)\d?\]\s+(\S.*)")
_NOTHING = frozenset(("", "none", "n/a", "no cuda", "could not collect"))
_ROWS = 4096


class CollectEnv(Struct, frozen=True, kw_only=True):
    """One report. A text is None where its line is not there; "Could not collect" and "No CUDA" are kept in texts."""

    torch: str | None = None
    torch_cuda_text: str | None = None
    torch_cuda: RuntimeVersion | None = None
    """`torch.version.cuda`; None for a build without CUDA (then the text is None or "Could not collect")."""
    rocm: str | None = None
    os: str | None = None
    gcc: str | None = None
    libc: str | None = None
    python: str | None = None
    platform: str | None = None
    cuda_available: bool | None = None
    cuda_runtime: str | None = None
    """Despite its name the version of the nvcc on PATH (or of a toolkit found otherwise)."""
    module_loading: str | None = None
    gpus: tuple[tuple[int, str], ...] = ()
    """Index and name of what `nvidia-smi -L` listed."""
    gpus_text: str | None = None
    """What stands there instead of GPUs: "Could not collect", "No CUDA"."""
    driver: DriverVersion | None = None
    driver_text: str | None = None
    cudnn: tuple[str, ...] = ()
    """A version, or the files of "Probably one of the following"."""
    packages: tuple[Package, ...] = ()


def parse(text: str | bytes) -> CollectEnv | None:
    """The first report in the text, which may stand among other text; None where there is none.

    It takes "PyTorch version" and one more of its lines to be one.
    """
    values: dict[str, str] = {}
    before: dict[str, str] = {}
    gpus: list[tuple[int, str]] = []
    cudnn: list[str] = []
    packages: list[Package] = []
    section = ""
    for raw in lines(text, longest=4096):
        line = raw.strip()
        match = _LINE.match(line)
        name = _KEYS.get(match.group(1).lower()) if match else None
        if match and name:
            if name == "torch" and "torch" in values and len(values) > 1:
                break  # a second report
            if name == "torch" and "torch" not in values:
                # What an issue's template asks ("OS: …") may stand before; vLLM's report has its system part there.
                before, values = values, {}
            section, value = name, (match.group(2) or "").strip()
            if name in values:
                continue
            values[name] = value
            if name == "gpus":
                _add_gpu(gpus, value)
            elif name == "cudnn" and value.lower() not in _NOTHING and "following" not in value:
                cudnn.append(value)
        elif section == "gpus" and line.startswith("GPU "):
            _add_gpu(gpus, line)
        elif section == "cudnn" and line.startswith(("/", "C:", "D:")) and len(cudnn) < _ROWS:
            cudnn.append(line)
        elif (match := _PACKAGE.search(line)) and len(packages) < _ROWS and (package := _package(match)):
            packages.append(package)
    if "torch" not in values or len(values) + ("torch_cuda" in before) < 2:
        return None
    values = before | values
    driver = values.get("driver")
    return CollectEnv(
        torch=_value(values.get("torch")),
        torch_cuda_text=values.get("torch_cuda"),
        torch_cuda=RuntimeVersion.parse(values.get("torch_cuda", "")),
        rocm=values.get("rocm"),
        os=values.get("os"),
        gcc=values.get("gcc"),
        libc=values.get("libc"),
        python=values.get("python"),
        platform=values.get("platform"),
        cuda_available=flag(values.get("cuda_available")),
        cuda_runtime=values.get("cuda_runtime"),
        module_loading=values.get("module_loading"),
        gpus=tuple(gpus),
        gpus_text=None if gpus else values.get("gpus") or None,
        driver=DriverVersion.parse(driver or ""),
        driver_text=driver,
        cudnn=tuple(cudnn),
        packages=tuple(packages),
    )


def _value(text: str | None) -> str | None:
    return None if text is None or text.lower() in _NOTHING else text


def _add_gpu(gpus: list[tuple[int, str]], line: str) -> None:
    match = _GPU.match(line)
    if match and len(gpus) < _ROWS:
        gpus.append((int(match.group(1)), re.sub(r"\s*\(UUID:.*\Z", "", match.group(2))))


def _package(match: re.Match[str]) -> Package | None:
    manager, text = match.groups()
    words = text.replace("==", " ", 1).split() if manager == "pip" else text.split()
    if not 2 <= len(words) <= 4:  # "Could not collect"; "No relevant packages"
        return None
    name, version, build, channel = (*words, None, None)[:4]
    if name is None or version is None or not version[0].isdigit():
        return None
    return Package(installer=manager, name=name, version=version, build=build, channel=channel)
