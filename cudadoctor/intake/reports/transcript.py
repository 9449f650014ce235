"""What people typed at Python and what it answered; versions and paths in banners, tracebacks and sentences."""

from __future__ import annotations

import re
from collections.abc import Iterator

from cudadoctor.intake.builds import of_local
from cudadoctor.intake.draft import Draft
from cudadoctor.intake.lazy import Lazy
from cudadoctor.intake.other_time import but_now, other_time
from cudadoctor.intake.paste import typed
from cudadoctor.versions import ComputeCapability, RuntimeVersion

_VERSION = (
    r"\d{1,2}\.\d{1,2}(?:\.\d{1,2})?(?:(?:a|b|rc)\d{1,3}|\.dev\d{1,8}|\.post\d{1,2}"
    r"|a0)?(?:\+(?:cu\d{2,3}(?:\.with\.\w{1,20})?|cpu(?:\.cxx11\.abi)?|rocm\d[\d.]{0,8}\d"
    r"|xpu|(?!cu\d)\w{1,24}))?"
)
_BANNER = Lazy(r"^[ \t]{0,4}(?:>>> )?Python (\d\.\d{1,2}\.\d{1,2})[+ ]{0,2}(?:\(|\|)", re.MULTILINE, words="python ")
_PYTHON_V = Lazy(r"^[ \t]{0,4}Python (\d\.\d{1,2}\.\d{1,2})[ \t]{0,8}$", re.MULTILINE, words="python ")
_SITE = Lazy(
    r"(?<![\w.$}-])(?P<prefix>(?:/|[A-Za-z]:\\|~)[^\s\"'<>|:*?]{0,200}?)[/\\](?:[Ll]ib(?:64)?)[/\\](?:python(?P<python>\d\.\d{1,2})[/\\])?"
    r"(?:site|dist)-packages[/\\](?=torch|\S)"
)
_SAID = Lazy(
    rf"(?<![\w.-])(?:py)?torch(?:[ _]?version)?(?:\s{{0,2}}(?:===?|=|:|-|_|v)\s{{0,2}}"
    rf"|\s(?:is\s|version:?\s)?v?|(?=\d))[\"'`]?(?P<version>{_VERSION})(?![\w.]*\w*\.whl)"
    rf"(?![\d.])",
    re.IGNORECASE,
)
_HAVE = Lazy(rf"\(you have ({_VERSION})\)", words="(you have")
_NOT_INSTALLED = (
    "from versions", "no matching distribution", "could not find a version", "built for", "compiled with",
    "compiled against", "requires", "depends on", "supports", "install ", "installing", "collecting", "requirement",
    "uninstall", "index-url", ".whl", "http", "used to build",
)  # fmt: skip
_URL = re.compile(r"https?://\S{1,400}")
_ASKED = Lazy(r"\bpip3?\s+install\b|\bconda\s+(?:install|create)\b|\bmamba\s+(?:install|create)\b|\buv\s+(?:pip|add)\b")
_EXPRESSIONS = Lazy(
    r"(torch\.__version__|torch\.version\.cuda|torch\.cuda\.is_available\(\)|torch\.cuda\.device_count\(\)|torch\.cuda\.get_arch_list\(\)|"
    r"torch\.cuda\.get_device_capability\([^()]{0,20}\)|torch\.cuda\.get_device_name\([^()]{0,20}\)|"
    r"torch\.backends\.cudnn\.version\(\))"
)
_NAMED = Lazy(
    r"(torch\.__version__|torch\.version\.cuda|torch\.cuda\.is_available(?:\(\))?|torch\.cuda\.device_count(?:\(\))?)[\"'`,)*]{0,4}\s{0,3}(?:[:=]{1,2}|->|(?:is|was|returns|gives|says)\b)[\s*`'\"]{0,4}([^\s*`,;|][^,;|\n]{0,40})"
)
_SHAPES = {
    "torch.__version__": Lazy(rf"['\"]?({_VERSION})['\"]?\Z"),
    "torch.version.cuda": Lazy(r"['\"]?(\d{1,2}\.\d(?:\.\d{1,3})?|None)['\"]?\Z"),
    "torch.cuda.is_available()": Lazy(r"(True|False)\b", re.IGNORECASE),
    "torch.cuda.device_count()": Lazy(r"(\d{1,3})\Z"),
    "torch.cuda.get_arch_list()": Lazy(r"(\[[^\]]{0,400}\])"),
    "torch.cuda.get_device_capability": Lazy(r"\((\d{1,2}, \d)\)"),
    "torch.cuda.get_device_name": Lazy(r"['\"]?([A-Z][\w .-]{3,60})['\"]?\Z"),
    "torch.backends.cudnn.version()": Lazy(r"(\d{4,6}|None)\Z"),
}
_PRINT = re.compile(r"[ \t]{0,8}print\(.{1,200}\)[ \t]{0,4}\Z")
_OUT = re.compile(r"Out ?\[\d{0,5}\]: ?")
"""What IPython and Jupyter put before an answer."""
_AHEAD = 12


