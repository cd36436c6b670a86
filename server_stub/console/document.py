"""Plain pages without scripts: signing in, choosing a password, being refused, the API's documentation."""

from html import escape

from starlette.responses import HTMLResponse

from server_stub.console.theme import CSS


def document(title: str, body: str, status: int = 200, *, look: str = "apo-narrow") -> HTMLResponse:
    """A whole page with one h1; `body` is HTML."""
    return HTMLResponse(
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)} · Apotheca</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{CSS}</style></head>'
        f'<body class="apo-plain"><main class="{look}"><p class="apo-brand">Apotheca</p>'
        f'<h1 data-testid="title">{escape(title)}</h1>{body}</main></body></html>',
        status,
    )


def refusal(title: str, words: str, status: int) -> HTMLResponse:
    """A page that says why not, and leads back."""
    body = f'<p data-testid="refused">{escape(words)}</p><p><a href="/">Back to the console</a></p>'
    return document(title, body, status)


def form(action: str, fields: str, button: str, *, testid: str, look: str = "apo-form") -> str:
    """An HTML form that is sent as one request; `fields` is HTML."""
    return (
        f'<form method="post" action="{escape(action)}" class="{look}" data-testid="{escape(testid)}">{fields}'
        f'<button type="submit" class="apo-button">{escape(button)}</button></form>'
    )


def field(name: str, label: str, kind: str = "text", value: str = "", more: str = "required") -> str:
    """A labelled input."""
    return f'<label>{escape(label)}<input name="{escape(name)}" type="{kind}" value="{escape(value)}" {more}></label>'


def choice(name: str, label: str, options: list[tuple[str, str]], chosen: str = "") -> str:
    """A labelled list of (value, words) to choose from."""
    shown = "".join(
        f'<option value="{escape(value)}"{" selected" if value == chosen else ""}>{escape(words)}</option>'
        for value, words in options
    )
    return f'<label>{escape(label)}<select name="{escape(name)}">{shown}</select></label>'


def hidden(name: str, value: str) -> str:
    """A value the form carries along."""
    return f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'


def notice(words: str, *, bad: bool = False) -> str:
    """A line that says what happened."""
    if not words:
        return ""
    return f'<p class="apo-notice{" bad" if bad else ""}" role="status" data-testid="notice">{escape(words)}</p>'
