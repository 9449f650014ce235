"""Values wherever they stand: issue forms, JSON, tables, logs of programs, package names, sentences.

Runs after the readers of whole reports, and only fills what they left open. What is said of another time ("was True
before the reboot"), of a wish or of a condition is no value; where two are said, none is taken.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from cudadoctor.intake import builds
from cudadoctor.intake.draft import NO_VERSION, Draft
from cudadoctor.intake.lazy import Lazy
from cudadoctor.intake.other_time import but_now, other_time
from cudadoctor.versions import DriverVersion, RuntimeVersion

_VERSION = r"\d\.\d{1,2}(?:\.\d{1,2})?(?:(?:a|b|rc)\d{1,3}|\.dev\d{8}|\.post\d{1,2})?(?:\+\w[\w.]{0,22}\w)?"
_END = r"(?![\w+])(?!\.\d)"
_LABELLED = Lazy(
    # - PyTorch Version (e.g., 1.0): 1.6.0 · "torch": "2.1.0" · | torch | 2.1.0 | · **PyTorch**: 2.1 · PyTorch/2.1.0
    rf"(?<![\w./-])(?:py)?torch[\"'`*]{{0,3}}(?:[ _-]?version)?[\"'`*]{{0,3}}(?: \(e\.g\.[^()\n]{{0,24}}\))?\s{{0,4}}"
    rf"(?:[:=|/]|is\b|version\b){{1,2}}\s{{0,6}}[\"'`*]{{0,3}}v?(?P<version>{_VERSION}){_END}",
    re.IGNORECASE,
    words="torch",
)
_SATISFIED = Lazy(
    rf"Requirement already satisfied: torch(?:[=<>!~][^\n ]{{0,40}})? in [^\n]{{1,200}} \((?P<version>{_VERSION})\)|"
    rf"Requirement already satisfied: torch==(?P<exact>{_VERSION}){_END}",
    words="already satisfied: torch",
)
_CONDA = Lazy(
    # channel/linux-64::pytorch-1.10.0-py3.8_cpu_0 · pytorch=1.6=py3.8_cuda10.2_0 · pytorch 1.6.0 py3.8_cuda10.2_0
    r"(?<![\w.-])(?:[\w./:-]{1,80}?::)?(?P<name>pytorch|libtorch)(?:-|={1,2}|\s{1,60})"
    r"(?P<version>\d\.\d{1,2}(?:\.\d{1,2})?)"
    r"(?:-|=|\s{1,40})(?P<build>(?:py\d\.?\d{0,2}|cuda\d|cpu|gpu)[\w.]{0,60})",
    words="pytorch|libtorch",
)
_WHEEL = Lazy(
    rf"(?<![\w.-])torch-(?P<version>{_VERSION}|\d\.\d{{1,2}}\.\d{{1,2}}%2B\w{{2,12}})-cp(?P<python>\d{{2,3}})-",
    words="torch-",
)
_PYTHON = Lazy(
    r"(?<![\w./-])python(?:[ _-]?version)?[\"'`*]{0,3}(?: \(e\.g\.[^()\n]{0,24}\))?"
    r"\s{0,3}[:=|-]{0,2}\s{0,4}[\"'`*]{0,3}(?P<version>[23]\.\d{1,2}(?:\.\d{1,2})?)(?![\w.]*\d)",
    re.IGNORECASE,
    words="python",
)

_TRUTH = r"(?P<value>True|False|Yes|No|✅|❌)"
_AVAILABLE = Lazy(
    r"(?:"
    # torch.cuda.is_available() returns False; is_available() -> False
    r"\b(?:torch\.)?(?:cuda\.)?is_available(?:\(\))?[`\"'*) ]{0,4}"
    r"(?:\b(?:always|still|now|also|just|only|is|equals|returns?|returned|gives?|says?|prints?|shows?|reports?|outputs?"
    r"|evaluates to)\s?|[:=]{1,2}|[-=]>|→|\s){0,5}[`\"'*]{0,3}"
    # CUDA available: No; "cuda_available": false; Is CUDA available? False
    r"|\b(?:cuda|gpu)[ _]?(?:is[ _]?)?available[\"'`*]{0,2}\s{0,8}[?:=|]{1,2}\s{0,4}[\"'`*]{0,2}"
    rf"){_TRUTH}(?!\w)",
    re.IGNORECASE,
    words="available",
)
_NOW = Lazy(
    r"\b(?:now|(?:since|after) (?:the|an?|that|my) (?:\w{1,12} ){0,4}[\d.]{0,8},?) ?(?:it )?"
    r"(?:is|gives|returns|says|shows|prints) [`\"'*]{0,2}(?P<value>True|False)\b",
    re.IGNORECASE,
)
_TEMPLATE_CUDA = Lazy(
    # - CUDA/cuDNN version: 10.1/7.6.5 · CUDA version: 10.2 in pytorch
    r"^[ \t>*|-]{0,8}\**CUDA ?(?:/ ?cuDNN ?)?(?:version)?\**(?: \(e\.g\.[^()\n]{0,24}\))?\s{0,2}:\s{0,4}v?(?:CUDA ?)?"
    r"(?P<cuda>\d{1,2}\.\d)(?:\.\d{1,3})?(?=[\s/,;]|$)",
    re.IGNORECASE | re.MULTILINE,
    words="cuda",
)
_FORM = re.compile(r"GPU models and configuration|How you installed PyTorch|CUDA ?/ ?cuDNN version", re.IGNORECASE)
"""Lines of PyTorch's issue form of 2018 to 2021 (`.github/ISSUE_TEMPLATE/bug-report.md`)."""
_WITH_CUDA = Lazy(
    # PyTorch 1.6.0 CUDA 10.2 · torch 1.6.0 (CUDA 10.2) · torch 1.6.0, built with CUDA 10.2
    rf"\b(?:py)?torch[ =:v-]{{1,4}}{_VERSION}[ ,;:(|+-]{{1,4}}(?:(?:built|compiled) )?(?:with |for |and |using )?"
    r"cuda[ :=-]{0,3}(?P<cuda>\d{1,2}\.\d)(?:\.\d{1,3})?(?![\d.]*\d)",
    re.IGNORECASE,
    words="cuda",
)
_BUILT_WITH = Lazy(
    # a line of collect_env without the rest
    r"CUDA used to build PyTorch: {0,4}(?P<cuda>\d{1,2}\.\d|None|Could not collect)",
    words="cuda used to build",
)
_BY_PIP = re.compile(r"How you installed PyTorch[^\n]{0,60}:[^\n]{0,12}\bpip3?\b", re.IGNORECASE)
_DRIVER = Lazy(
    r"(?:\bdrivers?\b[\"'`*]{0,3}(?:[ _-]?version)?[\"'`*]{0,3}\s{0,3}[:=(|]{1,2}\s{0,4}[\"'`*]{0,2}v?"
    r"(?P<after>[3-6]\d{2}\.\d{2,3}(?:\.\d{2})?)"
    r"|\bdriver_version[\"']?\s{0,3}[:=]\s{0,3}[\"']?(?P<json>[3-6]\d{2}\.\d{2,3}(?:\.\d{2})?)"
    r"|\bnvidia (?P<before>[3-6]\d{2}\.\d{2,3}(?:\.\d{2})?) drivers?\b)(?![\d.]*\d)",
    re.IGNORECASE,
    words="driver",
)
_NOT_THIS = (
    "requires", "required", "depends on", "from versions", "no matching", "could not find a version", "supports",
    "uninstall", "index-url", "http", "built for", "compiled against", "incompatible", "collecting",
)  # fmt: skip


