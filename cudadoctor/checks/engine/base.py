"""The shape of a check, and of what it yields."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import IntEnum
from typing import Any, Literal

from msgspec import Struct
from msgspec.structs import replace

from cudadoctor.compat.source import Source as Source  # noqa: PLC0414  (re-exported under strict typing)
from cudadoctor.facts.seen import Seen


class Severity(IntEnum):
    """About this machine: error, something that should work does not; warning, it will cause trouble; info."""

    INFO = 1
    WARNING = 2
    ERROR = 3

    @property
    def word(self) -> str:
        """`error`, `warning` or `info`."""
        return self.name.lower()


class Confidence(IntEnum):
    """How sure the cause is."""

    POSSIBLE = 1
    LIKELY = 2
    CERTAIN = 3

    @property
    def word(self) -> str:
        """`certain`, `likely` or `possible`."""
        return self.name.lower()


class Problem(Struct, frozen=True, kw_only=True):
    """What a check found. The runner adds code and name, and severity and confidence where they are None."""

    subject: str
    """`machine`, `gpu:0`, `env:/path`, `toolkit:/path`, `var:NAME`, `file:/path:12`."""
    message: str
    """One sentence: what is wrong, with the values that show it."""
    evidence: tuple[Seen, ...] = ()
    source: Source | None = None
    severity: Severity | None = None
    confidence: Confidence | None = None


class Unknown(Struct, frozen=True, kw_only=True):
    """One subject could not be judged; the others are."""

    subject: str
    reason: str


Result = Iterator["Problem | Unknown"]
Rule = Callable[..., Result]


class Says(Struct, frozen=True, kw_only=True):
    """Messages that mean the cause by themselves, whatever else is known."""

    kinds: tuple[str, ...]
    """Kinds of message, any one of which is enough."""
    message: str
    """The sentence for the report; `{name}` stands for a value of the message."""
    source: Source
    subject: Literal["machine", "env"] = "machine"
    """`env`: the active environment, where one is known."""
    unless: tuple[str, ...] = ()
    """Kinds of message beside which it means something else."""
    beside: tuple[str, ...] = ()
    """Kinds of message of which one must be there, too."""
    severity: Severity | None = None
    confidence: Confidence | None = None


class Asked(Struct, frozen=True):
    """The facts that a rule asks for."""

    parameters: tuple[tuple[str, bool], ...]
    """Each fact, and whether it is required."""
    any_of: tuple[str, ...] = ()
    """Facts of which one at least must be known."""


class Check(Struct, frozen=True, kw_only=True):
    """A rule with its names. `parameters` maps each fact that it asks for to whether it is required."""

    code: str
    name: str
    severity: Severity
    rule: Rule
    parameters: tuple[tuple[str, bool], ...]
    messages: tuple[Says, ...] = ()
    """What programs print where this is the cause."""
    more: tuple[tuple[Rule, Asked], ...] = ()
    """Further rules that come to the same cause from other facts."""

    @property
    def doc(self) -> str:
        """The docstring: summary, Why, Fix, Harmless when, Sources; builds and versions filled in from the tables."""
        text = self.rule.__doc__ or ""
        if "{{" not in text:
            return text
        from cudadoctor.compat.shown import filled

        return filled(text)


def check(code: str, *, severity: Severity, messages: tuple[Says, ...] = ()) -> Callable[[Rule], Rule]:
    """Make a rule of a generator function. Its name is the cause; its parameters are fields of `Facts`.

    An annotation that admits None makes the fact optional; without, a fact that is not known skips the check.
    `messages` are those that mean this cause by themselves.
    """

    def mark(rule: Rule) -> Rule:
        target: Any = rule
        target.check = Check(
            code=code,
            name=rule.__name__.replace("_", "-"),
            severity=severity,
            rule=rule,
            parameters=_parameters(rule),
            messages=messages,
        )
        return rule

    return mark


def also(first: Rule, *, any_of: tuple[str, ...] = ()) -> Callable[[Rule], Rule]:
    """Make a further rule of an existing check, in the same module: the same cause, seen in other facts.

    It runs where the facts that it requires, and one at least of `any_of`, are known, whether or not those of the
    first rule are. It only ever adds problems: where the first rule could not run and this one finds nothing, the
    check is skipped, not passed.
    """

    def mark(rule: Rule) -> Rule:
        target: Any = first
        target.check = replace(target.check, more=(*target.check.more, (rule, Asked(_parameters(rule), any_of))))
        return rule

    return mark


def _parameters(rule: Rule) -> tuple[tuple[str, bool], ...]:
    code = rule.__code__
    names = code.co_varnames[: code.co_argcount]
    return tuple((name, "None" not in str(rule.__annotations__[name])) for name in names)


def decided_by_messages(symptoms: object) -> Result:
    """Nothing beside the messages that the check declares: the body of a check that rests on them alone."""
    del symptoms
    return iter(())
