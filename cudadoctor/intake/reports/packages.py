"""`conda list`, `pip list`, `pip freeze` and their like."""

from __future__ import annotations

import re

from cudadoctor.facts.envs import Package
from cudadoctor.facts.seen import Seen
from cudadoctor.intake import builds
from cudadoctor.intake.draft import Draft

_OURS = re.compile(
    r"(?:torch\w*|pytorch[\w-]*|nvidia-[\w-]+|numpy|triton|mkl|cudatoolkit|cuda-[\w-]+|cudnn|cpuonly|libtorch|magma-\w+|"
    r"xformers|flash[-_]attn|apex|mmcv\S{0,12}|detectron2|bitsandbytes|torch[-_]\w+)\Z",
    re.IGNORECASE,
)
_CONDA = re.compile(
    r"^[ \t]{0,4}(?P<name>[a-z0-9][\w.-]{1,60})[ \t]{1,60}(?P<version>\d[\w.!+-]{0,40})[ \t]{1,40}"
    r"(?P<build>[\w.*]{1,60}_\d{1,4}|\d{1,4}|cpu|cuda|pypi_0|py\w{1,30})"
    r"(?:[ \t]{1,40}(?P<channel>[\w./:-]{2,80}))?[ \t]{0,8}$",
    re.MULTILINE,
)
_FREEZE = re.compile(
    r"^[ \t]{0,8}(?P<name>[A-Za-z][\w.-]{1,60})==(?P<version>\d[\w.!+-]{0,40})[ \t]{0,8}$", re.MULTILINE
)
_LIST = re.compile(
    r"^[ \t]{0,4}(?P<name>[A-Za-z][\w.-]{1,60})[ \t]{2,60}(?P<version>\d{1,4}\.[\w.!+-]{1,40})"
    r"(?:[ \t]{1,40}\S{1,200})?[ \t]{0,8}$",
    re.MULTILINE,
)
_CHANNELS = re.compile(r"pytorch|nvidia|conda-forge|defaults|pypi|anaconda|main|pkgs|/|\.", re.IGNORECASE)


def recognise(draft: Draft) -> None:
    """Packages of torch's company by name, and the torch among them."""
    text = draft.paste.text
    for match in _CONDA.finditer(text):
        name, channel = match["name"].lower(), match["channel"]
        if _OURS.match(name) and (channel is None or _CHANNELS.search(channel)):
            _conda(draft, match, name, channel)
    for pattern in (_FREEZE, _LIST):
        for match in pattern.finditer(text):
            name = match["name"].lower().replace("_", "-")
            if _OURS.match(name) and name not in draft.packages:
                draft.packages[name] = Package(name=name, version=match["version"], installer="pip")
                if name == "torch" and "version" not in draft.torch:
                    draft.put_torch(match["version"], _seen(draft, match))
                    draft.put(draft.torch, "installer", "pip")


def _conda(draft: Draft, match: re.Match[str], name: str, channel: str | None) -> None:
    build, pypi = match["build"], channel == "pypi" or match["build"] == "pypi_0"
    if name in draft.packages:
        return
    draft.packages[name] = Package(
        name=name, version=match["version"], build=build, channel=channel, installer="pip" if pypi else "conda"
    )
    draft.put(draft.env, "kind", "conda")
    if name in ("pytorch", "libtorch") or (name == "torch" and pypi):
        if "version" not in draft.torch:
            draft.put_torch(match["version"], _seen(draft, match))
        draft.put(draft.torch, "installer", "pip" if pypi else "conda")
        if not pypi:
            word, cuda = builds.of_conda(build)
            draft.put(draft.torch, "build_string", build)
            draft.put(draft.torch, "cuda", cuda)
            draft.put(draft.torch, "build", word)


def _seen(draft: Draft, match: re.Match[str]) -> Seen:
    return draft.paste.seen(draft.paste.text.count("\n", 0, match.start("name")))