def recognise(draft: Draft) -> None:
    """Fill what is still open."""
    _conda(draft)
    _torch(draft)
    _available(draft)
    _cuda(draft)
    _python(draft)
    _driver(draft)


def _open(draft: Draft) -> bool:
    return str(draft.torch.get("version", NO_VERSION)) == NO_VERSION


def _line(draft: Draft, start: int) -> str:
    text = draft.paste.text
    first = _line_start(draft, start)
    last = text.find("\n", start)
    return text[first : last if last >= 0 else len(text)][:2000]


def _line_start(draft: Draft, start: int) -> int:
    """Where the line of that place begins."""
    return draft.paste.text.rfind("\n", 0, start) + 1


def _index(draft: Draft, start: int) -> int:
    return draft.paste.text.count("\n", 0, start)


def _matches(draft: Draft, pattern: Lazy, *, most: int = 200) -> Iterator[re.Match[str]]:
    for number, match in enumerate(pattern.finditer(draft.paste.text, draft.paste.lowered)):
        if number >= most:
            return
        yield match


def _conda(draft: Draft) -> None:
    """The build string of conda's package, in whichever form the solver, the lock file or the list writes it."""
    found = {
        (match["version"], match["build"]): match
        for match in _matches(draft, _CONDA)
        if not any(word in _line(draft, match.start()).lower() for word in ("depends", "requires", "conflict"))
    }
    if len(found) != 1:
        return
    (version, build), match = next(iter(found.items()))
    build = re.sub(r"\.(?:tar\.bz2|conda)\Z", "", build)
    if "build" in draft.torch or not (_open(draft) or draft.torch["version"] == version):
        return
    word, cuda = builds.of_conda(build)
    seen = draft.paste.seen(_index(draft, match.start()))
    if _open(draft):
        draft.put_torch(version, seen)
    draft.put(draft.torch, "build_string", build)
    draft.put(draft.torch, "build", word)
    draft.put(draft.torch, "cuda", cuda)
    draft.put(draft.torch, "installer", "conda")
    draft.put(draft.env, "kind", "conda")
    if word == "cpu":
        draft.torch_seen = seen