def recognise(draft: Draft) -> None:
    """Values that programs printed first, then what people say."""
    _answers(draft)
    _paths(draft)
    text = draft.paste.text
    for pattern in (_BANNER, _PYTHON_V):
        if match := pattern.search(text, draft.paste.lowered):
            draft.put(draft.env, "python_version", match.group(1))
    if match := _HAVE.search(text, draft.paste.lowered):
        draft.put_torch(match.group(1), draft.paste.seen(text.count("\n", 0, match.start())))
    if "version" not in draft.torch:
        _said(draft)


def _answers(draft: Draft) -> None:
    """Expressions in a command or statement, and the lines that follow with an answer of the right shape for each."""
    texts = draft.paste.texts
    for index in draft.paste.having("torch.", most=400):
        line = texts[index][:2000]
        named = list(_NAMED.finditer(line))
        if line.count("is_available") > 1 and "True" in line and "False" in line:
            continue  # of two places
        for match in named:
            if other_time(line, match.start(), match.start(2)):
                continue
            name = match.group(1) + ("()" if match.group(1).endswith(("is_available", "device_count")) else "")
            against = but_now(line[match.start(2) :]) if name == "torch.cuda.is_available()" else None
            _answer(draft, name, match.group(2).strip("'\"`, )") if against is None else str(against), index)
        if named:
            continue
        asked = _EXPRESSIONS.findall(line)
        if not asked or (typed(line) is None and "print" not in line and line.strip() not in asked):
            continue
        for expression, (at, answer) in zip(asked, _following(texts, index), strict=False):
            _answer(draft, expression, answer, at)
    _scripts(draft)


def _scripts(draft: Draft) -> None:
    """Several lines of `print(…)` one after the other, and their output below: a line for each."""
    texts = draft.paste.texts
    block: list[str] = []
    for index, line in enumerate(texts[:4000]):
        if _PRINT.match(line):
            block.append(line)
            continue
        if len(block) > 1 and any("torch." in one for one in block):
            _outputs(draft, block, index)
        block = []


def _outputs(draft: Draft, block: list[str], start: int) -> None:
    asked = [_EXPRESSIONS.findall(line) for line in block]
    texts = draft.paste.texts
    for first in range(start, min(len(texts), start + 5)):
        lines = texts[first : first + len(block)]
        fits = [
            _shape(names[0]).match(line.strip()) is not None
            for names, line in zip(asked, lines, strict=False)
            if len(names) == 1
        ]
        if len(fits) > 1 and all(fits):
            for at, (names, line) in enumerate(zip(asked, lines, strict=False), first):
                if len(names) == 1:
                    _answer(draft, names[0], line.strip(), at)
            return


def _shape(expression: str) -> Lazy:
    return _SHAPES[expression.partition("(")[0] if "get_device" in expression else expression]


def _following(texts: list[str], index: int) -> Iterator[tuple[int, str]]:
    """The lines of output after a statement: up to the next prompt."""
    for at in range(index + 1, min(len(texts), index + 1 + _AHEAD)):
        line = _OUT.sub("", texts[at].strip())
        if not line or "UserWarning" in line or line.startswith("return torch._C"):
            continue
        if typed(texts[at]) is not None or "torch." in line:
            return
        for part in (
            line.split()
            if re.fullmatch(r"(?:True|False|None|[\d.]+(?:\+\w+)?)(?: (?:True|False|None|[\d.]+(?:\+\w+)?))+", line)
            else (line,)
        ):
            yield at, part


