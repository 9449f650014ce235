"""torch/version.py of all generations."""

from __future__ import annotations

import pytest

from cudadoctor.parsers.torch_version import TorchVersion, parse


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("__version__ = '0.4.1'\ndebug = False\ncuda = '9.0.176'\n", ("0.4.1", "9.0.176", True, None, None)),
        (
            "__version__ = '1.4.0'\ndebug = False\ncuda = '10.1'\ngit_version = 'x'\n",
            ("1.4.0", "10.1", True, None, None),
        ),
        ("__version__ = '1.4.0+cpu'\ncuda = None\n", ("1.4.0+cpu", None, True, None, None)),
        (
            (
                "from typing import Optional\n"
                "__version__ = '2.1.0+cu121'\ncuda: Optional[str] = '12.1'\nhip: Optional[str] = None\n"
            ),
            ("2.1.0+cu121", "12.1", True, None, None),
        ),
        (
            '__version__ = "2.4.0"\ncuda: "str | None" = None\nhip = "6.1.40091-a8dbc0c19"\n',
            ("2.4.0", None, True, "6.1.40091-a8dbc0c19", None),
        ),
        (
            "__version__='2.5.0+xpu'\ncuda = None\nhip = None\nxpu: Optional[str] = '20250000'\n",
            ("2.5.0+xpu", None, True, None, "20250000"),
        ),
        ("__version__ = '1.0'\n", ("1.0", None, False, None, None)),
    ],
)
def test_forms(text: str, expected: tuple[object, ...]) -> None:
    said = parse(text)
    assert said is not None
    assert (said.version, said.cuda, said.says_cuda, said.hip, said.xpu) == expected


def test_debug_builds() -> None:
    assert parse("__version__ = '1.0'\ndebug = True\n") == TorchVersion(version="1.0", debug=True)


@pytest.mark.parametrize(
    "text", ["", "import os\n", "__version__ = get()\n" * 0, "x__version__ = '1'\n", "__version__ = '\n"]
)
def test_no_version(text: str) -> None:
    assert parse(text) is None
