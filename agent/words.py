"""Words for people: what each numbered code means and what to do next. The one table of sentences the kiosk shows."""

from firmware import codes

WORDS: dict[int, str] = {
    codes.NONE: "Done.",
    codes.UNKNOWN_BADGE: "This badge is not known here. Ask the pharmacy to add you to this cabinet.",
    codes.WRONG_PIN: "The PIN is wrong. Try again; after several wrong PINs the badge is locked for a while.",
    codes.LOCKED_OUT: "Too many wrong PINs. Wait a few minutes, or ask the pharmacy.",
    codes.NOT_SIGNED_ON: "Nobody is signed on. Scan your badge and enter your PIN.",
    codes.BUSY: "The cabinet is busy with another step. Finish or cancel it first.",
    codes.NOT_ALLOWED: "Your role does not allow this. Ask a colleague who may, or the pharmacy.",
    codes.UNKNOWN_PATIENT: "This patient is not on this ward's list. Choose from the list, or call the pharmacy.",
    codes.UNKNOWN_ITEM: "This item is not in this cabinet. Search again, or call the pharmacy.",
    codes.NO_POCKET: "No pocket here can serve this item now. Look at another cabinet, or call the pharmacy.",
    codes.NOT_ENOUGH: "There is not that much in one pocket. Ask for less first, then for the rest.",
    codes.MUST_COUNT: "This pocket has to be counted first. Use Count for it, then try again.",
    codes.POCKET_FULL: "The pocket has no room for that much. Enter a smaller quantity.",
    codes.BAD_QUANTITY: "This quantity is not possible. Enter a whole number above zero that fits the pocket.",
    codes.BAD_REQUEST: "The cabinet did not understand the request. Go back to the list and start again.",
    codes.NOTHING_OPEN: "Nothing is open to confirm or cancel. Choose an item to begin.",
    codes.UNKNOWN_REMOVAL: "No such removal is known here. Choose the removal again, or call the pharmacy.",
    codes.TOO_LONG: "A text is too long for the journal. Shorten it (badge, code or lot).",
    codes.DRAWER_FAILED: "This drawer has failed. Use another pocket or cabinet and call biomed.",
    codes.NOT_READY: "The cabinet is still loading its tables. Wait a moment and try again.",
    codes.NO_ORDER: "There is no active order for this. Give a reason to override, or call the pharmacy.",
    codes.NOT_ON_OVERRIDE_LIST: "This item may not be taken without an order. Call the pharmacy to verify the order.",
    codes.WITNESS_NEEDED: "A second person has to witness this. Ask a colleague to scan her badge and enter her PIN.",
    codes.WITNESS_IS_ACTOR: "You cannot witness your own step. Ask a colleague.",
    codes.WITNESS_NOT_ALLOWED: "This person may not witness here. Ask another colleague.",
    codes.PROMPT_NEEDED: "A question about the patient has to be answered first. Read it and answer.",
    codes.PROMPT_REFUSED: "With this answer the item may not be taken. Call the pharmacy or the prescriber.",
    codes.SCAN_NEEDED: "The package or label has to be scanned. Scan it, or press Cannot scan and say why.",
    codes.WRONG_POCKET: "This is the label of another pocket. Go to the lit pocket and scan its label.",
    codes.COUNT_NEEDED: "Count what is in the pocket before you go on, and enter it.",
    codes.EXPIRED_DRUG: "What is left here has expired. Use another pocket, and tell the pharmacy to take it out.",
    codes.QUARANTINED: "This drawer is locked after a temperature alarm. Use another cabinet and call the pharmacy.",
    codes.RESTRICTED: "Your access is restricted. Ask a colleague, and see the pharmacy.",
    codes.CLASS_NOT_ALLOWED: "You may not take items of this class. Ask a colleague who may, or the pharmacy.",
    codes.NOT_IN_KIT: "This item is given only as part of a kit, in the kit's quantity. Choose the kit.",
    codes.REASON_NEEDED: "A reason is needed for this. Choose one and go on.",
    codes.LAYERS_FULL: "There are too many different lots in this pocket. Use another pocket, or empty this one first.",
    codes.NOT_EMPTY: "There is still something in this pocket. Unload it first.",
    codes.NOT_LOADED: "No item is loaded in this pocket. Load it first.",
    codes.BIN_FULL: "The return bin has no room for this. Ask the pharmacy to empty it.",
    codes.CHANGE_PIN: "Choose a PIN of your own before you go on.",
    codes.TOO_MANY: "There are as many of these as this cabinet can hold. Ask the pharmacy to end one.",
    codes.COUNT_AGAIN: "This is not what was expected. Count once more and enter what is there.",
    codes.POCKET_FAILED: "This pocket is marked as failed. Use another one, or recover it with a colleague.",
    codes.LABEL_UNKNOWN: "This label is not known at this cabinet. Take the package to its own, or ask the pharmacy.",
    codes.LABEL_VOIDED: "The check found something wrong with this package. Do not put it in; take it back.",
    codes.LABEL_SUPERSEDED: "A corrected label has replaced this one. Scan the new label on the package.",
    codes.LABEL_STALE: "This package has waited too long since it was picked. Take it back to the pharmacy.",
    codes.LABEL_DELIVERED: "This package has been put away already. Tell the pharmacy if you hold another one like it.",
    codes.LABEL_OTHER_ITEM: "The pharmacy put this label on another drug. Do not put it in; call the pharmacy.",
    codes.NOT_OPENED: "The drawer is not open yet. Pull it open, then confirm; if it stays shut, start again.",
    codes.JOURNAL_FULL: "The journal is full: nothing more may open until the centre has answered. Call the pharmacy.",
    codes.BAD_MAC: "A message from the centre was forged or damaged and was refused. Tell the pharmacy.",
    codes.WRONG_STATION: "A message was meant for another cabinet and was refused. Tell the pharmacy.",
    codes.WRONG_BASE: "A list did not fit the one held here; a full one has been asked for. Nothing to do.",
    codes.TABLE_FULL: "A list from the centre does not fit this cabinet. Tell the pharmacy to shorten it.",
    codes.BAD_ROW: "A list from the centre has a wrong line and was refused. Tell the pharmacy.",
    codes.OLD_NUMBER: "A command came twice and was done once. Nothing to do.",
    codes.EXPIRED: "A command came too late and was not done. Tell the pharmacy to send it again.",
    codes.BAD_MESSAGE: "A message could not be read and was refused. Tell the pharmacy if this stays.",
    codes.UNKNOWN_COMMAND: "The centre asked for something this cabinet does not know. Tell the pharmacy.",
    codes.POCKET_IN_USE: "A pocket that holds stock cannot get another item. Empty it first.",
    codes.PAR_OUT_OF_BOUNDS: "New stock levels do not fit their pockets and were not taken. Tell the pharmacy.",
    codes.LINK_DOWN: "The cabinet's controller does not answer. Wait a moment; if this stays, call biomed.",
    codes.BAD_PANEL_REQUEST: "The request was not complete. Check what you entered and try again.",
    codes.BAD_SIGNATURE: "A message that the centre did not sign was refused. Tell the pharmacy.",
    codes.UNVERIFIED_PAGE: "The journal does not continue what was read before. Call biomed and the pharmacy.",
    codes.STORE_FAILED: "The cabinet's computer cannot store. Records stay in the controller. Call biomed.",
    codes.IN_SERVICE: "The cabinet is being serviced and opens nothing. Use another cabinet until it is done.",
    codes.SERVICE_SWITCH_OFF: "The service key is not turned. Turn it at the cabinet, then try again.",
    codes.NOT_IN_SERVICE: "The cabinet is not in maintenance. Turn the service key, sign on, begin maintenance.",
    codes.BAD_BUNDLE: "This file is no firmware bundle, or it was cut short. Get it again from the centre.",
    codes.FOREIGN_BUNDLE: "The bundle was not signed with this site's release key. Get it from the centre.",
    codes.DAMAGED_BUNDLE: "A file in the bundle is not the one that was signed. Get the bundle again.",
    codes.OTHER_BOARD: "The bundle is for another kind of board. Make one for this cabinet's board.",
    codes.FIRMWARE_ROLLBACK: "The cabinet has had this version or a newer one. Make a bundle with a higher version.",
    codes.FIRMWARE_NOT_MACED: "The bundle was not sealed for this cabinet. Make it again at the centre.",
    codes.FIRMWARE_DAMAGED: "A file on the board is not what was written. Flash again; if this stays, replace it.",
    codes.PORT_AWAY: "The board does not answer at this port. See to the cable, then repeat the command.",
    codes.LOCKS_ENERGISED: "A lock is still driven, so nothing was written. Look at the drawers and lock drivers.",
    codes.NOT_PROVISIONED: "The board has no identity, or that of another cabinet. Provision it first.",
    codes.HAS_IDENTITY: "The board has an identity already. Give --replace if it is to lose it for good.",
    codes.NOT_STARTED: "The cabinet did not start with the new firmware. Its journal says why it was refused.",
    codes.SELFTEST_FAILED: "A part failed the self-test. Repair what the report names, then test again.",
    codes.NO_IDENTITY: "There is no identity here for a board. Enrol the station, or replace its controller.",
    codes.TWO_PEOPLE_NEEDED: "Two different people have to sign for this, each with her own name and password.",
    codes.NOT_EXPORTED: "The journal here does not hold together. Keep the controller and call the pharmacy.",
    codes.NOT_ALL_ANSWERED: "The centre lacks entries of the old controller, or has others. Wait, or ask there.",
    codes.KEY_LOST: "The controller has lost the key of its journal and stopped. Replace the controller.",
    codes.BAD_RECORD: (
        "A handheld sent a record that is none. It is kept with the reason; look at the label and do the step again."
    ),
    codes.BAD_RECORD_HASH: (
        "A handheld's record came without its right hash and was not taken. Do the step again; have the unit seen to."
    ),
    codes.LABEL_STILL_OPEN: (
        "A pick has the number of a label that is still under way. Print a new label and pick again."
    ),
    codes.FOREIGN_SERIAL: (
        "A label's number does not belong to the handheld that made it. Have the unit cleared and given a new address."
    ),
    codes.CHECKER_IS_PICKER: "Who picked may not check. Ask a colleague to check this label.",
    codes.NO_NEW_LABEL: (
        "A corrected quantity, and only that, needs a label with a new number. Check again on a unit of this site."
    ),
    codes.FOREIGN_UNIT: (
        "A handheld has an address that was not given here. Clear its address, then put it back into the cradle."
    ),
    codes.SERIALS_SHORT: (
        "A handheld has used up nearly all its label numbers. Check and deliver what it picked, or use another unit."
    ),
    codes.CRADLE_AWAY: "A cradle does not answer. Look at its cable and power; what the handhelds hold is not lost.",
    codes.SNAPSHOT_MISSING: (
        "What to pick could not be read from the centre. Lists in the handhelds grow old; look at the network."
    ),
    codes.BAD_PROCAR_INI: "PROCAR.INI is not right. Mend the key that is named, then start again.",
    codes.LABEL_NOT_PRINTED: (
        "A corrected label could not be printed. Look at the printer: it prints as soon as it can."
    ),
    codes.JOURNAL_AWAY: "The journal of this computer does not run. Records stay in the handhelds; call biomed.",
    codes.LIST_TOO_LONG: (
        "A list does not fit the handhelds and was not sent. Tell the pharmacy to pick for fewer stations."
    ),
    codes.NO_ADDRESS_LEFT: "All addresses for handhelds are given. Clear those of units that have left this site.",
    codes.GAP: "The centre asks for records that are no longer here. Call the pharmacy.",
    codes.FORK: "The centre holds a different history of this cabinet and has stopped its stream. Call the pharmacy.",
}