def _torch(draft: Draft) -> None:
    if not _open(draft):
        return
    found: dict[str, int] = {}
    for pattern in (_SATISFIED, _LABELLED):
        for match in _matches(draft, pattern):
            line = _line(draft, match.start()).lower()
            if pattern is _LABELLED and any(word in line for word in _NOT_THIS):
                continue
            version = match["version"] or match.groupdict().get("exact") or ""
            found.setdefault(version, _index(draft, match.start()))
        if found:
            break
    else:
        for match in _matches(draft, _WHEEL):
            found.setdefault(match["version"].replace("%2B", "+"), _index(draft, match.start()))
    if len({version.partition("+")[0] for version in found}) == 1:
        version = max(found, key=len)
        draft.put_torch(version, draft.paste.seen(found[version]))
    elif found:
        draft.gap("envs.torch.version", f"the text names several versions of torch: {', '.join(sorted(found))}"[:200])


def _available(draft: Draft) -> None:
    """What torch.cuda.is_available() gives now."""
    if "is_available" in draft.live:
        return
    found: dict[bool, int] = {}
    for match in _matches(draft, _AVAILABLE):
        if other_time(draft.paste.text, match.start(), match.end()):
            continue
        value = match["value"].lower() in ("true", "yes", "✅")
        rest = but_now(_line(draft, match.start())[match.end() - _line_start(draft, match.start()) :])
        value = value if rest is None else rest
        found.setdefault(value, _index(draft, match.start()))
    if not found and "available" in draft.paste.lowered and (match_now := _NOW.search(draft.paste.text)):
        found[match_now["value"].lower() == "true"] = _index(draft, match_now.start())
    if len(found) != 1:
        return
    value, at = next(iter(found.items()))
    draft.put(draft.live, "is_available", value)
    draft.put(draft.live, "seen", draft.paste.seen(at))


def _cuda(draft: Draft) -> None:
    """The CUDA that a form or a sentence gives beside torch's version, where that release has such a build."""
    built = _BUILT_WITH.search(draft.paste.text, draft.paste.lowered)
    if built is not None and "cuda" not in draft.torch and "build" not in draft.torch:
        known_cuda = RuntimeVersion.parse(built["cuda"])
        if known_cuda is not None:
            draft.put_cuda(known_cuda)
        elif "hip" not in draft.torch and "rocm" not in draft.paste.lowered:
            draft.put(draft.torch, "build", "cpu")
        draft.torch_seen = draft.torch_seen or draft.paste.seen(_index(draft, built.start()))
    version = draft.torch.get("version", NO_VERSION)
    if version == NO_VERSION or "cuda" in draft.torch or "build" in draft.torch or "+" in version:
        return
    from cudadoctor.compat import torch as releases
    from cudadoctor.compat import torch_builds

    text = draft.paste.text
    patterns = (_WITH_CUDA, _TEMPLATE_CUDA) if _FORM.search(text) else (_WITH_CUDA,)
    for pattern in patterns:
        match = pattern.search(text, draft.paste.lowered)
        cuda = RuntimeVersion.parse(match["cuda"]) if match is not None else None
        known = {one.cuda.release for one in torch_builds.builds(version) if one.cuda is not None}
        if cuda is not None and cuda.release in known:
            draft.put(draft.torch, "cuda", cuda)
            return
    default = releases.pypi_default(version) if _BY_PIP.search(text) and "linux" in draft.paste.lowered else None
    if default is not None:
        build, cuda = builds.of_local(default)
        draft.put(draft.torch, "build", build)
        draft.put(draft.torch, "cuda", cuda)
        draft.put(draft.torch, "installer", "pip")


def _python(draft: Draft) -> None:
    if "python_version" in draft.env:
        return
    found = {
        match["version"]
        for match in _matches(draft, _PYTHON)
        if not any(word in _line(draft, match.start()).lower() for word in (*_NOT_THIS, ">=", "or newer", "or later"))
    }
    series = {".".join(one.split(".")[:2]) for one in found}
    if not series:
        series = {f"{match['python'][0]}.{match['python'][1:]}" for match in _matches(draft, _WHEEL)}
        found = series
    if len(series) == 1:
        draft.put(draft.env, "python_version", max(found, key=len))


def _driver(draft: Draft) -> None:
    if "version" in draft.driver or (draft.smi is not None and draft.smi.version is not None):
        return
    found: dict[str, int] = {}
    for match in _matches(draft, _DRIVER):
        line = _line(draft, match.start()).lower()
        if any(word in line for word in ("require", "need", ">=", "at least", "or newer", "or later", "minimum")):
            continue
        version = next(one for one in match.groups() if one)
        found.setdefault(version, _index(draft, match.start()))
    if len(found) == 1:
        text, at = next(iter(found.items()))
        draft.put(draft.driver, "version", DriverVersion.parse(text))
        draft.put(draft.driver, "seen", draft.paste.seen(at))
