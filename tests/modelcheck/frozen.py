"""Worlds as bytes, and back: by pickle, for speed. What never changes is named there, not copied."""

import copyreg
import io
import pickle
from typing import Any

from firmware import schema
from firmware.chart import Drawer
from firmware.names import Names
from firmware.storage import types
from firmware.tables import Table, Tables
from tests.modelcheck import chips
from tests.modelcheck.cabinets import Plan

TABLE_ROWS = 8
_shared: dict[int, str] = {}
_named: dict[str, Any] = {}


def share(name: str, thing: Any) -> None:
    """From now on pickles name it."""
    _named[name] = thing
    _shared[id(thing)] = name


def _get(name: str) -> Any:
    return _named[name]


def _by_name(thing: Any) -> Any:
    name = _shared.get(id(thing))
    return (_get, (name,)) if name else object.__reduce_ex__(thing, 4)


def tables_of(plan: Plan) -> Tables:
    """The tables for a boot. Of a plan that does not replace them they are the same each time: one set for all."""
    if plan.restricts:
        return Tables(TABLE_ROWS)
    if plan.name not in _named:
        tables = Tables(TABLE_ROWS)
        share(plan.name, tables)
        for name, part in vars(tables).items():
            share(f"{plan.name} {name}", part)
    tables = _named[plan.name]
    return tables


def _drawer(drawer: Drawer) -> Any:
    kept = {name: value for name, value in vars(drawer).items() if name != "chart"}
    return _charted, (drawer.kind,), kept


def _charted(kind: int) -> Drawer:
    drawer = Drawer.__new__(Drawer)
    drawer.chart = types.chart(kind)
    return drawer


def _schema(of: schema.Schema) -> Any:
    return _schema_named, (of.name,)


def _schema_named(name: str) -> schema.Schema:
    return _SCHEMAS[name]


# the journal looks at the first bytes of a page in RAM
def _beginning(part: memoryview) -> Any:
    return _beginning_of, (part.obj, len(part))


def _beginning_of(whole: bytearray, size: int) -> memoryview:
    return memoryview(whole)[:size]


_SCHEMAS = {each.name: each for each in vars(schema).values() if isinstance(each, schema.Schema)}
_REDUCE = {Drawer: _drawer, schema.Schema: _schema, memoryview: _beginning}
_REDUCE |= dict.fromkeys((chips.Flash, chips.Store, chips.Files, Table, Tables, Names), _by_name)
share("flash", chips.FLASH)
share("store", chips.STORE)
share("files", chips.FILES)


def frozen(world: Any) -> bytes:
    """The world as bytes; the chips are kept as an image beside."""
    out = io.BytesIO()
    pickler = pickle.Pickler(out, 5)
    pickler.dispatch_table = copyreg.dispatch_table | _REDUCE
    pickler.dump(world)
    return out.getvalue()


def thawed(data: bytes) -> Any:
    """The world again."""
    return pickle.loads(data)
