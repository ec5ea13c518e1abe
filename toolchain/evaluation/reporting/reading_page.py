"""The page on which a person reads blind: one self-contained HTML file that sends nothing and saves the verdicts as JSON Lines."""

import json
from html import escape

from toolchain.evaluation.blind_files import SHOWN_HASH, shown_hash
from toolchain.evaluation.blind_items import FIRST, PREFERENCES, SECOND, Items
from toolchain.evaluation.reporting.printable import printable

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 0 auto; padding: 1rem; color: #1a1a1a; background: #fff }
article { border: 1px solid #ccc; border-radius: .5rem; padding: 1rem; margin: 1rem 0 }
article:has(input:checked) { border-color: #2a7a4b }
pre { white-space: pre-wrap; overflow-wrap: anywhere; font: inherit; background: #f4f4f4; padding: .5rem; border-radius: .25rem }
fieldset { border: 0; padding: 0; margin: .5rem 0 0 }
label { display: inline-block; padding: .5rem 1rem .5rem 0 }
footer { position: sticky; bottom: 0; background: #fff; padding: .75rem 0; border-top: 1px solid #ccc }
button { font: inherit; padding: .5rem 1rem }
@media (prefers-color-scheme: dark) {
  body, footer { color: #eee; background: #161616 }
  pre { background: #262626 }
}
"""
_SCRIPT = """
const form = document.querySelector('form'), told = document.querySelector('output'), drawn = form.dataset.drawn;
const said = () => [...new FormData(form)].map(([item, verdict]) => ({ item: Number(item), verdict, NAME: drawn }));
const tell = () => { told.textContent = `${said().length} of ${form.dataset.items} read`; };
try {
  for (const [item, verdict] of Object.entries(JSON.parse(localStorage.getItem(drawn) ?? '{}'))) {
    const choice = form.querySelector(`input[name="${item}"][value="${verdict}"]`);
    if (choice) choice.checked = true;
  }
} catch { /* nothing was kept, or nothing may be */ }
form.addEventListener('change', () => {
  tell();
  try { localStorage.setItem(drawn, JSON.stringify(Object.fromEntries(new FormData(form)))); } catch { /* not kept */ }
});
form.addEventListener('submit', (event) => {
  event.preventDefault();
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob(said().map((verdict) => JSON.stringify(verdict) + '\\n')));
  link.download = 'verdicts.jsonl';
  link.click();
  URL.revokeObjectURL(link.href);
});
tell();
"""
_WHICH_TONE = "Which tone does each answer have? What you choose stays on this device until you save it."
_WHICH_IS_BETTER = (
    "Which answer is better? Whether it is what was asked for comes first, then whether it is true, whole, and well written. "
    "What you choose stays on this device until you save it."
)
_HEADINGS = {
    "request": "What was asked",
    "text": "The text",
    "answer": "The answer",
    FIRST: "First answer",
    SECOND: "Second answer",
}


def reading_page(items: Items) -> str:
    """The items, with the choices below each; what was chosen is kept in the browser."""
    question = _WHICH_IS_BETTER if items.choices == PREFERENCES else _WHICH_TONE
    drawn = shown_hash(items)
    articles = [_article(number, shown, items.choices) for number, shown in enumerate(items.shown, start=1)]
    policy = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'"
    return printable(
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}"><title>Blind reading</title><style>{_STYLE}</style></head>\n'
        f"<body><h1>Blind reading</h1><p>{escape(question)}</p>\n"
        f'<form data-drawn="{drawn}" data-items="{len(items.shown)}">\n'
        + "\n".join(articles)
        + "\n<footer><button>Save the verdicts</button> <output></output></footer></form>\n"
        f"<script>{_SCRIPT.replace('NAME', json.dumps(SHOWN_HASH))}</script></body></html>\n"
    )


def _article(number: int, shown: dict[str, str], choices: tuple[str, ...]) -> str:
    texts = "".join(f"<h3>{_HEADINGS[name]}</h3><pre>{escape(text)}</pre>" for name, text in shown.items())
    inputs = "".join(
        f'<label><input type="radio" name="{number}" value="{choice}"> {choice}</label>' for choice in choices
    )
    choosing = f'<fieldset aria-label="Item {number}">{inputs}</fieldset>'
    return f"<article><h2>{number}</h2>{texts}{choosing}</article>"
