"""The answer to a request: the command, the reasons, the newer builds that were ruled out, and the alternatives."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import Struct
from msgspec.structs import replace

from cudadoctor.recommend import changes
from cudadoctor.recommend.candidates import Candidate, of_channels
from cudadoctor.recommend.commands import published
from cudadoctor.recommend.dialect import choice_for, lines_for, python_for
from cudadoctor.recommend.machine import driver_against_gpus, not_in_tables
from cudadoctor.recommend.model import Alternative, Reason, Recommendation, Rejected, Request
from cudadoctor.recommend.outdated import since_then
from cudadoctor.recommend.reasons import reasons
from cudadoctor.recommend.resolve import Resolved, channels, pip_in_conda, resolve, wanted_releases, without
from cudadoctor.recommend.rules import Objection, named
from cudadoctor.recommend.unknown import cudas_of_torch, nearest_cudas, not_known
from cudadoctor.versions import CudaVersion

_MOST_REJECTED = 12
_OF_THE_MACHINE = frozenset({"gpu", "driver", "python", "glibc"})


def recommend(request: Request) -> Recommendation:
    """The install command for a request. Pure: the same request gives the same answer."""
    if request.machine is not None and request.platform.origin == "default":
        text = f"PyTorch publishes no build for {request.machine}; use the vendor's, or build it yourself"
        reason = Reason(rule="platform", text=text)
        return Recommendation(request=request, verdict="impossible", command=None, reasons=(reason,))
    unknown = not_known(request)
    if unknown is not None:
        return unknown
    against = driver_against_gpus(request)
    resolved = resolve(request) if against is None else Resolved(best=None, objections=())
    printed = _printed(request, resolved.best)
    by_pip = pip_in_conda(request, resolved) if against is None else None
    if resolved.best is not None:
        answer = _possible(request, resolved, resolved.best, printed)
    elif by_pip is not None and by_pip.best is not None:
        answer = _possible(request, resolved, by_pip.best, printed)
    else:
        answer = _impossible(request, resolved, against, printed)
    if request.style.value != "published":
        return answer
    machine = against is not None or any(one.rule in _OF_THE_MACHINE for _, one in resolved.objections)
    return _as_published(answer, printed, machine_excludes=machine)


class Printed(Struct, frozen=True):
    """A command that PyTorch published, and the release it is for."""

    line: str
    torch: str
    cuda: CudaVersion | None


def _printed(request: Request, best: Candidate | None) -> Printed | None:
    """Without --torch the form of the selector, where a CUDA was named; with it that of the page."""
    family, platform = request.family, request.platform.value
    cuda = request.cuda.value if request.cuda is not None else (best.cuda if best is not None else None)
    if request.cuda is None and best is None:
        return None
    if request.torch is None and (request.cuda is not None or request.style.value == "published"):
        found = published.selector_line(cuda, family, platform)
        return Printed(found[0], found[1], cuda) if found is not None else None
    wanted = wanted_releases(request)
    if best is not None and wanted is None and published.is_extrapolated(best.torch):
        found = published.selector_line(cuda, family, platform)
        return Printed(found[0], found[1], cuda) if found is not None and found[1] == best.torch else None
    if best is not None:
        versions = [best.torch]
    elif wanted is not None:
        versions = sorted(wanted, key=lambda text: tuple(map(int, text.split("."))), reverse=True)
    else:
        from cudadoctor.compat import torch

        versions = [torch.newest().torch]
    for version in versions:
        line = published.page_line(version, cuda, family, platform)
        if line is not None:
            return Printed(line, version, cuda)
    return None


def _possible(request: Request, resolved: Resolved, best: Candidate, printed: Printed | None) -> Recommendation:
    lines = lines_for(best, request)
    python = python_for(best, request)
    stale = _stale(request, printed, python)
    return Recommendation(
        request=request,
        verdict="outdated" if stale else "ok",
        command=lines.command,
        commands=lines.lines,
        published=printed.line if printed is not None else None,
        choice=choice_for(best, request, lines),
        reasons=reasons(
            best,
            request,
            python,
            limits=(*_why_pip(best, request, resolved), *_why_not_newer(best, request, resolved)),
            published=(*stale, *_not_read(printed)),
        ),
        rejected=_rejected(resolved.objections, best),
        alternatives=(
            *changes.uv_project(best, request),
            *changes.other_channels(best, request, resolved),
            *changes.improvements(best, request),
            *changes.other_managers(request),
        ),
    )


def _why_pip(best: Candidate, request: Request, resolved: Resolved) -> tuple[Reason, ...]:
    """Why a request for conda gets pip's builds."""
    if request.family != "conda" or best.channel != "pip":
        return ()
    perhaps = _perhaps_on_conda_forge(request, resolved)
    said = perhaps or next(iter(_summed_up(request, resolved.objections)), None)
    what = "no conda package of this build is known here" if perhaps is not None else "no conda package fits"
    text = f"{what}, so conda provides Python and pip, and torch comes from PyTorch's wheels"
    found = (Reason(rule="channel", text=text, source=said.source if said is not None else None),)
    return (*found, replace(said, detail=True)) if said is not None else found


