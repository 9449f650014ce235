"""What `install` and `fix` have in common: the forms of a plan, asking once, carrying it out."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from cudadoctor.cli import console, options
from cudadoctor.errors import CudaDoctorError, ExitCode

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cudadoctor.api.plans import Applied
    from cudadoctor.cli.plan_progress import Watcher
    from cudadoctor.remedies.plan import Plan
    from cudadoctor.render.plan.text import Offer

Form = Literal["text", "sh", "dockerfile", "json"]
EmitOption = Annotated[Form | None, typer.Option("--emit", help="Print the plan in this form. Default: text.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Short for --emit json; with --apply, the outcome as JSON.")]
ApplyOption = Annotated[bool, typer.Option("--apply", help="Carry the plan out: show it, ask once, then do it.")]
YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before --apply.")]
ResumeOption = Annotated[bool, typer.Option("--resume", help="Continue an interrupted or waiting plan.")]
FromOption = Annotated[
    str | None, typer.Option("--from", metavar="SNAPSHOT", help="Plan for a recorded machine; cannot be applied.")
]


@dataclass(frozen=True, kw_only=True)
class Mode:
    """What is to be done with a plan."""

    form: Form
    apply: bool
    yes: bool
    output: str | None
    shared: options.Common


def mode(
    *,
    emit: Form | None,
    json: bool,
    apply: bool,
    yes: bool,
    output: str | None,
    shared: options.Common,
    far: str | None,
) -> Mode:
    """The mode. `far`: the option that says that the plan is for another machine. Raises CudaDoctorError."""
    if json and emit not in (None, "json"):
        raise CudaDoctorError(f"--json and --emit {emit} exclude each other")
    if apply and emit is not None:
        raise CudaDoctorError(
            f"--apply and --emit {emit} exclude each other: the one does the plan, the other prints it"
        )
    if apply and far is not None:
        raise CudaDoctorError(f"--apply does a plan for this machine, and {far} makes one for another: leave one out")
    if yes and not apply:
        raise CudaDoctorError("--yes goes with --apply: without it nothing is asked")
    if apply and output is not None and not json:
        raise CudaDoctorError("--output takes what --apply has to say only as --json")
    return Mode(form="json" if json else emit or "text", apply=apply, yes=yes, output=output, shared=shared)


def finish(plan: Plan, how: Mode, *, here: bool) -> ExitCode:
    """Print the plan, and with `--apply` do it. `here`: it is for this machine. Raises CudaDoctorError."""
    if how.apply:
        return _apply(plan, how)
    if how.form in ("sh", "dockerfile"):
        if plan.impossible is not None:
            more = "; --emit text shows what works instead" if plan.steps else ""
            console.note(f"impossible: {plan.impossible}{more}")
            return ExitCode.FINDINGS
        text = _script(plan) if how.form == "sh" else _dockerfile(plan)
    else:
        holds = _holds(plan, how) if here else {}
        if how.form == "json":
            from cudadoctor.render.plan import json as plan_json

            text = plan_json.render(plan, holds=holds)
        else:
            text = _text(plan, how, holds, "apply" if here else "forms")
    console.write_result(text, how.output)
    if here and how.shared.verbosity >= 0:
        _unfinished(plan)
    return ExitCode.OK if plan.impossible is None else ExitCode.FINDINGS


def resume(*, given: Sequence[str], json: bool, output: str | None, shared: options.Common) -> ExitCode:
    """Go on with what was broken off. `given`: the options that belong to a new plan. Raises CudaDoctorError."""
    if given:
        raise CudaDoctorError(f"--resume goes on with the plan that was made: {given[0]} does not go with it")
    if output is not None and not json:
        raise CudaDoctorError("--output takes what --resume has to say only as --json")
    from cudadoctor.api import examine as api
    from cudadoctor.api import plans as api_plan

    how = Mode(form="json" if json else "text", apply=True, yes=True, output=output, shared=shared)
    try:
        result = api_plan.resume(api.local_host(), watcher=_watcher(shared))
    except CudaDoctorError as error:
        return _objected(error)
    return _told(result, how, {})


def _script(plan: Plan) -> str:
    from cudadoctor.render.plan import shell_script as plan_sh

    return plan_sh.render(plan)


def _dockerfile(plan: Plan) -> str:
    from cudadoctor.render.plan import dockerfile as plan_docker

    return plan_docker.render(plan)


def _holds(plan: Plan, how: Mode) -> Mapping[str, bool | None]:
    """What is done already. It takes time: programs are asked."""
    from cudadoctor.api import plans as api_plan

    with console.Progress(quiet=how.shared.verbosity < 0) as progress:
        progress.label("what is done already")
        return api_plan.holds(plan)


def _text(
    plan: Plan, how: Mode, holds: Mapping[str, bool | None], offer: Offer
) -> str:  # fmt: skip
    from cudadoctor.api import plans as api_plan
    from cudadoctor.render.plan import text as plan_text

    to_file = how.output is not None
    look = console.look(how.shared.verbosity, how.shared.color, to_file=to_file)
    diffs = {} if offer == "forms" else api_plan.differences(plan)
    return plan_text.render(plan, look, holds=holds, diffs=diffs, offer=offer)


def _apply(plan: Plan, how: Mode) -> ExitCode:
    from cudadoctor.api import examine as api
    from cudadoctor.api import plans as api_plan
    from cudadoctor.render.plan import roles as plan_parts

    holds = _holds(plan, how)
    if how.form == "text":
        console.write_result(_text(plan, how, holds, "nothing"), None)
    if plan.impossible is not None:
        if how.form == "json":
            from cudadoctor.render.plan import json as plan_json

            console.write_result(plan_json.render(plan, holds=holds), how.output)
        console.note("nothing was changed: what was asked is impossible; ask for what works instead")
        return ExitCode.FINDINGS
    other = _unfinished(plan)
    if other is not None and other.purpose == plan.purpose and other.title != plan.title:
        # Beside what was begun, and not in its place: that is never what the same words mean.
        console.note(f"nothing was changed: that run was for the same, and this would make it again: {plan.title}")
        return ExitCode.FINDINGS
    count = [plan_parts.role(step, holds) for step in plan.steps].count("do")
    if count and not how.yes and not plan_parts.nothing_to_do(plan, holds):
        if how.form == "json":
            raise CudaDoctorError("--apply --json shows no plan to agree to: --yes does it, without --json it is shown")
        if not agreed(f"Do {'this step' if count == 1 else f'these {count} steps'}?"):
            console.note("nothing was changed")
            return ExitCode.INTERRUPTED
    try:
        result = api_plan.apply_plan(api.local_host(), plan, watcher=_watcher(how.shared))
    except CudaDoctorError as error:
        return _objected(error)
    return _told(result, how, holds)


def agreed(question: str) -> bool:
    """Asked once, on a terminal. Raises CudaDoctorError where there is nobody to ask."""
    if not (sys.stdin and sys.stdin.isatty() and sys.stderr and sys.stderr.isatty()):
        raise CudaDoctorError("there is no terminal to ask on, and nothing was changed: --yes does it")
    sys.stderr.write(f"{question} [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _unfinished(plan: Plan) -> Plan | None:
    """Says that an earlier run did not come to its end; its plan where it was broken off."""
    from cudadoctor.api import examine as api
    from cudadoctor.api import plans as api_plan
    from cudadoctor.render.clean import clean

    found = api_plan.unfinished(api.local_host())
    if found is None:
        return None
    how = "waits" if found.waits else "was broken off"
    resume_ = f"`cudadoctor {found.plan.purpose.command} --resume` goes on with it"
    more = "" if found.waits else ", `cudadoctor undo` takes it back"
    same = "this" if found.plan.title == plan.title else clean(found.plan.title)
    console.note(f"an earlier run {how} ({same}): {resume_}{more}")
    return None if found.waits else found.plan


def _watcher(shared: options.Common) -> Watcher:
    from cudadoctor.cli.plan_progress import Watcher

    return Watcher(quiet=shared.verbosity < 0, verbose=shared.verbosity > 0)


def _objected(error: CudaDoctorError) -> ExitCode:
    """Not begun: every objection on a line of its own."""
    objections: tuple[str, ...] = getattr(error, "objections", ())
    if not objections:
        raise error
    if len(objections) == 1:
        console.note(str(error))
        return ExitCode.FINDINGS
    for one in objections:
        console.note(one)
    console.note("nothing was changed")
    return ExitCode.FINDINGS


def _told(
    result: Applied, how: Mode, holds: Mapping[str, bool | None]
) -> ExitCode:  # fmt: skip
    """What became of it, and what to do next."""
    if how.form == "json":
        from cudadoctor.render.plan import json as plan_json

        state = "applied" if result.state == "nothing-to-do" else result.state
        console.write_result(
            plan_json.render(
                result.plan, holds=holds, state=state, outcomes=result.outcomes, error=result.error,
                log=result.log or None, journal=result.journal or None, waiting=result.waiting,
            ),
            how.output,
        )  # fmt: skip
    elif how.shared.verbosity >= 0:
        console.write_result("".join(f"{line}\n" for line in _summary(result)), None)
    if result.error is not None:
        console.note(result.error)
    if how.shared.verbosity >= 0:
        if result.note is not None and result.state != "nothing-to-do":
            console.note(result.note)
        if result.log:
            console.note(f"log: {result.log}")
        if result.journal and result.state == "applied":
            console.note("`cudadoctor undo` takes it back")
    if result.state == "failed":
        return ExitCode.FINDINGS
    return ExitCode.INTERRUPTED if result.state == "interrupted" else ExitCode.OK


def _summary(result: Applied) -> Iterator[str]:
    from cudadoctor.render.clean import clean, command
    from cudadoctor.render.plan import roles as plan_parts

    title = clean(result.plan.title)
    outcomes = list(result.outcomes.values())
    if not result.plan.steps:
        return  # the plan has said so
    if result.state == "nothing-to-do" and set(outcomes) == {"shown"}:
        yield f"{title}: nothing was done, as every step is for you, or done only when named"
    elif result.state == "nothing-to-do":
        yield f"{title}: nothing to do"
    elif result.state == "applied":
        yield f"{'Done so far' if result.waiting else 'Done'}: {title}"
    else:
        yield f"{'Interrupted' if result.state == 'interrupted' else 'Failed'}: {title}"
    words = [("done", "done"), ("held", "done already"), ("shown", "for you or waiting")]
    words.append(("failed", "broken off" if result.state == "interrupted" else "failed"))
    counted = [(outcomes.count(name), word) for name, word in words]
    counted.append((len(result.plan.steps) - sum(count for count, _ in counted), "not come to"))
    if outcomes and result.state != "nothing-to-do":
        said = ", ".join(f"{count} {word}" for count, word in counted if count)
        yield f"{plan_parts.steps_said(len(result.plan.steps))}: {said}"
    for step in result.plan.steps:
        if result.outcomes.get(step.id) == "shown" and step.manual:
            yield f"For you to do: {clean(step.title)}"
    before = plan_parts.entering(result.plan)
    if before is not None and result.state in ("applied", "nothing-to-do") and not result.waiting:
        yield f"{before} {command(result.plan.enter)}"
