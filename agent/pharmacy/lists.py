"""Lists for a handheld, as files on its line: lines with pipes between the fields (docs/polselect.md, Lists)."""

from collections.abc import Iterable, Mapping
from datetime import tzinfo

from agent.cradle.plain import plain
from agent.pharmacy import times
from agent.pharmacy.ini import Procar
from agent.pharmacy.snapshot import Snapshot
from agent.pharmacy.tables import Label

_CONFIG = ("stale_list_hours", "check_reporting", "checker_may_be_picker", "require_hash")


def of_snapshot(snapshot: Snapshot, procar: Procar, zone: tzinfo | None) -> dict[str, bytes]:
    """What is the same for every unit: what to pick, stations, items, users. Its age counts from `as_of` (RD-P10)."""
    as_of = times.said(snapshot.as_of_utc_ms, zone)
    zones = {one.station: one.zone for one in snapshot.stations}
    names = {one.item: one.name for one in snapshot.items}
    picks = [
        ("N", n.station, zones.get(n.station, ""), n.item, names.get(n.item, n.item), n.pick_area, n.quantity,
         n.load_or_refill)
        for n in snapshot.needs
    ]  # fmt: skip
    return {
        "picks.lst": _lines([("H", snapshot.snapshot, as_of, procar.stale_list_hours), *picks]),
        "stations.lst": _lines(
            ("T", s.station, s.zone, int(s.ask_beginning_quantity), int(s.ask_expiry)) for s in snapshot.stations
        ),
        "items.lst": _lines(("I", i.item, i.name, ",".join(i.codes)) for i in snapshot.items),
        "users.lst": _lines(("U", u.user, int(u.may_pick), int(u.may_check)) for u in snapshot.users),
    }


def of_labels(address: str, labels: Iterable[Label]) -> dict[str, bytes]:
    """The unit's own serials that are still under way, which it passes over (RD-P9b), and all labels that wait for
    their check, so that any unit can check any of them (P35), though nobody the bags that she picked."""
    under_way = sorted(labels, key=lambda label: label.label)
    return {
        "serials.lst": _lines(("S", one.label) for one in under_way if one.label.startswith(address)),
        "labels.lst": _lines(
            ("L", one.label, one.station, one.item, one.quantity, one.purpose, one.picker)
            for one in under_way
            if one.waits_for_check
        ),
    }


def of_settings(procar: Procar) -> dict[str, bytes]:
    """What a unit does by this site's settings."""
    return {"config.lst": _lines(("K", key.upper(), int(getattr(procar, key))) for key in _CONFIG)}


def changed(wanted: Mapping[str, bytes], held: Mapping[str, bytes]) -> list[tuple[str, str, bytes]]:
    """Items for the unit's host, of what it does not hold yet."""
    return [("file", name, data) for name, data in wanted.items() if held.get(name) != data]


def _lines(rows: Iterable[tuple[object, ...]]) -> bytes:
    return "".join("|".join(plain(str(field)) for field in row) + "\n" for row in rows).encode("ascii")
