"""Tables of verification: facts, the verdict of every removal, alerts. All are projections."""

from sqlalchemy import Column, Index, LargeBinary, Table

from server_stub.ledger.columns import integer, text
from server_stub.ledger.schema import metadata

removals = Table(
    "removals",
    metadata,
    text("station", key=True),
    integer("log", key=True),
    integer("seq", key=True),
    integer("txn"),
    integer("utc_ms"),
    integer("deadline_ms"),
    text("patient"),
    text("order"),
    text("item"),
    integer("quantity"),
    text("user"),
    Column("ref", LargeBinary),
    integer("override"),
    Index("removals_patient", "patient"),
)

given_back = Table(
    "given_back",
    metadata,
    text("station", key=True),
    integer("log", key=True),
    integer("seq", key=True),
    integer("removed_txn"),
    integer("utc_ms"),
    text("patient"),
    text("order"),
    text("item"),
    integer("quantity"),
    integer("kind"),
    Index("given_back_patient", "patient"),
)

charted = Table(
    "charted",
    metadata,
    text("event_id", key=True),
    text("patient"),
    text("order"),
    text("item"),
    integer("quantity"),
    integer("entered_ms"),
    integer("administered_ms"),
    Index("charted_patient", "patient"),
)

movements = Table(
    "movements",
    metadata,
    text("event_id", key=True),
    text("patient"),
    text("event"),
    integer("utc_ms"),
    Index("movements_patient", "patient"),
)

order_words = Table(
    "order_words",
    metadata,
    text("event_id", key=True),
    text("order"),
    text("patient"),
    text("item"),
    integer("utc_ms"),
    integer("start_ms"),
    integer("stop_ms", null=True),
    integer("verified"),
    Index("order_words_patient", "patient"),
)

# what the documentation interval is, as the ledger has it; without a row it is the default
verify_settings = Table("verify_settings", metadata, text("name", key=True), integer("value"))

verdicts = Table(
    "verdicts",
    metadata,
    text("station", key=True),
    integer("log", key=True),
    integer("seq", key=True),
    text("verdict"),
    integer("authority"),
    text("documentation"),
    integer("expired"),
    integer("deadline_ms"),
    integer("back"),
    integer("charted"),
    text("documented_by"),
    integer("documented_ms", null=True),
    # the order that covers an override, and when the hospital said so; "" while there is none
    text("matched_order"),
    integer("matched_ms", null=True),
    Index("verdicts_verdict", "verdict", "deadline_ms"),
)

alerts = Table(
    "alerts",
    metadata,
    text("station", key=True),
    integer("log", key=True),
    integer("seq", key=True),
    integer("facet", key=True),
    integer("code"),
    text("state"),
    text("by"),
    text("user"),
    integer("raised_ms"),
    integer("over_ms", null=True),
    Index("alerts_state", "state", "raised_ms"),
)

# patients added at a cabinet; `into` is the patient they turned out to be, "" while that is not known
provisional = Table(
    "provisional",
    metadata,
    text("station", key=True),
    text("patient", key=True),
    integer("until_min"),
    text("made_by"),
    integer("made_ms"),
    integer("made_log"),
    integer("made_seq"),
    integer("ended_ms", null=True),
    integer("end_reason"),
    text("into"),
)

PROJECTIONS = (
    *(removals, given_back, charted, movements, order_words, verify_settings, verdicts, alerts),
    provisional,
)
