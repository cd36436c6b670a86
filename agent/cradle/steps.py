"""Steps of a session at the station, and the field that a unit is asked for in each (docs/polselect.md section 8)."""

# each but the first, the last two and CONFIRM asks for the field of its name
WAIT, BADGE, PIN = "wait", "badge", "pin"
PACKAGE, DRUG, PLACE, PATIENT, DOSE, AMOUNT = "package", "drug", "place", "patient", "dose", "amount"
POCKET, FOUND, EXPIRY, QUANTITY, CONFIRM = "pocket", "found", "expiry", "quantity", "confirm"
CLOSE, OVER = "close", "over"
# somebody has signed on and nothing is open; at the open drawer, in this order
CHOOSING = (PACKAGE, DRUG, PLACE, PATIENT, DOSE, AMOUNT)
AT_DRAWER = (POCKET, FOUND, EXPIRY, QUANTITY, CONFIRM)
FIELDS = {
    BADGE: ("T", 32, "Badge"),
    PIN: ("P", 16, "PIN"),
    PACKAGE: ("S", 128, "Scan the package"),
    DRUG: ("S", 128, "Scan the drug itself"),
    PLACE: ("T", 128, "UP DOWN ENTER, scan"),
    PATIENT: ("T", 32, "Patient"),
    DOSE: ("S", 128, "Scan the drug"),
    AMOUNT: ("N", 10, "How many"),
    POCKET: ("S", 128, "Scan the pocket"),
    FOUND: ("N", 10, "Count, then enter"),
    EXPIRY: ("T", 128, "Expires MMDDYY"),
    QUANTITY: ("N", 10, "Put in (ENTER all)"),
    CONFIRM: ("K", 1, "ENTER or CLEAR"),
}
