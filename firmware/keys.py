# What a controller has of its station's key K, which stays at the centre: an id, and a key for each purpose
# (docs/journal.md section 3). The key that its entries are MACed with is in the ring.
PURPOSES = ("answer", "command", "reference", "snapshot", "checkpoint", "firmware", "entropy")


class Keys:
    # as in controller.cbor: key_id, then one of each purpose
    def __init__(self, given):
        if not isinstance(given, list) or len(given) != len(PURPOSES) + 1:
            raise ValueError("not the keys of a controller; provision the station again")
        self.key_id = given[0]
        self.answer, self.command, self.reference, self.snapshot = given[1:5]
        self.checkpoint, self.firmware, self.entropy = given[5:]
