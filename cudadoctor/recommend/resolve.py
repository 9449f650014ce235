"""The resolver: candidates, rules, the newest that is left; or which rule excludes what, and the least change."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from cudadoctor.recommend.candidates import Candidate, Channel, of_channels
from cudadoctor.recommend.commands.conda import needs_defaults
from cudadoctor.recommend.model import CONDA_FAMILY, Request
from cudadoctor.recommend.rules import LTS, Objection, first_objection, python_binds

_MOST_PER_RELEASE = 3


class Resolved(Struct, frozen=True, kw_only=True):
    """The choice, if there is one, and what was nearer."""

    best: Candidate | None
    objections: tuple[tuple[Candidate, Objection], ...]
    """Of the builds that were looked at before it, newest first; all of them where nothing is left."""


def channels(request: Request) -> tuple[Channel, ...]:
    """Where the manager takes its builds."""
    return ("conda-forge", "conda") if request.manager.value in CONDA_FAMILY else ("pip",)


def wanted_releases(request: Request) -> frozenset[str] | None:
    """The releases that `--torch` names: `2.5` stands for the patches of 2.5; None: any. Unknown ones are not here."""
    if request.torch is None or request.torch.value == "latest":
        return None
    from cudadoctor.compat import torch

    asked = request.torch.value
    exact = torch.release(asked)
    if exact is not None and asked.count(".") == 2:
        return frozenset({exact.torch})
    prefix = f"{asked}."
    known = (one.torch for one in torch.releases() if one.torch != LTS)
    return frozenset(one for one in known if one == asked or one.startswith(prefix))


def resolve(request: Request, *, only: tuple[Channel, ...] | None = None) -> Resolved:
    """The best build for a request: the newest release; in it the default, else the newest CUDA the driver reports.

    Of the builds on upstream's conda channel those go first that conda-forge can complete, then those that need
    Anaconda's `defaults`, then those that the page of previous versions does not list (unless a release was asked for).
    """
    wanted = wanted_releases(request)
    objections: list[tuple[Candidate, Objection]] = []
    fits: list[Candidate] = []
    with_defaults: list[Candidate] = []
    not_listed: list[Candidate] = []
    for one in of_channels(only or channels(request), request.platform.value, wanted):
        if fits and one.order < fits[0].order:
            break
        objection = first_objection(one, request, wanted)
        if objection is not None:
            objections.append((one, objection))
        elif not (one.on_page or wanted is not None):
            not_listed.append(one)
        elif needs_defaults(one, request.packages.value):
            with_defaults.append(one)
        else:
            fits.append(one)
    tier = fits or with_defaults or not_listed
    chosen = [one for one in tier if one.order == tier[0].order]
    best = max(chosen, key=lambda one: _rank(one, request)) if chosen else None
    if best is not None:
        behind = [(one, _of_defaults(one, request)) for one in with_defaults if one.order > best.order]
        behind += [(one, _not_on_page(one)) for one in not_listed if one.order > best.order]
        objections = sorted([*objections, *behind], key=lambda pair: pair[0].order, reverse=True)
    return Resolved(best=best, objections=tuple(objections))


def pip_in_conda(request: Request, resolved: Resolved) -> Resolved | None:
    """What pip can install in a conda environment, where no conda package fits; None where it is not needed."""
    if resolved.best is not None or request.family != "conda":
        return None
    return resolve(request if python_binds(request) else without(request, "python"), only=("pip",))


def _of_defaults(one: Candidate, request: Request) -> Objection:
    """The build is complete only with a channel whose terms ask for money from larger organisations."""
    need = needs_defaults(one, request.packages.value)[0]
    text = (
        f"torch {one.torch} is newer, but {need.required_by} requires {need.text}, which only Anaconda's channel "
        "`defaults` has; its terms ask larger organisations for a paid licence"
    )
    return Objection(rule="channel", text=text, source=need.source)


def without(request: Request, *names: str) -> Request:
    """The request with some of its values forgotten."""
    return replace(request, **dict.fromkeys(names))


def _rank(one: Candidate, request: Request) -> tuple[bool, bool, bool, bool, tuple[int, int]]:
    """Among the builds of one release: the default, the newest CUDA that the driver reports, then the nearest to it."""
    from cudadoctor.compat import drivers

    if one.cuda is None:
        return (False, one.default, False, one.channel == "conda-forge", (0, 0))
    native = True
    supported = None
    if request.cuda_driver is not None:
        supported = request.cuda_driver.value.cuda
    elif request.driver is not None and not request.windows_driver:
        said = drivers.cuda_of_driver(request.driver.value)
        supported = said.cuda if said is not None else None
    if supported is not None:
        native = supported >= one.cuda.cuda
    number = (one.cuda.major, one.cuda.minor)
    order = number if native else (-number[0], -number[1])
    binary = all(_binary(one, request))
    return (binary, one.default, native, one.channel == "conda-forge", order)


def _binary(one: Candidate, request: Request) -> list[bool]:
    from cudadoctor.compat import arch

    if request.gpus is None or one.arch_list is None:
        return []
    return [
        arch.runs(capability, one.arch_list) == "binary"
        for gpu in request.gpus.value
        for capability in gpu.capabilities
    ]


def _not_on_page(one: Candidate) -> Objection:
    """How sure it is that the build exists, where upstream's page does not list it."""
    from cudadoctor.compat import conda

    cuda = one.cuda.release if one.cuda is not None else "cpu"
    known = [build for build in conda.builds(torch=one.torch) if build.cuda and build.cuda.release == cuda]
    if any(build.confidence == "high" for build in known):
        how = "such builds were seen in logs"
    elif known:
        how = "such builds are inferred from its build matrix"
    else:
        how = "its build script had it"
    text = (
        f"torch {one.torch} with CUDA {cuda} is not on PyTorch's page of previous versions; {how}: ask for it by name"
    )
    return Objection(rule="published", text=text)
