"""`python -m torch.utils.collect_env`."""

from __future__ import annotations

import re

from msgspec.structs import replace

from cudadoctor.facts.seen import Seen
from cudadoctor.facts.toolkit import CompilerFacts
from cudadoctor.intake import builds, wrapped
from cudadoctor.intake.draft import Draft, NamedGpu
from cudadoctor.intake.reports.system import put_os_words
from cudadoctor.parsers import collect_env as parser
from cudadoctor.parsers.collect_env import CollectEnv
from cudadoctor.versions import ToolkitVersion

_NONE = ("none", "could not collect", "n/a")
_GCC = re.compile(r"(\d{1,2})\.\d{1,2}\.\d{1,2}")
_KERNEL = re.compile(r"Linux-(\S+?)-(x86_64|aarch64|ppc64le)\b")
_PYTHON = re.compile(r"(\d\.\d{1,2}(?:\.\d{1,2})?)")


def recognise(draft: Draft) -> None:
    """The first report of the text."""
    found = parser.parse(draft.paste.text)
    if found is None:
        return
    if len(found.packages) == 0 or found.python is None:
        for text in wrapped.variants(draft.paste.texts[:4000]):
            other = parser.parse(text)
            if other is not None and _tells(other) > _tells(found):
                found = other
    start = max(0, draft.paste.first("pytorch version", "cuda used to build"))

    def seen(word: str) -> Seen:
        lines = [at for at in draft.paste.having(word) if at >= start]
        return draft.paste.seen(lines[0] if lines else start)

    _torch(draft, found, seen("pytorch version"), seen("cuda used to build"))
    _packages(draft, found)
    _rest(draft, found)
    if found.gpus:
        from cudadoctor.compat import gpus

        for index, name in found.gpus:
            capability = gpus.capability_by_name(name)
            at = seen(name.lower())
            draft.name_gpu(NamedGpu(name=name, capability=capability, source="name", seen=at, index=index))
    if found.driver is not None and draft.put(draft.driver, "version", found.driver):
        draft.put(draft.driver, "seen", seen("nvidia driver version"))
        draft.put(draft.driver, "loaded", value=True)  # nvidia-smi printed it, so it reached the driver
    toolkit = ToolkitVersion.parse(found.cuda_runtime or "")
    if toolkit is not None and draft.toolkit_version is None:
        draft.toolkit_version = (toolkit, seen("cuda runtime version"))
    version = _GCC.search((found.gcc or "").rpartition(")")[2])
    if version is not None and draft.compiler is None and "clang" not in (found.gcc or "").lower():
        draft.compiler = CompilerFacts(
            path="gcc", kind="gcc", major=int(version.group(1)), version=version.group(), seen=seen("gcc version")
        )


def _tells(found: CollectEnv) -> int:
    texts = (found.torch, found.torch_cuda_text, found.os, found.python, found.driver_text, found.cuda_runtime)
    return sum(text is not None for text in texts) + len(found.packages) + len(found.gpus)


def _torch(draft: Draft, found: CollectEnv, seen: Seen, cuda_seen: Seen) -> None:
    if found.torch is None:
        return
    draft.put_torch(found.torch, seen)
    hip = found.rocm if found.rocm and found.rocm.lower() not in _NONE else None
    draft.put(draft.torch, "hip", hip)
    if found.torch_cuda is not None:
        draft.put_cuda(found.torch_cuda)
    elif hip is None and (found.torch_cuda_text or "").lower() in ("none", "could not collect"):
        # torch.version.cuda is None: the build has no CUDA (collect_env prints both words for it).
        draft.put(draft.torch, "build", "cpu")
        draft.torch_seen = cuda_seen
    if found.cuda_available is not None:
        draft.put(draft.live, "outcome", "ok")
        draft.put(draft.live, "is_available", value=found.cuda_available)


def _packages(draft: Draft, found: CollectEnv) -> None:
    for one in found.packages:
        name = one.name.lower().replace("_", "-")
        draft.packages.setdefault(
            name,
            replace(one, name=name),
        )
        if one.installer == "conda" and name in ("pytorch", "torch") and found.torch is not None:
            draft.put(draft.env, "kind", "conda")
            draft.put(draft.torch, "installer", "conda" if one.channel != "pypi" else "pip")
            if one.build and one.channel != "pypi":
                build, cuda = builds.of_conda(one.build)
                draft.put(draft.torch, "build_string", one.build)
                draft.put(draft.torch, "build", build)
                draft.put(draft.torch, "cuda", cuda)
        elif one.installer == "pip" and name == "torch":
            draft.put_torch(one.version, draft.torch_seen or draft.paste.seen(draft.paste.first("] torch")))
    conda = any(one.installer == "conda" and one.name == "pytorch" for one in found.packages)
    if not conda and any(one.installer == "pip" and one.name == "torch" for one in found.packages):
        draft.put(draft.torch, "installer", "pip")


def _rest(draft: Draft, found: CollectEnv) -> None:
    put_os_words(draft, found.os or "")
    if match := _KERNEL.search(found.platform or ""):
        kernel = match.group(1).partition("-with-")[0]
        draft.put(draft.os, "kernel", kernel)
        draft.put(draft.os, "arch", match.group(2))
        if "microsoft" in kernel.lower():
            draft.put(draft.os, "wsl", 1 if kernel.startswith("4.4.") else 2)
    match = _PYTHON.match(found.python or "")
    version = match.group(1) if match else ""
    draft.put(draft.env, "python_version", version)
    libc = (found.libc or "").lower()
    if libc.startswith("glibc-") and _numbers(version) >= (3, 8):
        # Older Pythons tell the libc that they were built against, not the one that runs (platform.libc_ver).
        draft.put(draft.os, "glibc", libc.removeprefix("glibc-"))


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdigit())
