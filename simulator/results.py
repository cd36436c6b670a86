"""What a run comes to: the JSON for machines, the tables for people."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.table import Table

from simulator.check import Findings
from simulator.decided import Decided
from simulator.deeds import DEEDS, DELIVERED, LABELS, PICKED, POWER_CUTS, VOIDED
from simulator.labelled import OPEN
from simulator.packets import Verified
from simulator.plan import Plan
from simulator.seen import Passed, Seen
from simulator.tally import Tally


@dataclass(frozen=True)
class Results:
    """A finished run."""

    plan: Plan
    tally: Tally
    findings: Findings
    decided: Decided
    packets: tuple[Verified, ...]
    told: int
    statuses: Mapping[str, Mapping[str, Any]]
    kills: tuple[str, ...]
    seconds: float
    seen: Mapping[str, Seen]

    @property
    def fates(self) -> dict[str, int]:
        """Number of source records by fate."""
        names = sorted({*self.plan.fates, *self.tally.fates})
        return {name: self.plan.fates.get(name, 0) + self.tally.fates[name] for name in names}

    @property
    def wrong(self) -> list[str]:
        """Everything that does not hold, in words."""
        wrong = [*self.findings.wrong, *self.decided.wrong]
        total = sum(self.fates.values())
        if total != self.plan.records:
            wrong.append(f"fates sum to {total}, the records are {self.plan.records}")
        for name, counts in (("removals", self.removals), ("entries", self.entries)):
            if len(set(counts.values())) > 1:
                wrong.append(f"{name} differ: {counts}")
        of_labels = {f"labels {name}": known for name, known in self.labels.items()}
        for name, known in {**self.deeds, **of_labels}.items():
            if len({count for count in known.values() if count is not None}) > 1:
                wrong.append(f"{name} differ: {known}")
        if self.findings.deeds[POWER_CUTS] > self.tally.power_cuts + self.kills.count("controller"):
            wrong.append("controllers restarted by themselves; see run/*.controller.log")
        if sum(self.verdicts.values()) != self.findings.removals:
            wrong.append(f"verdicts sum to {sum(self.verdicts.values())}, removals to {self.findings.removals}")
        if self.told != self.findings.movements and not self.kills:
            wrong.append(f"the supplier was told of {self.told} of {self.findings.movements} removals and returns")
        return wrong + [words for packet in self.packets if not packet.ok for words in packet.words]

    @property
    def verdicts(self) -> Mapping[str, int]:
        """Number of removals by verdict."""
        return self.decided.verdicts

    @property
    def removals(self) -> dict[str, int]:
        """Removals known to the nurses, and distinct removal entries in journals, outboxes, ledger."""
        return {
            "replayed": self.tally.replayed,
            "journals": self._sum("journal", "removals"),
            "outboxes": self._sum("removals"),
            "ledger": self.findings.removals,
        }

    @property
    def entries(self) -> dict[str, int]:
        """Distinct entries ever in journals, outboxes, ledger."""
        return {
            "journals": self._sum("journal", "entries"),
            "outboxes": self._sum("entries"),
            "ledger": self.findings.entries,
        }

    @property
    def deeds(self) -> dict[str, dict[str, int | None]]:
        """How often each of `simulator.deeds` happened, as journals, outboxes, ledger and console have it; None where
        some of it went by unseen."""
        seen = self.seen.values()
        return {
            name: {
                "journals": _total(name, [one.journal for one in seen]),
                "outboxes": _total(name, [one.outbox for one in seen]),
                "ledger": self.findings.deeds[name],
                "console": self.decided.shown[name],
            }
            for name in DEEDS
        }

    @property
    def labels(self) -> dict[str, dict[str, int | None]]:
        """How many labels were picked, checked and so on, as journals, outboxes, ledger, projection and console have
        it; None where nobody saw all of it or it is not told. A superseded label goes on as another."""
        seen = self.seen.values()
        found: dict[str, dict[str, int | None]] = {
            name: {
                "journals": _total(name, [one.journal for one in seen]),
                "outboxes": _total(name, [one.outbox for one in seen]),
                "ledger": self.findings.deeds[name],
            }
            for name in LABELS
        }
        found[OPEN] = {where: _open(found, where) for where in found[PICKED]}
        return {name: {**known, **self._told_of(name)} for name, known in found.items()}

    def _told_of(self, name: str) -> dict[str, int | None]:
        return {where: told.get(name) for where, told in self.decided.labels.items()}

    def as_json(self) -> dict[str, Any]:
        """The machine-readable result."""
        return {
            "stations": len(self.plan.stations),
            "fates": self.fates,
            "removals": self.removals,
            "entries": self.entries,
            **self.deeds,
            "labels": self.labels,
            "alarms": self.findings.alarms,
            "verdicts": dict(self.verdicts),
            "charted_late": self.verdicts["charted_late"],
            "alerts": {name: self.decided.alerts[name] for name in ("raised", "cleared", "expired", "open")},
            "alerts_open_needlessly": self.decided.needless,
            "seeded": {mark: dict(count) for mark, count in self.decided.seeded.items()},
            "restock_orders": self.decided.restock_orders,
            "restock_orders_open": self.decided.standing,
            "par_updates_applied": self.findings.par_updates,
            "stockouts": self.tally.stockouts,
            "supplier": {"told": self.told, "movements": self.findings.movements},
            "packets": [{"path": str(packet.path), "ok": packet.ok} for packet in self.packets],
            "ledger_ok": not self.wrong,
            "seconds": round(self.seconds),
        }

    def show(self, console: Console) -> None:
        """Print the summary and the fate table."""
        console.print(
            self._summary(), self._deed_table(), self._label_table(), self._fate_table(), self._verdict_table()
        )
        for words in self.wrong:
            console.print(f"[bold red]wrong:[/] {words}")

    def _summary(self) -> Table:
        table = Table("what", "nurses", "journals", "outboxes", "ledger", title="Summary")
        table.add_row("removals", *(f"{n:,}" for n in self.removals.values()))
        table.add_row("entries", "", *(f"{n:,}" for n in self.entries.values()))
        facts = {
            "stations": len(self.plan.stations),
            "alarms": self.findings.alarms,
            "alerts raised": self.decided.alerts["raised"],
            "alerts cleared": self.decided.alerts["cleared"],
            "alerts expired": self.decided.alerts["expired"],
            "alerts open though all is well": self.decided.needless,
            "restock orders": self.decided.restock_orders,
            "restock orders open": self.decided.standing,
            "PAR levels applied": self.findings.par_updates,
            "doses not available": self.tally.stockouts,
            "removals and returns told to the supplier": self.told,
            "late tables": self.tally.late_tables,
            "kills": len(self.kills),
            "recoveries": self.tally.reboots,
            "refusals": sum(self.tally.refusals.values()),
            "seconds": round(self.seconds),
        }
        for name, value in facts.items():
            table.add_row(name, "", "", "", f"{value:,}")
        for mark, count in self.decided.seeded.items():
            table.add_row(f"seeded as {mark}, found", f"{count['made']:,}", "", "", f"{count['found']:,}")
        for packet in self.packets:
            table.add_row(f"packet {packet.path.name}", "", "", "", _good(packet.ok))
        table.add_row("ledger", "", "", "", _good(not self.wrong))
        return table

    def _verdict_table(self) -> Table:
        table = Table("verdict", "removals", title="Verdicts", show_footer=True)
        table.columns[0].footer, table.columns[1].footer = "all removals", f"{sum(self.verdicts.values()):,}"
        table.columns[1].justify = "right"
        for name, count in self.verdicts.items():
            table.add_row(name, f"{count:,}")
        return table

    def _deed_table(self) -> Table:
        table = Table("what happened", "journals", "outboxes", "ledger", "console", title="At the cabinets")
        for name, counts in self.deeds.items():
            table.add_row(name.replace("_", " "), *("" if n is None else f"{n:,}" for n in counts.values()))
        return table

    def _label_table(self) -> Table:
        table = Table("labels", *self.labels[PICKED], title="The pharmacy's labels")
        for name, counts in self.labels.items():
            table.add_row(name, *("" if n is None else f"{n:,}" for n in counts.values()))
        return table

    def _fate_table(self) -> Table:
        table = Table("fate", "records", title=f"Fates ({self.plan.source})", show_footer=True)
        table.columns[0].footer, table.columns[1].footer = "all records", f"{self.plan.records:,}"
        table.columns[1].justify = "right"
        for name, count in self.fates.items():
            table.add_row(name, f"{count:,}")
        return table

    def _sum(self, *path: str) -> int:
        total = 0
        for status in self.statuses.values():
            value: Any = status
            for key in path:
                value = value[key]
            total += value
        return total


def _total(name: str, passed: Sequence[Passed]) -> int | None:
    return sum(one.counts[name] for one in passed) if all(one.complete for one in passed) else None


def _open(found: Mapping[str, Mapping[str, int | None]], where: str) -> int | None:
    picked, delivered, voided = (found[name][where] for name in (PICKED, DELIVERED, VOIDED))
    return None if picked is None or delivered is None or voided is None else picked - delivered - voided


def _good(good: bool) -> str:
    return "[green]verified[/]" if good else "[red]WRONG[/]"
