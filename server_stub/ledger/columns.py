"""Columns of the tables; those of a key are never numbered by the database."""

from sqlalchemy import BigInteger, Column, Text


def text(name: str, *, key: bool = False, unique: bool = False, index: bool = False, null: bool = False) -> Column[str]:
    """A text; `key` makes it part of the primary key."""
    return Column(name, Text, nullable=null, primary_key=key, unique=unique or None, index=index or None)


def integer(name: str, *, key: bool = False, null: bool = False) -> Column[int]:
    """A 64-bit integer; `key` makes it part of the primary key."""
    return Column(name, BigInteger, nullable=null, primary_key=key, autoincrement=False)
