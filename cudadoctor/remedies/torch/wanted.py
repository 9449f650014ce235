"""Which torch an environment is to have, how to see that it has it, and how to get back what it had."""

from __future__ import annotations

import re
import shlex

from msgspec import Struct
from msgspec.structs import replace

from cudadoctor.facts.base import Facts
from cudadoctor.facts.envs import EnvFacts
from cudadoctor.recommend.api import recommend
from cudadoctor.recommend.detect import from_facts
from cudadoctor.recommend.model import Choice, Recommendation, Value
from cudadoctor.remedies.plan import Prints
from cudadoctor.versions import CudaVersion

COMPANIONS = ("torchvision", "torchaudio")
_HAVE = (
    "import sys; "
    "m = __import__('importlib.metadata' if sys.version_info >= (3, 8) else 'pkg_resources', fromlist=['_']); "
    "have = {(d.metadata['Name'] or '').lower(): d.version for d in m.distributions()} "
    "if sys.version_info >= (3, 8) else {d.key: d.version for d in m.working_set}; "
)
"""What the metadata of an interpreter's packages say; torch is not imported. importlib.metadata is of Python 3.8."""
_SHOWS = _HAVE + (
    "import runpy; from importlib.util import find_spec; "
    "t = runpy.run_path(find_spec('torch').submodule_search_locations[0] + '/version.py'); "
    "c = '.'.join((t['cuda'] or 'None').split('.')[:2]); "
    "s = lambda v: v.split('+')[0] + ('+cpu' if t['cuda'] and '+cpu' in v else ''); "
    "print('torch', s(str(t['__version__'])), c, *[w for n in sys.argv[1:] for w in (n, s(have.get(n, 'none')))])"
)
"""Prints `torch 2.9.1 13.0 torchvision 0.24.1`; torch/version.py holds assignments and imports nothing of torch."""
_OTHERS = _HAVE + "sys.exit(all(have.get(a.split('==')[0]) == a.split('==')[1] for a in sys.argv[1:]))"
"""Ends with 0 where not all of `name==version` are there."""
_BEGINS = _HAVE + "sys.exit(not have.get(sys.argv[1], '').startswith(sys.argv[2]))"
"""Ends with 0 where the package's version begins so."""
_PLAIN = re.compile(r"\d+(?:\.\d+)*(?:\.post\d+)?(?:\+(cu\d{2,3}|cpu))?\Z")
_TOOLS = ("pip", "uv")


class Wanted(Struct, frozen=True, kw_only=True):
    """A build that the resolver chose, and its commands."""

    choice: Choice
    commands: tuple[tuple[str, ...], ...]
    why: str

    @property
    def title(self) -> str:
        """`torch 2.9.1 with CUDA 13.0`."""
        return f"torch {self.choice.torch} {f'with CUDA {self.choice.cuda}' if self.choice.cuda else 'for the CPU'}"


def wanted(facts: Facts, env: EnvFacts, *, same: bool = False) -> Wanted | None:
    """The build for this machine and this environment; None where none is certain.

    `same`: the release and the CUDA that it has, where these can be had; else the newest that fits.
    """
    request = from_facts(facts, env)
    torch = env.torch
    if same and torch is not None:
        cuda = None if torch.cuda is None else CudaVersion(torch.cuda.major, torch.cuda.minor)
        release = torch.version.partition("+")[0]
        kept = recommend(
            replace(request, torch=Value(value=release, origin="asked"), cuda=Value(value=cuda, origin="asked"))
        )
        found = _of(kept)
        if found is not None and found.choice.torch == release:
            return replace(found, why=f"{found.title}, as {env.prefix} has it")
    return _of(recommend(request))


def _of(found: Recommendation) -> Wanted | None:
    if found.verdict not in ("ok", "outdated") or found.choice is None or not found.commands:
        return None
    lines = [tuple(shlex.split(line)) for line in found.commands]
    return Wanted(
        choice=found.choice,
        commands=tuple(words for words in lines if words[1:2] != ("activate",)),
        why=found.reasons[0].text if found.reasons else "the build that this driver and every GPU here can run",
    )


def shows(python: str, choice: Choice, *, companions: bool = True) -> Prints:
    """The condition that the interpreter's environment has the build. `companions` False: only torch is compared."""
    named = [(name, version) for name in COMPANIONS if companions and (version := getattr(choice, name))]
    text = f"torch {choice.torch} {choice.cuda}"
    return Prints(
        argv=(python, "-I", "-c", _SHOWS, *(name for name, _ in named)),
        text=" ".join([text, *(f"{name} {version}" for name, version in named)]),
    )


def no_longer(python: str, had: tuple[tuple[str, str], ...]) -> Prints:
    """The condition that these packages are not all there any more."""
    return Prints(argv=(python, "-I", "-c", _OTHERS, *(f"{name}=={version}" for name, version in had)))


def begins(python: str, package: str, version: str) -> Prints:
    """The condition that a package's version begins so."""
    return Prints(argv=(python, "-I", "-c", _BEGINS, package, version))


def had(env: EnvFacts) -> tuple[tuple[str, str], ...]:
    """Torch and what goes with it, as the environment has it now."""
    if env.torch is None:
        return ()
    found = [("torch", env.torch.version)]
    return (*found, *((name, env.packages[name].version) for name in COMPANIONS if name in env.packages))


def back(env: EnvFacts) -> tuple[str, ...] | None:
    """What to give to `pip install` for exactly what is there now; None where it is not known to be had."""
    from cudadoctor.compat import indexes

    torch = env.torch
    packages = had(env)
    if torch is None or torch.installer not in _TOOLS or not all(_PLAIN.match(version) for _, version in packages):
        return None
    specs = tuple(f"{name}=={version}" for name, version in packages)
    tags = {match.group(1) for _, version in packages if (match := _PLAIN.match(version)) and match.group(1)}
    if not tags:
        return specs
    era = indexes.pip_era(torch.version)
    if len(tags) > 1 or era is None or era.how == "download":
        return None
    if era.how == "find-links":
        return (*specs, "-f", indexes.flat_page())
    return (*specs, "--index-url" if era.how == "index" else "--extra-index-url", indexes.index_url(tags.pop()))


def disk(choice: Choice) -> int:
    """MiB that an installed build takes at most, with its libraries.

    Measured in November 2026: torch 2.13.0 for the CPU 0.9 GB, torch 2.6.0 with CUDA 12.4 5.2 GB, the wheel of torch
    1.4.0 with CUDA 10.1 0.75 GB; rounded up for what is unpacked beside.
    """
    if choice.cuda is None:
        return 1500
    return 7000 if int(choice.cuda.partition(".")[0]) >= 12 else 6000 if choice.cuda.startswith("11") else 3000
