"""Requests with arguments: read into their shape before anyone handles them."""

from collections.abc import Callable
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from firmware import codes
from server_stub.ledger.transaction import Transaction

Reply = dict[str, Any]
Handler = Callable[[Transaction, dict[str, Any]], Reply]


class Args(BaseModel):
    """The arguments of a request; nothing else may be said."""

    model_config = ConfigDict(extra="forbid", strict=True)


A = TypeVar("A", bound=Args)


def checked(model: type[A], handle: Callable[[Transaction, A], Reply]) -> Handler:
    """A handler that refuses (MALFORMED_EVENT) what does not have the shape."""

    def handler(tx: Transaction, args: dict[str, Any]) -> Reply:
        try:
            parsed = model.model_validate(args)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            where = ".".join(str(part) for part in first["loc"])
            return {"code": codes.MALFORMED_EVENT, "message": f"{where}: {first['msg']}"}
        tx.settle()
        return handle(tx, parsed)

    return handler
