"""What ends a run."""


class RunFailed(Exception):
    """A run cannot go on; the message says what, where, and which log file to read."""
