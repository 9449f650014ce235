"""A plan as a POSIX shell script: it asks each step's condition first, so that it can be run again and again."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from hashlib import sha256

import cudadoctor
from cudadoctor.errors import CudaDoctorError
from cudadoctor.remedies.plan import Fetch, HasHash, Plan, PlanStep, Run, Tell, WriteFile, brings
from cudadoctor.render.clean import clean_lines, command
from cudadoctor.render.plan import roles as plan_parts
from cudadoctor.render.plan import shell_actions as sh_actions
from cudadoctor.render.plan import shell_library as sh_library
from cudadoctor.render.plan.shell_actions import test
from cudadoctor.render.plan.shell_words import comment, plain, print_file, word

_HOW = (
    "Run it as yourself: `sh FILE`. Steps that need root ask sudo for it. Run again, it goes on where it broke off, "
    "and does nothing that is done already. `cudadoctor undo` does not know what a script did: what files held before "
    "lies in ~/.local/state/cudadoctor/script-*. Exit status: 0 done; 1 a step failed; 2 wrong user or a missing "
    "program; 10 something is yours to do, after which you run it again."
)


def render(plan: Plan, *, named: Collection[str] = ()) -> str:
    """The script, ASCII, ending in a newline. `named`: ids of steps that are done though not safe enough unasked.

    Raises CudaDoctorError where what was asked is impossible, or a step cannot stand in a script.
    """
    if plan.impossible is not None:
        raise CudaDoctorError(f"there is no script of it: {plan.impossible}")
    return "\n".join(_Script(plan, named).lines()) + "\n"


class _Script:
    def __init__(self, plan: Plan, named: Collection[str]) -> None:
        self.plan = plan
        self.named = named
        self.numbers = {step.id: number for number, step in enumerate(plan.steps, 1)}
        self.waits = False
        self.looked_at: dict[str, int] = {}
        """Numbers of the steps that have a function which looks, by their id."""

    def lines(self) -> Iterator[str]:
        numbered = list(enumerate(self.plan.steps, 1))
        looks = list(self._looks())
        body = [*looks] + [line for number, step in numbered for line in self._step(number, step)]
        self.waits = any(line.split()[-2:-1] == ["wait_on"] for line in body)
        end = list(self._main(numbered))
        yield from self._head()
        yield ""
        yield from (line for text in sh_library.functions([*body, *end]) for line in (*text.split("\n"), ""))
        yield from body
        yield from end

    def _head(self) -> Iterator[str]:
        plan = self.plan
        yield "#!/bin/sh"
        yield from comment(plan.title)
        yield from comment(f"Made by cudadoctor {cudadoctor.__version__} for one machine and its user.")
        yield "#"
        yield from comment(_HOW)
        for text in plan.notes:
            yield "#"
            yield from comment(f"Note: {text}")
        yield "# shellcheck disable=SC2016"
        yield "set -eu"
        yield "umask 022"
        yield f"steps={len(plan.steps)}"
        yield "current=''"
        yield "changed=0"
        if self.waits:
            yield "put_off=0"
            yield "waiting=''"
        yield from self._user()
        key = sha256(repr(plan).encode("utf-8", "surrogateescape")).hexdigest()[:16]
        yield 'case "${XDG_STATE_HOME:-}" in'
        yield f'  /*) state="${{XDG_STATE_HOME}}/cudadoctor/script-{key}" ;;'
        yield f'  *) state="${{HOME:?}}/.local/state/cudadoctor/script-{key}" ;;'
        yield "esac"

    def _user(self) -> Iterator[str]:
        """Paths in the script belong to one user: another one's run of it would leave files where nobody looks."""
        if self.plan.home is not None:
            said = plain(
                f"This script was made for the home directory {self.plan.home}, and HOME is another: make one here."
            )
            yield f'if [ "${{HOME-}}" != {word(self.plan.home)} ]; then'
            yield f"  printf '%s\\n' {word(said)} >&2"
            yield "  exit 2"
            yield "fi"
        if self.plan.uid not in (None, 0):
            yield 'if [ "$(id -u)" -eq 0 ] && [ -n "${SUDO_USER:-}" ]; then'
            said = "Run this script as yourself, without sudo: it asks for root where a step needs it."
            yield f"  printf '%s\\n' {word(said)} >&2"
            yield "  exit 2"
            yield "fi"

    def _main(self, numbered: list[tuple[int, PlanStep]]) -> Iterator[str]:
        yield "main() {"
        yield "  trap ended EXIT"
        yield "  trap 'exit 130' INT"
        yield "  trap 'exit 143' TERM"
        yield '  mkdir -p "${state}"'
        yield '  chmod 700 "${state}"'
        yield from (f"  step_{number}" for number, _ in numbered)
        yield "  current=''"
        if self.waits:
            yield '  if [ -n "${waiting}" ] && [ "${put_off}" -gt 0 ]; then'
            yield "    stop 'Steps wait for what is yours to do or for a reboot: do it, then run this script again.' 10"
            yield "  fi"
        yield '  if [ "${changed}" -eq 0 ]; then'
        yield "    say 'Nothing to do.'"
        yield "  else"
        yield '    say "Done: ${changed} of ${steps} steps; the others were done already, or are yours to do."'
        yield "  fi"
        if (before := plan_parts.entering(self.plan)) is not None:
            yield f"  say {word(plain(f'{before} {command(self.plan.enter)}'))}"
        yield "}"
        yield ""
        yield "# On the last line: a script that was cut off on its way does nothing."
        yield "main"

    def _step(self, number: int, step: PlanStep) -> Iterator[str]:
        yield from comment(f"{number}. {step.title}")
        yield from comment(step.why)
        if step.source is not None:
            yield from comment(f"Source: {step.source.title}, {step.source.url} (read {step.source.read_on})")
        role = plan_parts.role(step, {}, self.named)
        yield f"step_{number}() {{"
        yield f"  begin {number} {word(plain(step.title))}"
        if step.id in self.looked_at:
            yield f"  if done_{number}; then"
            yield "    already"
            if step.reboot and not step.manual and plan_parts.needed_later(self.plan, step):
                yield f"    rebooted {number} || wait_on {number}"
            yield "    return 0"
            yield "  fi"
        late = self._late(step)
        if late and role == "do":
            yield f"  if waits {' '.join(map(str, late))}; then"
            if plan_parts.needed_later(self.plan, step):
                yield f"    wait_on {number}"
            yield "    return 0"
            yield "  fi"
        yield from (f"  {line}" for line in self._do(number, step, role))
        yield "}"
        yield ""

    def _late(self, step: PlanStep) -> list[int]:
        """Numbers of what it needs that may not be done when its turn comes: it waits for a person or a reboot."""
        found = []
        for other in self.plan.steps:
            role = plan_parts.role(other, {}, self.named)
            if other.id in step.needs and (role != "do" or other.reboot or self._late(other)):
                found.append(self.numbers[other.id])
        return found

    def _looks(self) -> Iterator[str]:
        """Functions that end well where a step is done, from the last step up: a download looks at what it supports."""
        for number, step in reversed(list(enumerate(self.plan.steps, 1))):
            action = step.action
            writes = isinstance(action, WriteFile) and not step.manual
            if isinstance(action, WriteFile) and writes and not action.delete:
                yield f"text_{number}() {{"
                yield from print_file(action.text)
                yield "}"
            ways = list(self._ways(number, step))
            if ways:
                self.looked_at[step.id] = number
                yield f"done_{number}() {{"
                yield "  " + " ||\n    ".join(ways)
                yield "}"
                yield ""

    def _ways(self, number: int, step: PlanStep) -> Iterator[str]:
        """Commands of which one that ends well says that the step is done."""
        action = step.action
        own = None if step.done_when is None else test(step.done_when)
        if isinstance(action, WriteFile) and not step.manual:
            path = word(plan_parts.absolute(action.path, step))
            there = (
                f"[ ! -e {path} ]" if action.delete else f"holds_text {sh_actions.runner(step)} {path} text_{number}"
            )
            yield f'[ -e "${{state}}/wrote.{number}" ]'  # others may have added to the file since
            yield there if own is None else f"{{ {there} && {own}; }}"
        elif own is not None:
            # Made in part only: what it is known by may be there before the rest is.
            whole = [f'[ ! -e "${{state}}/making.{number}.{index}" ]' for index, _ in enumerate(self._made(step))]
            yield " && ".join((*whole, own))
        elif isinstance(action, Fetch) and action.digest is not None:
            yield test(HasHash(path=action.path, digest=action.digest, algorithm=action.algorithm))
        if isinstance(action, Fetch) or plan_parts.always(step):
            serves = [other for other in self.plan.steps if step.id in other.needs and not other.manual]
            if serves and not step.manual and all(other.id in self.looked_at for other in serves):
                yield "{ " + " && ".join(f"done_{self.looked_at[other.id]}" for other in serves) + "; }"

    def _do(self, number: int, step: PlanStep, role: plan_parts.Role) -> Iterator[str]:
        if role != "do":
            yield from self._shown(step, role)
            return
        action = step.action
        runner = sh_actions.runner(step)
        kept = [plan_parts.absolute(path, step) for path in step.touches]
        yield from (f"keep {runner} {number}.{index} {word(path)}" for index, path in enumerate(kept))
        made = self._made(step)
        for index, path in enumerate(made):
            if brings(step, path) and not step.packages:
                yield f"shown={word(plain(path))}"
                yield f"untaken {runner} {number}.{index} {word(path)}"
        yield from (f"fresh {runner} {number}.{index} {word(path)}" for index, path in enumerate(made))
        if isinstance(action, Run):
            yield from sh_actions.run(step, action)
        elif isinstance(action, WriteFile):
            yield from sh_actions.write(number, step, action)
        elif isinstance(action, Fetch):
            yield from sh_actions.fetch(step, action)
        for condition in plan_parts.own_conditions(self.plan, step):
            yield f"{test(condition)} || did_not"
        yield from (f"made {number}.{index}" for index in range(len(made)))
        if not plan_parts.always(step):
            yield "changed=$((changed + 1))"
        if step.reboot and plan_parts.needed_later(self.plan, step):
            yield f'boot >"${{state}}/boot.{number}"'
            yield f"wait_on {number}"

    def _made(self, step: PlanStep) -> list[str]:
        """What is removed before a second try."""
        paths = [plan_parts.absolute(path, step) for path in step.makes]
        return [path for path in paths if plan_parts.removable(path, self.plan.home)]

    def _shown(self, step: PlanStep, role: plan_parts.Role) -> Iterator[str]:
        action = step.action
        texts = [
            "For you to do:" if role == "by-you" else "Not done unasked; to have it done, name it to `cudadoctor fix`:"
        ]
        if isinstance(action, Tell):
            texts += clean_lines(action.text.strip())
        elif isinstance(action, Run):
            texts += [("sudo " if action.needs_root and self.plan.uid != 0 else "") + command(action.argv)]
        elif isinstance(action, WriteFile):
            texts += [f"{'delete' if action.delete else 'write'} {action.path}"]
        else:
            texts += [f"download {action.url} to {action.path}"]
        for text in texts:
            yield f"say {word('      ' + text.encode('ascii', 'backslashreplace').decode('ascii'))}"
        if plan_parts.needed_later(self.plan, step):
            number = self.numbers[step.id]
            # What can be looked at is not taken as done.
            seen = step.id in self.looked_at or role == "by-name"
            told = f"taken_as_done {number} {'reboot' if step.reboot else 'person'}"
            late = self._late(step)
            if seen:
                yield f"wait_on {number}"
            elif late:
                yield f"if waits {' '.join(map(str, late))} || ! {told}; then"
                yield f"  wait_on {number}"
                yield "fi"
            else:
                yield f"{told} || wait_on {number}"