ALARMS: dict[int, str] = {
    codes.ALARM_LEFT_OPEN: "left open: close it",
    codes.ALARM_FORCED: "opened without being released: close it and tell the pharmacy",
    codes.ALARM_JAMMED: "jammed: use another pocket and call biomed",
    codes.ALARM_DISAGREE: "sensors disagree: close it firmly; if this stays, call biomed",
    codes.ALARM_JOURNAL_FULL: "journal full: call the pharmacy",
    codes.ALARM_JOURNAL_DAMAGE: "journal damaged: call the pharmacy",
    codes.ALARM_LID_FORCED: "a lid is open that nobody released: close it and tell the pharmacy",
    codes.ALARM_TAMPER: "the case is open: tell the pharmacy",
    codes.ALARM_ON_BATTERY: "runs on battery: it goes on working; see to the mains",
    codes.ALARM_BATTERY_LOW: "battery low: finish, and get mains power now",
    codes.ALARM_TEMPERATURE: "too warm, too cold or not measured: take nothing from it and tell the pharmacy",
    codes.ALARM_CLOCK: "the clock moved: times may be wrong until it is set; tell biomed if this stays",
    codes.ALARM_ROLLED_BACK: "the journal is older than its secure element: tell the pharmacy and biomed",
    codes.ALARM_ELEMENT: "the secure element is another one, was reset or does not answer: call biomed",
}


