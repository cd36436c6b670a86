"""Labels of our own (P19, P26, P30, P58-P62): what they say, where it stands (`hardware/labels`), as PDF and as ZPL."""
