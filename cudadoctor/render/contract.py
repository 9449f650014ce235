"""How JSON documents are made: from classes that list their keys, never by printing the inner values as they are.

A class of the contract has one field for each key. Its value is the attribute of that name of the inner value, or what
`computed` makes of the inner value. `scripts/make_schemas.py` makes the JSON schemas in docs/ from the same classes.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Annotated, Any, ClassVar, TypeVar

from msgspec import Meta, Struct

import cudadoctor
from cudadoctor.compat.source import Source as InnerSource
from cudadoctor.facts.seen import Seen
from cudadoctor.versions import ComputeCapability, CudaDriverVersion, CudaVersion, DriverVersion

Rules = Mapping[str, Callable[[Any], object]]
"""Field → its value from the inner value, where that is not the attribute of the same name."""
Kind = TypeVar("Kind", bound=type["Contract"])

CheckCode = Annotated[str, Meta(pattern="^[A-Z]+[0-9]{3}$")]
Name = Annotated[str, Meta(pattern="^[a-z0-9]+(-[a-z0-9]+)*$", description="A cause, in kebab-case.")]
FindingId = Annotated[str, Meta(pattern=r"^[a-z0-9-]+@(.|\n)+$", description="name@subject")]
Subject = Annotated[str, Meta(pattern="^(machine$|(gpu|env|toolkit|var|file):)")]
Url = Annotated[str, Meta(pattern="^https?://")]
Day = Annotated[str, Meta(pattern="^[0-9]{4}-[0-9]{2}-[0-9]{2}$")]
Release = Annotated[str, Meta(pattern="^[0-9]+\\.[0-9]+$")]
NotNegative = Annotated[float, Meta(ge=0)]


class Contract(Struct, kw_only=True):
    """Keys of a JSON object. Keys may be added within a major version; none is renamed or removed."""

    computed: ClassVar[Rules] = {}
    not_null: ClassVar[Mapping[str, tuple[str, ...]]] = {}
    """Value of `kind` → keys that are not null there."""


FORMS: dict[type, type[Contract]] = {}
"""Inner type → how it is shown."""


def shows(inner: type) -> Callable[[Kind], Kind]:
    """The class below is how values of type `inner` are shown."""

    def register(kind: Kind) -> Kind:
        FORMS[inner] = kind
        return kind

    return register


def fill(kind: type[Contract], source: object, **given: object) -> dict[str, Any]:
    """The object that `kind` describes, from the inner value; `given` stands in place of its attributes."""
    found: dict[str, Any] = {}
    for name, key in zip(kind.__struct_fields__, kind.__struct_encode_fields__, strict=True):
        if name in given:
            value = given[name]
        elif (rule := kind.computed.get(name)) is not None:
            value = rule(source)
        else:
            value = getattr(source, name)
        found[key] = plain(value)
    return found


def plain(value: object) -> Any:  # noqa: ANN401
    """The value as JSON has it: objects, arrays, text, numbers, booleans and null."""
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        return round(value, 4) if value - value == 0 else str(value)  # JSON has neither NaN nor infinity
    if isinstance(value, CudaDriverVersion):
        return value.release
    if isinstance(value, DriverVersion | CudaVersion | ComputeCapability):
        return str(value)
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, Struct):
        form = next((FORMS[one] for one in type(value).__mro__ if one in FORMS), None)
        if form is None:
            raise TypeError(f"{type(value).__name__} has no place in the contract")
        return fill(form, value)
    if isinstance(value, Iterable):
        return [plain(item) for item in value]
    raise TypeError(f"{type(value).__name__} has no place in the contract")


class Tool(Contract):
    """Which program wrote the document."""

    name: str
    version: str


def tool() -> dict[str, str]:
    """This program."""
    return {"name": "cudadoctor", "version": cudadoctor.__version__}


@shows(Seen)
class Evidence(Contract):
    """Where something was read, and what stood there."""

    where: str
    text: str


@shows(InnerSource)
class Source(Contract):
    """Where a rule or a number was published, and the day it was read."""

    title: str
    url: Url
    read_on: Day


def dumps(value: object) -> str:
    """JSON that every parser takes: no NaN, and no half of a surrogate pair (a path that is not UTF-8 has some)."""
    text = json.dumps(value, indent=2, allow_nan=False)
    if "\\ud" in text:
        text = json.dumps(_decodable(value), indent=2, allow_nan=False)
    return text + "\n"


def _decodable(value: object) -> object:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, dict):
        return {_decodable(key): _decodable(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_decodable(item) for item in value]
    return value
