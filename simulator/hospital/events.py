"""Order and administration events of docs/wire.md section 5."""

from typing import Any

Event = tuple[int, dict[str, Any]]


def order_event(  # noqa: PLR0913
    sent_ms: int,
    *,
    order: str,
    patient: str,
    item: str,
    dose: int,
    start_ms: int,
    stop_ms: int | None,
    interval_minutes: int = 0,
    prn: bool = False,
) -> Event:
    """A new order, sent at `sent_ms`; `dose` in smallest units of `item`, every `interval_minutes` (0: once), or as
    needed (`prn`)."""
    return sent_ms, {
        "type": "order",
        "id": f"order-{order}",
        "utc_ms": sent_ms,
        "event": "new",
        "order": order,
        "patient": patient,
        "item": item,
        "dose": dose,
        "start_utc_ms": start_ms,
        "stop_utc_ms": stop_ms,
        "interval_minutes": interval_minutes,
        "prn": prn,
    }


def administration_event(  # noqa: PLR0913
    sent_ms: int, *, record: str, patient: str, order: str, item: str, quantity: int, at_ms: int, status: str
) -> Event:
    """Charting of a dose, sent at `sent_ms`: `quantity` smallest units of `item` `given`, `not_given` or `held`."""
    return sent_ms, {
        "type": "administration",
        "id": f"emar-{record}",
        "utc_ms": sent_ms,
        "patient": patient,
        "order": order,
        "item": item,
        "quantity": quantity,
        "administered_utc_ms": at_ms,
        "status": status,
    }
