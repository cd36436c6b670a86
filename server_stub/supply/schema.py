"""Tables of the supply, all of them projections: restock orders; what was said of pick labels, and what they are."""

from sqlalchemy import Index, Table

from server_stub.ledger.columns import integer, text
from server_stub.ledger.schema import metadata

# smallest units; reason is null while the order stands, then one of those of orders.py
restock_orders = Table(
    "restock_orders",
    metadata,
    text("station", key=True),
    integer("number", key=True),
    text("item"),
    integer("quantity"),
    integer("on_hand"),
    integer("on_order"),
    integer("par_min"),
    integer("par_max"),
    integer("opened_ms"),
    integer("put_away"),
    integer("closed_ms", null=True),
    integer("reason", null=True),
    Index("restock_orders_open", "station", "item", "closed_ms"),
    # each transaction asks which orders have stood too long: what is closed must not cost it anything
    Index("restock_orders_standing", "closed_ms", "opened_ms"),
)

# generations.Fact: what happened to packages, each an entry of kind 49, 50 or 51
label_facts = Table(
    "label_facts",
    metadata,
    text("station", key=True),
    integer("log", key=True),
    integer("seq", key=True),
    integer("kind"),
    text("label"),
    integer("ms"),
    text("actor"),
    text("item"),
    text("for_station"),
    integer("quantity"),
    integer("result"),
    text("new_label"),
    text("purpose"),
    text("address"),
    integer("until_min"),
    integer("picked_ms", null=True),
    integer("taken"),
    integer("finding"),
    Index("label_facts_label", "label", "ms"),
    Index("label_facts_new", "new_label", "ms"),
    Index("label_facts_kind", "kind", "ms"),
)

# generations.Label: each package that was picked or relabelled
pick_labels = Table(
    "pick_labels",
    metadata,
    text("label", key=True),
    integer("picked_ms", key=True),
    text("station"),
    text("item"),
    integer("quantity"),
    text("purpose"),
    text("picker"),
    integer("until_min"),
    text("by_station"),
    integer("by_log"),
    integer("by_seq"),
    text("from_label"),
    integer("from_ms", null=True),
    text("state"),
    integer("clash"),
    text("checker", null=True),
    integer("checked_ms", null=True),
    integer("result", null=True),
    text("new_label"),
    text("deliverer", null=True),
    integer("delivered_ms", null=True),
    integer("delivered", null=True),
    integer("ended_ms", null=True),
    Index("pick_labels_state", "state", "picked_ms"),
    Index("pick_labels_checked", "state", "checked_ms"),
    Index("pick_labels_delivered", "state", "delivered_ms"),
    Index("pick_labels_station", "station", "picked_ms"),
    Index("pick_labels_clash", "clash", "picked_ms"),
)

# `name` is one of settings.py: for how long the labels of picks that follow are good, what is reported of checks
supply_settings = Table("supply_settings", metadata, text("name", key=True), integer("value"))

PROJECTIONS = (restock_orders, label_facts, pick_labels, supply_settings)
