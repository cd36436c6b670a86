# Bits of the reference tables' flags, docs/wire.md section 3.

# of an item
HIGH_ALERT = 1  # an override asks its prompt
WITNESS_AT_REMOVAL = 2
WITNESS_AT_WASTE = 4
WITNESS_AT_RETURN = 8
BLIND_COUNT = 16
VERIFIED_COUNT = 32
SCAN_AT_REMOVAL = 64
SCAN_AT_REFILL = 128  # also at loading and at return to a pocket
SUPPLY = 256  # needs no patient
BIN_ONLY = 512

# of the override list
OVERRIDE_WITNESS = 1
OVERRIDE_KIT_ONLY = 2

# of an order
ORDER_PRN = 1
ORDER_UNVERIFIED = 2
