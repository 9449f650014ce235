"""Reports as people paste them, written for this project: the cause comes first, and where nothing decides, silence."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cudadoctor.api import examine as api
from tests.checks.loader import read

HERE = Path(__file__).parent / "reports"
REPORTS: dict[str, dict[str, Any]] = {
    f"{path.stem}-{one['name']}": one for path in sorted(HERE.glob("*.toml")) for one in read(path)["report"]
}


@pytest.mark.parametrize("name", REPORTS)
def test_names_the_cause(name: str) -> None:
    one = REPORTS[name]
    report = api.diagnose(one["text"].encode())
    assert not report.crashed
    if one.get("silent"):
        assert report.root_causes == ()
    else:
        assert report.root_causes, "no cause was named"
        assert report.root_causes[0] in one["first"]
