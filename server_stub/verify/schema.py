"""Tables of verification: facts, the verdict of every removal, alerts. All are projections."""

from sqlalchemy import BigInteger, Column, Index, LargeBinary, Table, Text

from server_stub.ledger.schema import metadata


def _text(name: str, *, key: bool = False) -> Column[str]:
    return Column(name, Text, nullable=False, primary_key=key)


def _int(name: str, *, key: bool = False) -> Column[int]:
    return Column(name, BigInteger, nullable=False, primary_key=key, autoincrement=False)


def _maybe_int(name: str) -> Column[int]:
    return Column(name, BigInteger)


removals = Table(
    "removals",
    metadata,
    _text("station", key=True),
    _int("log", key=True),
    _int("seq", key=True),
    _int("txn"),
    _int("utc_ms"),
    _int("deadline_ms"),
    _text("patient"),
    _text("order"),
    _text("item"),
    _int("quantity"),
    _text("user"),
    Column("ref", LargeBinary),
    _int("override"),
    Index("removals_patient", "patient"),
)

given_back = Table(
    "given_back",
    metadata,
    _text("station", key=True),
    _int("log", key=True),
    _int("seq", key=True),
    _int("removed_txn"),
    _int("utc_ms"),
    _text("patient"),
    _text("order"),
    _text("item"),
    _int("quantity"),
    _int("kind"),
    Index("given_back_patient", "patient"),
)

charted = Table(
    "charted",
    metadata,
    _text("event_id", key=True),
    _text("patient"),
    _text("order"),
    _text("item"),
    _int("quantity"),
    _int("entered_ms"),
    _int("administered_ms"),
    Index("charted_patient", "patient"),
)

movements = Table(
    "movements",
    metadata,
    _text("event_id", key=True),
    _text("patient"),
    _text("event"),
    _int("utc_ms"),
    Index("movements_patient", "patient"),
)

order_words = Table(
    "order_words",
    metadata,
    _text("event_id", key=True),
    _text("order"),
    _text("patient"),
    _text("item"),
    _int("utc_ms"),
    _int("start_ms"),
    _maybe_int("stop_ms"),
    _int("verified"),
    Index("order_words_patient", "patient"),
)

# what the documentation interval is, as the ledger has it; without a row it is the default
verify_settings = Table("verify_settings", metadata, _text("name", key=True), _int("value"))

verdicts = Table(
    "verdicts",
    metadata,
    _text("station", key=True),
    _int("log", key=True),
    _int("seq", key=True),
    _text("verdict"),
    _int("authority"),
    _text("documentation"),
    _int("expired"),
    _int("deadline_ms"),
    _int("back"),
    _int("charted"),
    _text("documented_by"),
    _maybe_int("documented_ms"),
    # the order that covers an override, and when the hospital said so; "" while there is none
    _text("matched_order"),
    _maybe_int("matched_ms"),
    Index("verdicts_verdict", "verdict", "deadline_ms"),
)

alerts = Table(
    "alerts",
    metadata,
    _text("station", key=True),
    _int("log", key=True),
    _int("seq", key=True),
    _int("facet", key=True),
    _int("code"),
    _text("state"),
    _text("by"),
    _text("user"),
    _int("raised_ms"),
    _maybe_int("over_ms"),
    Index("alerts_state", "state", "raised_ms"),
)

# patients added at a cabinet; `into` is the patient they turned out to be, "" while that is not known
provisional = Table(
    "provisional",
    metadata,
    _text("station", key=True),
    _text("patient", key=True),
    _int("until_min"),
    _text("made_by"),
    _int("made_ms"),
    _maybe_int("ended_ms"),
    _int("end_reason"),
    _text("into"),
)

PROJECTIONS = (
    *(removals, given_back, charted, movements, order_words, verify_settings, verdicts, alerts),
    provisional,
)
