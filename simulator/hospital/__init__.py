"""Hospitals as data: plans (`simulator.plan`) made from a seed (`synthetic`) or from real records (`mimic`)."""
