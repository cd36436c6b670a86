"""What becomes of each administration record. docs/replay.md has the table in words; every record has one fate."""

GIVEN = "given"
HELD = "held"

# event_txt -> what it means here. Blanks around it do not count.
_GIVEN = ("Administered", "Delayed Administered", "Applied")
_HELD = ("Not Given", "Not Given per Sliding Scale", "Hold Dose", "Delayed", "Not Applied", "Not Started")
_INFUSION = (
    "Started",
    "Restarted",
    "Delayed Started",
    "Stopped",
    "Stopped - Unscheduled",
    "Stopped As Directed",
    "Delayed Stopped",
    "Not Stopped",
    "Administered Bolus from IV Drip",
    "Infusion Reconciliation",
    "Infusion Reconciliation Not Done",
)
_NOT_A_DOSE = (
    "Flushed",
    "Not Flushed",
    "Delayed Flushed",
    "Confirmed",
    "Not Confirmed",
    "Delayed Confirmed",
    "Assessed",
    "Not Assessed",
    "Read",
    "Removed",
    "Not Removed",
)
_OTHER_DOSE = ("Partial Administered", "Removed Existing / Applied New")

EVENTS = {
    **dict.fromkeys(_GIVEN, GIVEN),
    **dict.fromkeys(_HELD, HELD),
    **dict.fromkeys(_INFUSION, "infusion_step"),
    **dict.fromkeys(_NOT_A_DOSE, "not_a_dose"),
    **dict.fromkeys(_OTHER_DOSE, "other_dose"),
    "": "event_blank",
}
ELSEWHERE = "in Other Location"

MALFORMED_ROW = "malformed_row"
OUTSIDE_SLICE = "outside_slice"
NEVER_REMOVED = "never_removed"

# Carried by removals.
GIVEN_ALL = "given"
GIVEN_PART_WASTED = "given_part_wasted"
REMOVED_RETURNED = "removed_returned"


def event_class(event_txt: str) -> str:
    """`given`, `held`, or the fate of a record that is neither."""
    event = event_txt.strip()
    if event.endswith(ELSEWHERE):
        return "given_elsewhere"
    return EVENTS.get(event, "event_unknown")
