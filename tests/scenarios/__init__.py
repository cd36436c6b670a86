"""Scenarios a technician can read, run against the real controller: docs/scenarios.md."""
