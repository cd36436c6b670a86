"""What every page of the console shares: the head with who is signed in, the rights check, parts that stay live."""

from collections.abc import Callable
from html import escape
from typing import Generic, NamedTuple, TypeVar

from fastapi import Request, Response
from nicegui import run, ui
from sqlalchemy import Engine

from server_stub.console import gate
from server_stub.console.document import form, notice, refusal
from server_stub.console.door import Door, Visitor
from server_stub.console.packets import Packets
from server_stub.console.roles import Right
from server_stub.console.theme import CSS
from server_stub.site.config import SiteConfig

REFRESH_S = 1.0

T = TypeVar("T")

_MENU = (
    ("/", "Home", Right.STATIONS),
    ("/stations", "Stations", Right.STATIONS),
    ("/sync", "Sync", Right.STATIONS),
    ("/stock", "Stock", Right.STOCK),
    ("/restock", "Restock", Right.STOCK),
    ("/picking", "Picking", Right.STOCK),
    ("/expiry", "Expiry", Right.STOCK),
    ("/alerts", "Alerts", Right.ALERTS),
    ("/overrides", "Overrides", Right.ALERTS),
    ("/wastes", "Wastes", Right.ALERTS),
    ("/discrepancies", "Discrepancies", Right.DISCREPANCIES),
    ("/packets", "Packets", Right.PACKETS),
    ("/accounts", "Accounts", Right.ACCOUNTS),
)

# someone who works on a page that sends nothing is there too: say so once a minute; a page without a connection asks by
# itself whether its session is over, since then it gets no connection any more and nobody could tell it to leave
_HERE = """
<script>
document.documentElement.lang = "en";
{ let told = Date.now();
  const here = () => { if (Date.now() - told > 60000) { told = Date.now(); fetch("/here", {method: "POST"}); } };
  for (const kind of ["pointerdown", "keydown"]) document.addEventListener(kind, here, {passive: true}); }
setInterval(async () => {
  if (window.socket && window.socket.connected) return;
  const answer = await fetch("/_session").catch(() => null);
  if (answer && answer.status === 401) location.assign("/sign-in");
}, 2000);
</script>
"""


class Console(NamedTuple):
    """What pages are made from; `site` reads the site anew."""

    engine: Engine
    site: Callable[[], SiteConfig]
    door: Door
    packets: Packets


class NoSuchPage(Exception):
    """The address names something that is not there; the text says what."""


class Part(NamedTuple, Generic[T]):
    """A part of a page, made from what was read."""

    title: str
    render: Callable[[T], str]
    look: str = "apo-scroll"


class View:
    """One page for one visitor."""

    def __init__(self, console: Console, request: Request) -> None:
        self.console = console
        self.engine = console.engine
        self.visitor: Visitor = request.scope[gate.VISITOR]
        self.path = dict(request.path_params)
        self.query = dict(request.query_params)
        self._token = gate.token_of(request.headers)
        self.title = ""

    def may(self, right: Right) -> bool:
        """True if the visitor's role has the right."""
        return self.visitor.may(right)

    def frame(self, title: str, below: str, here: str) -> None:
        """The head of the page; `here` is the menu's address."""
        ui.add_css(CSS)
        ui.add_head_html(_HERE)
        with ui.element("header").classes("apo-head"):
            ui.html(_head(self.visitor, title, below, here), sanitize=False).style("width: 100%")
        self._main = ui.element("div").classes("apo-main")
        session = self.visitor.session
        if session and session.said:
            self.show(notice(session.said))
            session.said = ""

    def show(self, html: str, title: str = "") -> None:
        """A part that stays as it is (forms do: what someone types is not taken away)."""
        with self._main, ui.element("section").classes("apo-section"):
            _heading(title)
            ui.html(html, sanitize=False).classes("apo-static")

    def once(self, title: str, render: Callable[[], str], look: str) -> None:
        """A part that takes a while: worked out once, while the rest of the page is there already."""
        with self._main, ui.element("section").classes("apo-section"):
            _heading(title)
            html = ui.html('<p class="apo-empty" role="status">Working …</p>', sanitize=False).classes(look)

        async def fill() -> None:
            made = await run.io_bound(render)
            if made is not None:
                html.set_content(made)

        with self._main:
            ui.timer(0, fill, once=True)

    def live(self, title: str, render: Callable[[], str], look: str = "apo-scroll") -> None:
        """A part that follows the database."""
        self.follow(render, Part(title, lambda html: html, look))

    def follow(self, read: Callable[[], T], *parts: Part[T]) -> None:
        """Parts that follow the database, all made from one reading of it."""
        found = read()
        shown = [(part.render, self._place(part, part.render(found))) for part in parts]

        def rendered() -> list[str]:
            fresh = read()
            return [render(fresh) for render, _ in shown]

        async def refresh() -> None:
            if self.console.door.visitor(self._token, use=False) is None:
                timer.cancel()
                ui.navigate.to("/sign-in")
                return
            for (_, html), fresh in zip(shown, await run.io_bound(rendered) or (), strict=False):
                if fresh != html.content:
                    html.set_content(fresh)

        with self._main:
            timer = ui.timer(REFRESH_S, refresh)

    def _place(self, part: Part[T], content: str) -> ui.html:
        with self._main, ui.element("section").classes("apo-section"):
            _heading(part.title)
            html = ui.html(content, sanitize=False).classes(part.look)
            if part.title and part.look == "apo-scroll":
                html.props(f'tabindex=0 role=region aria-label="{part.title}"')
        return html


def add_page(console: Console, path: str, title: str, right: Right, build: Callable[[View], None]) -> None:
    """Register a page that needs a right; `build` fills it, or raises NoSuchPage."""

    @ui.page(path, title=f"{title} · Apotheca")
    def page(request: Request) -> Response | None:
        view = View(console, request)
        if not view.may(right):
            return refusal("Not for your role", f"A {view.visitor.account.role} may not {right}.", 403)
        try:
            build(view)
        except NoSuchPage as error:
            return refusal("Not found", str(error), 404)
        return None


def _heading(title: str) -> None:
    if title:
        with ui.element("h2"):
            ui.label(title).style("display: inline")


def _head(visitor: Visitor, title: str, below: str, here: str) -> str:
    links = "".join(_link(href, words, href == here) for href, words, right in _MENU if visitor.may(right))
    return (
        f'<div class="apo-bar"><span class="apo-brand">Apotheca</span><nav aria-label="Pages">{links}</nav>'
        f'<span class="apo-who" data-testid="who">{escape(visitor.name)} · {escape(visitor.account.role)}</span>'
        f'<a class="apo-quiet" href="/password">Password</a>'
        f"{form('/sign-out', '', 'Sign out', testid='sign-out', look='apo-inline')}</div>"
        f'<div class="apo-title"><h1 data-testid="title">{escape(title)}</h1>'
        f'<span class="apo-below">{escape(below)}</span></div>'
    )


def _link(href: str, words: str, here: bool) -> str:
    mark = ' aria-current="page"' if here else ""
    return f'<a href="{href}"{mark} data-testid="menu-{href.strip("/") or "home"}">{words}</a>'
