"""The virtual cabinet: expanders, drawers and pockets behind the bus socket of docs/wire.md section 1."""