def _why_not_newer(best: Candidate, request: Request, resolved: Resolved) -> Iterator[Reason]:
    """What keeps the choice from being a newer release, where the reader can do something about it."""
    newer = changes.newer_python(best, request)
    if newer is not None and request.python is not None:
        python, release = newer
        text = (
            f"Python {request.python.value} limits this to torch {best.torch}; Python {python} allows {named(release)}"
        )
        yield Reason(rule="python", text=text, source=release.source)
    behind = next((why for one, why in resolved.objections if why.rule == "channel" and one.order > best.order), None)
    if behind is not None:
        yield Reason(rule="channel", text=behind.text, source=behind.source)


def _not_read(printed: Printed | None) -> tuple[Reason, ...]:
    """A command for a release that the page did not have yet when it was read."""
    from cudadoctor.compat import torch

    if printed is None or "==" not in printed.line or not published.is_extrapolated(printed.torch):
        return ()
    text = f"PyTorch's own command for torch {printed.torch} is inferred from those of earlier releases"
    return (Reason(rule="published", text=text, source=torch.published_source(), detail=True),)


def _stale(request: Request, printed: Printed | None, python: str | None) -> tuple[Reason, ...]:
    if printed is None:
        return ()
    return since_then(printed.line, printed.torch, printed.cuda, request.platform.value, python)


def _impossible(
    request: Request, resolved: Resolved, against: Reason | None, printed: Printed | None
) -> Recommendation:
    """Nothing fits: which rule excludes what, and the least change."""
    perhaps = _perhaps_on_conda_forge(request, resolved) if against is None else None
    unknown = perhaps is not None or (bool(resolved.objections) and _only_unknown(resolved.objections))
    found = (against,) if against is not None else tuple(_summed_up(request, resolved.objections))
    found = (perhaps, *found) if perhaps is not None else found
    python = request.python.value if request.python is not None else None
    ways: tuple[Alternative, ...] = ()
    if against is not None:
        best = resolve(without(request, "driver")).best
        if best is not None:
            ways = (_for_driver(request, best, against),)
    else:
        ways = (*changes.if_it_is(request), *changes.least_changes(request))
    return Recommendation(
        request=request,
        verdict="unknown" if unknown else "impossible",
        command=None,
        published=printed.line if printed is not None else None,
        reasons=(*found, *not_in_tables(request), *_stale(request, printed, python), *_not_read(printed)),
        rejected=_rejected(resolved.objections, None),
        alternatives=ways,
    )


def _perhaps_on_conda_forge(request: Request, resolved: Resolved) -> Reason | None:
    """Of conda-forge the tables have only the newest release: what else it has is not known."""
    from cudadoctor.compat import conda

    if request.family != "conda" or any(one.rule in _OF_THE_MACHINE for _, one in resolved.objections):
        return None
    forge = conda.forge()
    asked = request.cuda.value if request.cuda is not None else None
    wanted = wanted_releases(request) or frozenset()
    after_the_end = bool(wanted) and all(_order(one) > _order(conda.last_official()) for one in wanted)
    has_cuda = asked is not None and asked.cuda in {one.cuda for one in forge.cuda_versions} and asked.major >= 11
    if not after_the_end and not (has_cuda and not wanted):
        return None
    text = (
        f"the channel `pytorch` ended with {conda.last_official()}, and of conda-forge only torch {forge.torch} is "
        "known here; `conda search -c conda-forge pytorch-gpu` shows whether it has this build"
    )
    return Reason(rule="channel", text=text, source=forge.source)


