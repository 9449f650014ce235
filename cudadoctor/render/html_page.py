"""One self-contained HTML page: no script, no address of another file, light and dark, for a phone and for print."""

from __future__ import annotations

from cudadoctor.render.escape import html

STYLE = """
.cudadoctor { --fg: #1c2024; --dim: #5b636b; --bg: #fff; --card: #f5f6f7; --line: #d5d9dd; --ok: #12703c;
  --warning: #8a5300; --error: #b3261e; --unknown: #7a3ea8; --absent: #5b636b; --info: #0b63a5;
  color: var(--fg); background: var(--bg); font: 16px/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
@media (prefers-color-scheme: dark) { .cudadoctor { --fg: #e6e8ea; --dim: #a3abb3; --bg: #14171a; --card: #1f2428;
  --line: #3a4148; --ok: #63d297; --warning: #f0b35a; --error: #ff8a80; --unknown: #d0a2f2; --absent: #a3abb3;
  --info: #7cc0f5; } }
.cudadoctor * { box-sizing: border-box; }
.cudadoctor h1 { font-size: 1.35rem; line-height: 1.3; margin: 0 0 1rem; }
.cudadoctor h2 { font-size: 1.15rem; margin: 2rem 0 .5rem; }
.cudadoctor h3 { font-size: 1rem; margin: 0 0 .35rem; }
.cudadoctor p { margin: .35rem 0; }
.cudadoctor .dim { color: var(--dim); }
.cudadoctor .mark { font-weight: 700; display: inline-block; min-width: 1.4em; }
.cudadoctor .ok { color: var(--ok); } .cudadoctor .warning { color: var(--warning); }
.cudadoctor .error { color: var(--error); } .cudadoctor .unknown { color: var(--unknown); }
.cudadoctor .absent { color: var(--absent); } .cudadoctor .info { color: var(--info); }
.cudadoctor .stack { list-style: none; margin: 0; padding: 0; border: 1px solid var(--line); border-radius: .5rem; }
.cudadoctor .stack li { display: grid; grid-template-columns: 1.6em 6em minmax(0, 1fr); gap: .4rem;
  padding: .5rem .75rem; border-inline-start: .35rem solid var(--line); }
.cudadoctor .stack li + li { border-top: 1px solid var(--line); }
.cudadoctor .stack li.at-ok { border-inline-start-color: var(--ok); }
.cudadoctor .stack li.at-warning { border-inline-start-color: var(--warning); }
.cudadoctor .stack li.at-error { border-inline-start-color: var(--error); background: var(--card); }
.cudadoctor .stack li.at-unknown { border-inline-start-color: var(--unknown); }
.cudadoctor .card { border: 1px solid var(--line); border-radius: .5rem; padding: .75rem 1rem; margin: .75rem 0;
  background: var(--card); break-inside: avoid; }
.cudadoctor pre { white-space: pre-wrap; overflow-wrap: anywhere; margin: .35rem 0; padding: .5rem .75rem;
  background: var(--bg); border: 1px solid var(--line); border-radius: .35rem;
  font: .875rem/1.45 ui-monospace, monospace; }
.cudadoctor code { font: .9em ui-monospace, monospace; }
.cudadoctor summary { cursor: pointer; color: var(--dim); }
.cudadoctor table { border-collapse: collapse; width: 100%; table-layout: fixed; font-size: .875rem; }
.cudadoctor th, .cudadoctor td { text-align: left; vertical-align: top; padding: .25rem .5rem .25rem 0;
  border-bottom: 1px solid var(--line); font-weight: normal; }
.cudadoctor th { color: var(--dim); width: 42%; }
@media (max-width: 30rem) { .cudadoctor .stack li { grid-template-columns: 1.6em minmax(0, 1fr); }
  .cudadoctor .stack li > :last-child { grid-column: 2; } }
@media print { .cudadoctor { --card: #fff; --bg: #fff; --fg: #000; --line: #999; --dim: #444; font-size: 10.5pt; }
  .cudadoctor details::details-content { content-visibility: visible; display: block; } }
"""


def page(title: str, body: str) -> str:
    """The whole document."""
    return "\n".join(
        [
            "<!DOCTYPE html>",
            '<html lang="en">',
            "<head>",
            '<meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            '<meta name="color-scheme" content="light dark">',
            f"<title>{html(title)}</title>",
            "<style>",
            "html { color-scheme: light dark; background: #fff; }",
            "@media (prefers-color-scheme: dark) { html { background: #14171a; } }",
            "body { margin: 0; } main { max-width: 60rem; margin: 0 auto; padding: 1.25rem 1rem 3rem; }",
            STYLE.strip(),
            "</style>",
            "</head>",
            '<body class="cudadoctor">',
            "<main>",
            body,
            "</main>",
            "</body>",
            "</html>",
            "",
        ]
    )
