"""The handheld: picking, checking and delivering, one label a package. docs/handheld.md."""
