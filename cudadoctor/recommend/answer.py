"""The answer to a request: the command first, then why, what was nearer, and the other ways."""

from __future__ import annotations

from collections.abc import Iterable

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
from cudadoctor.recommend.resolve import Resolved, channels, resolve, wanted_releases, without
from cudadoctor.recommend.rules import Objection, named
from cudadoctor.recommend.unknown import cudas_of_torch, nearest_cudas, not_known
from cudadoctor.versions import CudaVersion

_MOST_REJECTED = 12
_OF_THE_MACHINE = frozenset({"gpu", "driver", "python", "glibc"})


def recommend(request: Request) -> Recommendation:
    """The install command for a request. Pure: the same request gives the same answer."""
    if request.machine is not None and request.platform.origin == "default":
        text = f"upstream publishes no torch for {request.machine}: a build of the vendor's or of your own is needed"
        reason = Reason(rule="platform", text=text)
        return Recommendation(request=request, verdict="impossible", command=None, reasons=(reason,))
    unknown = not_known(request)
    if unknown is not None:
        return unknown
    against = driver_against_gpus(request)
    resolved = resolve(request) if against is None else Resolved(best=None, objections=())
    printed = _printed(request, resolved.best)
    if resolved.best is None:
        answer = _impossible(request, resolved, against, printed)
    else:
        answer = _possible(request, resolved, resolved.best, printed)
    if request.style.value != "published":
        return answer
    machine = against is not None or any(one.rule in _OF_THE_MACHINE for _, one in resolved.objections)
    return _as_published(answer, printed, machine_excludes=machine)


class Printed(Struct, frozen=True):
    """A line that upstream printed, and the release that it is about."""

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
        reasons=reasons(best, request, python, (*stale, *_not_read(printed))),
        rejected=_rejected(resolved.objections, best),
        alternatives=(
            *changes.uv_project(best, request),
            *changes.improvements(best, request),
            *changes.other_managers(request),
        ),
    )


def _not_read(printed: Printed | None) -> tuple[Reason, ...]:
    """A line of the page for a release that it did not have yet when it was read."""
    from cudadoctor.compat import torch

    if printed is None or "==" not in printed.line or not published.is_extrapolated(printed.torch):
        return ()
    text = f"the published line for torch {printed.torch} was not read: it has the form of those before it"
    return (Reason(rule="published", text=text, source=torch.published_source()),)


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
        ways = tuple(changes.least_changes(request))
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
        f"the channel `pytorch` ended with {conda.last_official()}, and of conda-forge only torch {forge.torch} is in "
        "the tables: whether it has this build is not known (`conda search -c conda-forge pytorch-gpu` says)"
    )
    return Reason(rule="channel", text=text, source=forge.source)


def _order(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def _for_driver(request: Request, best: Candidate, against: Reason) -> Alternative:
    """The driver that the GPU needs, and the build that it then runs."""
    relaxed = without(request, "driver")
    what = against.text.rpartition(": ")[2]
    if what.endswith("the first that does"):
        what = changes.needed_driver(best, request)
    return Alternative(command=lines_for(best, relaxed).command, text=f"{what}: {named(best)}")


def _only_unknown(objections: Iterable[tuple[Candidate, Objection]]) -> bool:
    """Nothing was found to be wrong with the builds that were asked for; the tables only do not say."""
    about = [one for _, one in objections if one.rule not in ("torch", "cuda", "python", "confidence")]
    return bool(about) and all(one.unknown for one in about)


def _summed_up(request: Request, objections: tuple[tuple[Candidate, Objection], ...]) -> list[Reason]:
    """Each rule that excludes something, with what it excludes last: the build that was the nearest by it."""
    found: list[Reason] = []
    if request.platform.value.startswith("macos") and request.cuda is not None and request.cuda.value is not None:
        found.append(Reason(rule="platform", text="there is no CUDA on macOS: no build of torch for it has CUDA"))
        return found
    asked = request.cuda.value if request.cuda is not None else None
    if asked is not None and asked.cuda not in cudas_of_torch():
        near = ", ".join(one.release for one in nearest_cudas(asked))
        where = " (conda-forge apart)" if request.family == "conda" else ""
        text = f"no release of torch was built for CUDA {asked.release}{where}; the nearest: {near}"
        found.append(Reason(rule="cuda", text=text))
    elif asked is not None and request.torch is not None:
        found.extend(_not_together(request, asked))
    counted: dict[str, list[tuple[Candidate, Objection]]] = {}
    for one, objection in objections:
        if objection.rule not in ("torch", "cuda", "confidence"):
            counted.setdefault(objection.rule, []).append((one, objection))
    for rule, many in counted.items():
        one, first = next((pair for pair in many if not pair[1].unknown), many[0])
        text = (
            first.text
            if len(many) == 1
            else f"{len(many)} builds are excluded by {_of(rule, request)}; the newest: {first.text}"
        )
        found.append(Reason(rule=rule, text=text, source=one.arch_source if rule == "gpu" else one.source))
    if not found:
        manager = request.manager.value
        text = f"no build of this release for {request.platform.value} comes from {manager}'s channels"
        found.append(Reason(rule="channel" if request.family == "conda" else "platform", text=text))
    return found


def _of(rule: str, request: Request) -> str:
    """What a rule is about, in the words of the machine."""
    if rule == "gpu" and request.gpus is not None:
        each = [gpu.name or ", ".join(one.sm for one in gpu.capabilities) for gpu in request.gpus.value]
        return "the GPU" if len(each) == 1 else f"one or the other of the GPUs ({', '.join(each)})"
    return {"driver": "the driver", "python": "the Python", "glibc": "the glibc"}.get(rule, rule)


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
    text = f"torch {name} has no build with CUDA {asked.release} for {request.manager.value} here; it has: {shown}"
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
    """Style published: upstream's line is the command, to the letter; what to run instead is an alternative."""
    request = answer.request
    if printed is None:
        text = "upstream printed no line for this; the command is one that works today"
        if answer.command is None:
            text = "upstream printed no line for this"
        return replace(answer, reasons=(*answer.reasons, Reason(rule="published", text=text)))
    line = printed.line
    if request.manager.value != request.family and line.startswith(f"{request.family} "):
        line = (
            f"{request.manager.value}{line[len(request.family) :]}" if request.manager.value != "uv" else f"uv {line}"
        )
    line = line if request.manager.value != "pixi" else printed.line
    instead: tuple[Alternative, ...] = ()
    if answer.command is not None and answer.command != line:
        what = "what to run instead" if answer.verdict == "outdated" else "with every build pinned"
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
        alternatives=(*instead, *answer.alternatives),
    )