def _answer(draft: Draft, expression: str, answer: str, index: int) -> None:
    name = expression.partition("(")[0] if "get_device" in expression else expression
    match = _shape(expression).match(answer.partition("#")[0].strip())
    if match is None:
        return
    value, seen = match.group(1), draft.paste.seen(index)
    if name == "torch.__version__":
        draft.put_torch(value, seen)
    elif name == "torch.version.cuda":
        cuda = RuntimeVersion.parse(value)
        if cuda is not None:
            draft.put_cuda(cuda)
        elif "hip" not in draft.torch:
            draft.put(draft.torch, "build", "cpu")
            draft.torch_seen = draft.torch_seen or seen
    elif name == "torch.cuda.is_available()":
        draft.put(draft.live, "is_available", value.lower() == "true")
        draft.put(draft.live, "seen", seen)
    elif name == "torch.cuda.device_count()":
        draft.put(draft.live, "device_count", int(value))
    elif name == "torch.cuda.get_arch_list()":
        archs = tuple(re.findall(r"(?:sm|compute)_\d{2,3}[af]?", value))
        draft.put(draft.torch, "arch_list", archs or None)
    elif name == "torch.cuda.get_device_capability":
        _gpu(draft, None, ComputeCapability.parse(value.replace(", ", ".")), "torch", index)
    elif name == "torch.cuda.get_device_name":
        _gpu(draft, value, None, "torch", index)


def _gpu(draft: Draft, name: str | None, capability: ComputeCapability | None, source: str, index: int) -> None:
    from cudadoctor.compat import gpus
    from cudadoctor.intake.draft import NamedGpu

    if name is None:
        name = "NVIDIA GPU"
    if capability is None:
        capability, source = gpus.capability_by_name(name), "name"
    draft.name_gpu(NamedGpu(name=name, capability=capability, source=source, seen=draft.paste.seen(index)))


def _paths(draft: Draft) -> None:
    """The environment that tracebacks ran in: the one whose torch they name, else the first."""
    matches = list(_SITE.finditer(draft.paste.text[:400_000]))[:400]
    if not matches:
        return
    with_torch = [match for match in matches if draft.paste.text.startswith("torch", match.end())]
    match = (with_torch or matches)[0]
    prefix = match["prefix"]
    lowered = prefix.lower()
    conda = any(word in lowered for word in ("conda", "/envs/", "\\envs\\", "mambaforge", "miniforge"))
    if "/usr" in (prefix, prefix[: len("/usr")]) and "/." not in prefix:
        draft.put(draft.env, "kind", "system")
    elif conda:
        draft.put(draft.env, "kind", "conda")
    draft.put(draft.env, "prefix", prefix)
    draft.put(draft.env, "name", re.split(r"[/\\]", prefix)[-1])
    draft.put(draft.env, "site_packages", match.group().rstrip("/\\"))
    if match["python"]:
        draft.put(draft.env, "python_version", match["python"])
    if with_torch:
        draft.put(draft.torch, "location", match.group() + "torch")
        draft.torch_seen = draft.torch_seen or draft.paste.seen(draft.paste.text.count("\n", 0, match.start()))


def _default_build(draft: Draft, version: str, line: str) -> None:
    """What plain `pip install torch==…` gives on Linux: the build that the release put onto the general index."""
    linux = draft.os.get("arch", "x86_64") == "x86_64" and ("kernel" in draft.os or " on linux" in draft.paste.lowered)
    if "+" in version or not linux or "pip" not in line or "/whl/" in line:
        return
    from cudadoctor.compat import torch as table

    default = table.pypi_default(version) or ""
    build, cuda = of_local(default)
    draft.put(draft.torch, "build", build)
    draft.put(draft.torch, "cuda", cuda)
    draft.put(draft.torch, "installer", "pip")


def _said(draft: Draft) -> None:
    """A version of torch in somebody's words: taken where the whole text names one only."""
    found: dict[str, int] = {}
    asked: dict[str, int] = {}
    for index in draft.paste.having("torch", most=2000):
        line = _URL.sub(" ", draft.paste.texts[index][:1000])
        lowered = line.lower()
        into = asked if _ASKED.search(lowered) else found
        if into is found and any(word in lowered for word in _NOT_INSTALLED):
            continue
        for match in _SAID.finditer(line):
            into.setdefault(match["version"], index)
    plain = {version.partition("+")[0] for version in found}
    if len(plain) == 1:
        version = max(found, key=len)
        draft.put_torch(version, draft.paste.seen(found[version]))
    elif not found and len({version.partition("+")[0] for version in asked}) == 1:
        version = max(asked, key=len)
        if "no matching distribution" not in draft.paste.lowered:
            draft.put_torch(version, draft.paste.seen(asked[version]))
            _default_build(draft, version, draft.paste.texts[asked[version]])
    elif len(plain) > 1:
        draft.gap("envs.torch.version", f"the text names several versions of torch: {', '.join(sorted(found))}"[:200])
