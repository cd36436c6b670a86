"""What a pharmacy says of its items and cabinets: flags, classes, prompts, override lists, kits, supplies, policy.

Written by hand for the generic names met in hospitals, from common practice (ISMP's list of high-alert drugs; DEA
schedules); a pharmacy has its own.
"""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from zlib import crc32

from firmware import flags
from simulator.plan import Item, KitLine

ORDINARY, CONTROLLED, HIGH_ALERT, SUPPLY = range(4)
PROMPTS = (
    (1, "Paralysing agent: is the airway secured, or about to be?"),
    (2, "Insulin: are dose and syringe in units?"),
    (3, "Anticoagulant: is it this strength, and not ten times as much?"),
    (4, "Concentrated electrolyte: will it be diluted?"),
)
_PROMPTED = {
    1: "atracurium cisatracurium rocuronium succinylcholine vecuronium",
    2: "insulin",
    3: "alteplase argatroban bivalirudin enoxaparin fondaparinux heparin",
    4: "",
}
_PROMPT_OF = {name: number for number, names in _PROMPTED.items() for name in names.split()}
_PARALYSING, _ELECTROLYTE = 1, 4
# whole words of names that are concentrates only as injections
_ELECTROLYTES = ("potassium", "phosphate", "phosphates")
_INJECTED = ("bag", "vial", "inj", "injection", "premix", "ampule")
# what may have to be given before a pharmacist can look at an order
_URGENT = (
    "acetaminophen albuterol aspirin atropine calcium dextrose diazepam diphenhydramine epinephrine etomidate "
    "fentanyl flumazenil furosemide glucagon haloperidol heparin hydralazine hydrocortisone hydromorphone "
    "insulin ketamine labetalol lorazepam methylprednisolone metoprolol midazolam morphine naloxone "
    "nitroglycerin norepinephrine olanzapine ondansetron phenylephrine prochlorperazine propofol rocuronium "
    "sodium succinylcholine vasopressin"
)
KIT = "RSI"
# one set for a rapid-sequence intubation: item, name, units
KIT_ITEMS = (("ETOM20I", "Etomidate 20 mg/10 mL vial", 1), ("ROCU50I", "Rocuronium 50 mg/5 mL vial", 2))
SUPPLIES = (("SUPCATH18", "IV catheter 18 G"), ("SUPFLUSH10", "Flush syringe 10 mL"))
# the cabinet's own idea of an active order is the centre's: from its start to its stop
POLICY = (("early_min", 0), ("label_scan", 1), ("profiled", 1))


def _words(item: Item) -> set[str]:
    return set(re.findall(r"[a-z]+", f"{item.name} {item.aliases}".lower()))


def prompt_of(item: Item) -> int:
    """Number of what is asked before an override of `item`, 0 if nothing is."""
    words = _words(item)
    if words & {*_ELECTROLYTES} and words & {*_INJECTED}:
        return _ELECTROLYTE
    return min((_PROMPT_OF[word] for word in words if word in _PROMPT_OF), default=0)


def profiled(item: Item) -> Item:
    """`item` with flags, class, prompt and package code."""
    prompt = prompt_of(item)
    made = flags.SCAN_AT_REFILL
    if item.schedule:
        made |= flags.BIN_ONLY | (flags.BLIND_COUNT if item.schedule == 2 else flags.VERIFIED_COUNT)
    if item.schedule == 2:
        made |= flags.WITNESS_AT_WASTE | flags.WITNESS_AT_RETURN
    if prompt:
        made |= flags.HIGH_ALERT | flags.SCAN_AT_REMOVAL
    kind = CONTROLLED if item.schedule else HIGH_ALERT if prompt else ORDINARY
    return replace(item, flags=made, item_class=kind, prompt=prompt, code=f"0{crc32(item.item.encode()):013}")


def supplies() -> list[Item]:
    """Things without a patient or a package code."""
    return [Item(item, name, flags=flags.SUPPLY, item_class=SUPPLY) for item, name in SUPPLIES]


def kit_items(known: Collection[str]) -> list[Item]:
    """The items of the kit that are not `known` as items already."""
    return [
        profiled(Item(item, name, aliases=name.split()[0].lower())) for item, name, _ in KIT_ITEMS if item not in known
    ]


def kit_lines(items: Iterable[Item]) -> tuple[KitLine, ...]:
    """The kit of a cabinet that holds `items`."""
    scale = {item.item: item.scale for item in items}
    return tuple(
        KitLine(f"{KIT}-{n}", KIT, item, units * scale[item]) for n, (item, _, units) in enumerate(KIT_ITEMS, 1)
    )


def override_list(items: Sequence[Item], also: Collection[str]) -> tuple[tuple[str, int], ...]:
    """What may be taken without an order: what is urgent, what the kit has, and `also`, which the records say was.

    Schedule II wants a witness; what paralyses is given as part of the kit only.
    """
    wanted = {*also, *(item for item, _, _ in KIT_ITEMS)}
    urgent = {*_URGENT.split()}
    drugs = [item for item in items if not item.flags & flags.SUPPLY]
    listed = [item for item in drugs if item.item in wanted or _words(item) & urgent]
    return tuple((item.item, _listed(item, also)) for item in sorted(listed, key=lambda item: item.item))


def _listed(item: Item, also: Collection[str]) -> int:
    if item.prompt == _PARALYSING and item.item not in also:
        return flags.OVERRIDE_KIT_ONLY
    return flags.OVERRIDE_WITNESS if item.schedule == 2 else 0
