"""The request `operator`: what people did at the console or the command line becomes entries of kind 215."""

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from firmware import codes
from firmware.journal import kinds
from server_stub.integration import replies
from server_stub.ledger.actors import not_the_centre
from server_stub.ledger.log import CentreLog
from server_stub.ledger.transaction import Transaction
from server_stub.stock.issued import PAR_HOLD
from server_stub.supply.settings import LABEL_HOURS
from server_stub.verify.decider import CLEAR_ALERT, CLOSE_ALERT
from server_stub.verify.settings import MINUTES

# what the centre itself says with this kind: the fold, or whoever reads the log, takes it for the centre's word
RESERVED = frozenset((LABEL_HOURS, MINUTES, PAR_HOLD, CLEAR_ALERT, CLOSE_ALERT))


def _free(what: str) -> str:
    if what.strip() in RESERVED:
        raise ValueError(f"{what} is for the centre to say: use the request for it")
    return what


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    key: str = Field(min_length=8, max_length=64)
    actor: Annotated[str, Field(min_length=1, max_length=16), AfterValidator(not_the_centre)]
    what: Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_free)]
    about: str = Field(max_length=200)


class _Request(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    entries: list[_Entry] = Field(max_length=1000)


def operator(tx: Transaction, log: CentreLog, args: dict[str, Any]) -> dict[str, Any]:
    """Append what is new; an entry whose key was seen is not appended again."""
    try:
        wanted = _Request.model_validate(args)
    except ValidationError as error:
        return {"code": codes.MALFORMED_EVENT, "message": f"operator: {error.errors()[0]['msg']}"}
    appended = 0
    for entry in wanted.entries:
        key = f"operator:{entry.key}"
        if replies.earlier(tx.conn, key) is None:
            log.append(tx, kinds.OPERATOR, [entry.what, entry.about], actor=entry.actor)
            replies.keep(tx.conn, key, {})
            appended += 1
    return {"appended": appended}
