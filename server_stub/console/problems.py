"""Errors of the API: `application/problem+json` (RFC 9457) with a numbered code of firmware/codes.py."""

from typing import Any

from fastapi import FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from firmware import codes

RETRY_AFTER_S = 2
MEDIA = "application/problem+json"


class Problem(BaseModel):
    """What went wrong; `message` says what to do."""

    status: int
    code: int
    message: str


def problem(status: int, code: int, message: str, headers: dict[str, str] | None = None) -> HTTPException:
    """An error to raise."""
    return HTTPException(status, {"code": code, "message": message}, headers)


def again(code: int, message: str) -> HTTPException:
    """503: nothing was done, or whether it was is not known; the same call may be sent again."""
    return problem(503, code, message, {"Retry-After": str(RETRY_AFTER_S)})


def answer(status: int, code: int, message: str, headers: dict[str, str] | None = None) -> JSONResponse:
    """An error as the answer."""
    body = Problem(status=status, code=code, message=message)
    return JSONResponse(body.model_dump(), status, headers, media_type=MEDIA)


def documented(*statuses: int) -> dict[int | str, dict[str, object]]:
    """The answers of a call for OpenAPI."""
    return {status: {"model": Problem, "content": {MEDIA: {}}} for status in statuses}


def add_to(app: FastAPI) -> None:
    """Answer every error of the API as a problem."""

    async def refused(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HTTPException)
        detail: dict[str, Any] = {"code": codes.NOT_FOUND, "message": error.detail}
        if isinstance(error.detail, dict):
            detail = error.detail
        return answer(error.status_code, detail["code"], detail["message"], dict(error.headers or {}))

    async def invalid(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"][1:])
        return answer(422, codes.BAD_PARAMETER, f"{where}: {first['msg']}")

    app.add_exception_handler(HTTPException, refused)
    app.add_exception_handler(RequestValidationError, invalid)