def _order(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def _for_driver(request: Request, best: Candidate, against: Reason) -> Alternative:
    """The driver that the GPU needs, and the build that it then runs."""
    relaxed = without(request, "driver")
    what = against.text.rpartition("; ")[2]  # `branch 470 is the last that does`
    what = (
        f"With driver branch {what.split()[1]}" if what.startswith("branch") else changes.needed_driver(best, request)
    )
    return Alternative(command=lines_for(best, relaxed).whole, text=f"{what[0].upper()}{what[1:]}: {named(best)}")


def _only_unknown(objections: Iterable[tuple[Candidate, Objection]]) -> bool:
    """Nothing was found to be wrong with the builds that were asked for; the tables only do not say."""
    about = [one for _, one in objections if one.rule not in ("torch", "cuda", "python", "confidence")]
    return bool(about) and all(one.unknown for one in about)


def _summed_up(request: Request, objections: tuple[tuple[Candidate, Objection], ...]) -> list[Reason]:
    """Each rule that excludes something, with what it excludes last: the build that was the nearest by it."""
    found: list[Reason] = []
    if request.platform.value.startswith("macos") and request.cuda is not None and request.cuda.value is not None:
        found.append(Reason(rule="platform", text="macOS has no CUDA, so no build of torch for it has"))
        return found
    asked = request.cuda.value if request.cuda is not None else None
    if asked is not None and asked.cuda not in cudas_of_torch():
        near = ", ".join(one.release for one in nearest_cudas(asked))
        where = "on PyTorch's channel " if request.family == "conda" else ""
        text = f"no release of torch {where}was built for CUDA {asked.release}; the nearest: {near}"
        found.append(Reason(rule="cuda", text=text))
    elif asked is not None and request.torch is not None:
        found.extend(_not_together(request, asked))
    counted: dict[str, list[tuple[Candidate, Objection]]] = {}
    for one, objection in objections:
        if objection.rule not in ("torch", "cuda", "confidence"):
            counted.setdefault(objection.rule, []).append((one, objection))
    for rule, many in sorted(counted.items(), key=lambda item: _decides(item[0], item[1], request)):
        one, first = next((pair for pair in many if not pair[1].unknown), many[0])
        source = first.source or (one.arch_source if rule == "gpu" else one.source)
        found.append(Reason(rule=rule, text=_counted(rule, first.text, len(many), request), source=source))
    if not found:
        text = f"{request.manager.value} has no build of this release for {request.platform.value}"
        found.append(Reason(rule="channel" if request.family == "conda" else "platform", text=text))
    return found


def _decides(
    rule: str, many: list[tuple[Candidate, Objection]], request: Request
) -> tuple[bool, bool, tuple[int, ...], int]:
    """The order of what excludes: first what alone rules out the newest build; last what is only unknown."""
    given = rule in ("driver", "python", "glibc") and getattr(request, rule) is not None
    freed = resolve(without(request, rule)).best if given else None
    newest = tuple(-part for part in freed.order) if freed is not None else ()
    return (all(objection.unknown for _, objection in many), freed is None, newest, -len(many))


def _counted(rule: str, first: str, count: int, request: Request) -> str:
    """How many builds a rule excludes, with the newest of them."""
    if count == 1:
        return first
    several = request.gpus is not None and len(request.gpus.value) > 1
    why = {
        "gpu": "do not support every GPU here" if several else "do not support this GPU",
        "cudnn": "include a cuDNN without code for this GPU",
        "driver": "need a newer driver",
        "python": f"do not support Python {request.python.value}" if request.python is not None else "",
        "glibc": "need a newer glibc",
        "packages": "have no companion packages for this Python",
    }.get(rule)
    return f"{count} builds {why}; the newest: {first}" if why else f"{first} ({count - 1} more builds)"


def _not_together(request: Request, asked: CudaVersion) -> list[Reason]:
    """The release has no build for this CUDA with this manager here."""
    wanted = wanted_releases(request)
    mine = [
        one for one in of_channels(channels(request), request.platform.value) if wanted is None or one.torch in wanted
    ]
    there = sorted({one.cuda.cuda for one in mine if one.cuda is not None})
    if not mine or asked.cuda in there:
        return []
    shown = ", ".join(one.release for one in there) or "none"
    name = request.torch.value if request.torch is not None else ""
    text = f"torch {name} has no {request.family} build for CUDA {asked.release}; it has: {shown}"
    return [Reason(rule="cuda", text=text, source=mine[0].source)]


def _rejected(objections: tuple[tuple[Candidate, Objection], ...], best: Candidate | None) -> tuple[Rejected, ...]:
    """The builds that were newer than the choice, or its neighbours, the newest of each kind of objection first."""
    found: list[Rejected] = []
    seen: set[tuple[str, str]] = set()
    for one, objection in objections:
        if objection.rule in ("torch", "cuda") or (best is not None and one.order < best.order):
            continue
        key = (objection.rule, one.tag)
        if key in seen and objection.rule != "published":
            continue
        seen.add(key)
        cuda = one.cuda.release if one.cuda is not None else None
        found.append(Rejected(torch=one.torch, cuda=cuda, rule=objection.rule, text=objection.text))
    return tuple(found[:_MOST_REJECTED])


def _as_published(answer: Recommendation, printed: Printed | None, *, machine_excludes: bool) -> Recommendation:
    """Style published: PyTorch's own command, unchanged; the command that works today is an alternative."""
    request = answer.request
    if printed is None:
        text = "PyTorch published no command for this; the one above works today"
        if answer.command is None:
            text = "PyTorch published no command for this"
        return replace(answer, reasons=(*answer.reasons, Reason(rule="published", text=text)))
    line = printed.line
    if request.manager.value != request.family and line.startswith(f"{request.family} "):
        line = (
            f"{request.manager.value}{line[len(request.family) :]}" if request.manager.value != "uv" else f"uv {line}"
        )
    line = line if request.manager.value != "pixi" else printed.line
    instead: tuple[Alternative, ...] = ()
    if answer.command is not None and answer.command.removeprefix("python -m ") != line.replace("pip3 ", "pip ", 1):
        what = "What works today" if answer.verdict == "outdated" else "With every build pinned"
        instead = (Alternative(command=answer.command, text=what),)
    stale = {one.text for one in answer.reasons if one.rule in ("published", "wrong")}
    verdict = answer.verdict
    if verdict == "impossible" and stale and not machine_excludes:
        verdict = "outdated"
    return replace(
        answer,
        verdict=verdict,
        command=line,
        commands=(line,),
        reasons=tuple(sorted(answer.reasons, key=lambda one: (one.detail, one.rule not in ("published", "wrong")))),
        alternatives=(*instead, *answer.alternatives),
    )