# what is wrong with a removal, and what its nurse can do
ALERTS: dict[int, str] = {
    codes.NO_ACTIVE_ORDER: "no active order on file - check the order or tell the pharmacy",
    codes.NOT_ADMITTED: "the patient is not admitted - check the patient or tell the pharmacy",
    codes.NO_ORDER_NOT_ADMITTED: "no active order, and the patient is not admitted - check both or tell the pharmacy",
    codes.AWAITING_DOCUMENTATION: "not charted yet - chart it, or return or waste what was not given",
    codes.UNDOCUMENTED: "not charted in time - chart it now and tell the pharmacy",
}


def of(code: int) -> str:
    """The sentence for `code`, with the number for the one who is called."""
    return f"{WORDS.get(code, 'Something went wrong. Call the pharmacy.')}" + (f" (code {code})" if code else "")


def alarm(code: int, drawer: int) -> str:
    """The sentence for a controller's alarm; `drawer` 0 is the cabinet itself."""
    where = f"Drawer {drawer}" if drawer else "Cabinet"
    return f"{where} {ALARMS.get(code, f'alarm {code}: call biomed')}"


def quarantined(drawer: int) -> str:
    """The sentence for a drawer in quarantine."""
    return f"Drawer {drawer} is in quarantine: take nothing from it and call the pharmacy"


def alert(code: int, item: str, patient: str) -> str:
    """The sentence for an alert about a removal; `patient` is `""` where nobody can tell any more."""
    whom = f" for patient {patient}" if patient else ""
    return f"Removal of {item}{whom}: {ALERTS.get(code, 'tell the pharmacy')} (code {code})"
