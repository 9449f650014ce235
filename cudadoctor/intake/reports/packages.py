"""`conda list`, `pip list`, `pip freeze` and their like: by the parser of package lists."""

from __future__ import annotations

import re

from cudadoctor.facts.envs import CondaFacts, Package
from cudadoctor.intake import builds
from cudadoctor.intake.draft import Draft

_MOST = 600
_ANY = re.compile(
    r"^[ \t-]{0,8}[A-Za-z0-9_][\w.\[\]-]{0,80}(?:[ \t]{1,60}v?\d|={1,3} ?\d| ?@ )|^Name: |Successfully installed|"
    r"packages in environment|active env",
    re.MULTILINE,
)
"""What every list has; without it the parser of lists is not loaded."""
_TORCH = ("torch", "pytorch", "libtorch")
_CUDA_OF_CONDA = ("pytorch-cuda", "cudatoolkit")


_PINNED = re.compile(
    r"\b(?P<name>torchvision|torchaudio) (?P<version>\d[\w.+]{0,40}) requires torch==(?P<pin>\d[\w.+]{0,40}?), "
    r"but you have torch (?P<torch>\d[\w.+]{0,40}?) which is incompatible"
)
"""pip, after it installed something else than a companion of torch pins (pip, `_internal/commands/install.py`)."""


def recognise(draft: Draft) -> None:
    """Packages by name, the torch among them, and what conda says of itself."""
    if "which is incompatible" in draft.paste.lowered:
        _conflict(draft)
    if _ANY.search(draft.paste.text) is None:
        return
    from cudadoctor.parsers import package_lists

    found = package_lists.parse(draft.paste.text)[:_MOST]
    for one in found:
        if one.name not in draft.packages:
            draft.packages[one.name] = one
    conda = any(one.installer == "conda" for one in found)
    if conda:
        draft.put(draft.env, "kind", "conda")
    torch = next((one for one in found if one.name in _TORCH), None)
    if torch is not None and "version" not in draft.torch:
        _torch(draft, torch)
    draft.put(draft.env, "prefix", package_lists.prefix(draft.paste.text))
    if "conda" in draft.paste.lowered and (info := package_lists.conda_info(draft.paste.text)) is not None:
        roots = (info.base,) if info.base else ()
        draft.more["conda"] = CondaFacts(roots=roots, version=info.version, channels=info.channels)


def _torch(draft: Draft, torch: Package) -> None:
    line = re.compile(rf"(?:^|\s){re.escape(torch.name)}(?:\s|==|=|-){{1,60}}{re.escape(torch.version)}", re.IGNORECASE)
    at = next(
        (index for index in draft.paste.having(torch.name) if line.search(draft.paste.texts[index][:400])),
        draft.paste.first(torch.name),
    )
    draft.put_torch(torch.version, draft.paste.seen(at))
    draft.put(draft.torch, "installer", torch.installer)
    if torch.installer == "conda" and torch.build:
        word, cuda = builds.of_conda(torch.build)
        draft.put(draft.torch, "build_string", torch.build)
        draft.put(draft.torch, "cuda", cuda)
        draft.put(draft.torch, "build", word)


def _conflict(draft: Draft) -> None:
    """What pip says is there besides a torch that it was not made for."""
    for at in draft.paste.having("which is incompatible"):
        for said in _PINNED.finditer(draft.paste.texts[at][:2000]):
            name = said["name"]
            draft.packages.setdefault(
                name, Package(name=name, version=said["version"], installer="pip", requires_torch=said["pin"])
            )
            if "version" not in draft.torch:
                draft.put_torch(said["torch"], draft.paste.seen(at))
