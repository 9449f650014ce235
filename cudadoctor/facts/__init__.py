"""What is known of a machine: frozen values, no behaviour. `Facts` is the whole."""

from __future__ import annotations

from cudadoctor.facts.base import Facts, Gap, Seen

__all__ = ["Facts", "Gap", "Seen"]
