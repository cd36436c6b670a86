"""The API's documentation as one plain page made from its OpenAPI description; nothing is loaded from elsewhere."""

from html import escape
from typing import Any

from fastapi import FastAPI, Response

from server_stub.console.document import document
from server_stub.console.table import Cell, Row, table

_INTRO = (
    '<p>Machine-readable: <a href="/api/openapi.json">OpenAPI</a>. Errors are '
    "<code>application/problem+json</code> with a numbered code. Programs send "
    "<code>Authorization: Bearer</code> with a token of <code>apotheca account token NAME</code>; "
    "a browser that is signed in needs none.</p>"
)


def add_to(app: FastAPI) -> None:
    """Mount the page."""
    app.add_api_route("/api/docs", lambda: _page(app.openapi()), include_in_schema=False, response_model=None)


def _page(api: dict[str, Any]) -> Response:
    calls = [
        _call(method, path, about, api)
        for path, methods in sorted(api["paths"].items())
        for method, about in sorted(methods.items())
    ]
    return document("REST API, version 1", _INTRO + "".join(calls), look="apo-wide")


def _call(method: str, path: str, about: dict[str, Any], api: dict[str, Any]) -> str:
    parameters: list[Row] = [
        (p["name"], p["in"], "yes" if p.get("required") else "no", Cell(p.get("description", "")))
        for p in about.get("parameters", [])
        if p["in"] != "cookie"
    ] + _body(about, api)
    answers = [(status, Cell(_shape(one, api))) for status, one in sorted(about["responses"].items())]
    name = f"{method}-{path}"
    given = table(f"parameters-{name}", "Parameters", ("Parameter", "In", "Required", "Meaning"), parameters)
    return (
        f'<section class="apo-section"><h2><code>{method.upper()} {escape(path)}</code></h2>'
        f"<p>{escape(about.get('description', ''))}</p>"
        f'<div class="apo-scroll" tabindex="0">{given if parameters else ""}'
        f"{table(f'answers-{name}', 'Answers', ('Status', 'Answer'), answers)}</div></section>"
    )


def _body(about: dict[str, Any], api: dict[str, Any]) -> list[Row]:
    content = about.get("requestBody", {}).get("content", {})
    name = content.get("application/json", {}).get("schema", {}).get("$ref", "").rsplit("/", 1)[-1]
    if not name:
        return []
    schema = api["components"]["schemas"][name]
    needed = schema.get("required", [])
    return [(field, "body", "yes" if field in needed else "no", Cell("")) for field in schema["properties"]]


def _shape(one: dict[str, Any], api: dict[str, Any]) -> str:
    content: dict[str, Any] = next(iter(one.get("content", {}).values()), {})
    schema = content.get("schema", {})
    many = schema.get("type") == "array"
    name = (schema.get("items", {}) if many else schema).get("$ref", "").rsplit("/", 1)[-1]
    if not name:
        return str(one.get("description", ""))
    fields = ", ".join(api["components"]["schemas"][name].get("properties", {}))
    return f"[{name}: {fields}]" if many else f"{name}: {fields}"
