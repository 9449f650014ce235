"""Every sentence that the program can print, and every page, is free of the phrases that read as if translated.

The sentences are the string literals of the package (a docstring of a check is its page), the message tables, docs/
and the README.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
AVOID = {
    r"\bcarries CUDA\b": "was built for CUDA",
    r"\b(driver|branch|card) serves\b|\bserves (CUDA|no more)": "supports",
    r"· by you|\bby you\.": "(manual)",
    r"\bthe whole of it\b": "name it",
    r"[Nn]earer, and not taken": "ruled out",
    r"works and will bite": "works now, will cause trouble",
    r"is so already": "nothing to do",
    r"was not to be had": "could not be obtained",
    r"did not come to be": "had no effect",
    r"tells nothing of": "says nothing about",
    r"which Linux brings along": "ships with Linux",
    r"is available to it\b|not available to it\b": "can(not) use",
    r"from upstream's wheels": "from PyTorch's wheels",
    r"an environment of its own": "a separate environment",
    r"\bat the (present|moment)\b": "now",
    r"\bsimply\b": "leave it out",
}
"""Expression → what reads better."""


def sentences() -> Iterator[tuple[str, str]]:
    """Where, and the text: every string of the package with a blank in it, and every line of prose."""
    for path in sorted((ROOT / "cudadoctor").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value:
                yield f"{path.relative_to(ROOT)}:{node.lineno}", " ".join(node.value.split())
    prose = [*(ROOT / "docs").glob("*.md"), ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "SECURITY.md"]
    for path in [*prose, *(ROOT / "cudadoctor").rglob("*.toml")]:
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            yield f"{path.relative_to(ROOT)}:{number}", line


SENTENCES = list(sentences())


def test_there_is_something_to_read() -> None:
    assert len(SENTENCES) > 5000


@pytest.mark.parametrize("phrase", AVOID)
def test_no_sentence_has_it(phrase: str) -> None:
    found = [f"{where}: {text[:120]}" for where, text in SENTENCES if re.search(phrase, text)]
    assert not found, f"better: {AVOID[phrase]}\n" + "\n".join(found[:20])
