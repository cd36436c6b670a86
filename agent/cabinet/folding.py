"""Names cost a controller's heap: before a module is compiled, names of numbers and words become what they stand for.

`codes.BUSY` in the source is 105 in the bytecode; so is a `BUSY = 105` of any other module, there and wherever it is
imported, and no module has the name any more. The three modules that only name numbers are not loaded at all.
"""

import ast
import functools
import operator
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# as modules of the firmware import them: from firmware import codes; from firmware.journal import kinds ...
NUMBERS = {"codes": "firmware", "kinds": "firmware.journal", "messages": "firmware.wire"}
_NUMBERS = {f"{room}.{name}" for name, room in NUMBERS.items()}
# a bundle brings its own
VARIES = "firmware.version"
# up to here a word is a name among others in the bytecode; a longer one would be an object wherever it is used
WORD_CHARS = 10

Value = int | str | tuple["Value", ...]
_OPERATIONS = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.FloorDiv: operator.floordiv,
    ast.LShift: operator.lshift,
    ast.BitOr: operator.or_,
}


def folded(source: str) -> str:
    """A module's source with the names of numbers and short words as what they are, its own and those it imports.
    AttributeError for a name that `codes`, `kinds` or `messages` do not have."""
    tree = ast.parse(source)
    known = _known(tree)
    tree = _Fold(known).visit(tree)
    return ast.unparse(ast.fix_missing_locations(_Needed(known, tree).visit(tree)))


@dataclass
class _Known:
    """What names of a module are constants, and what names are modules (as they are called in full)."""

    constants: dict[str, Value] = field(default_factory=dict)
    modules: dict[str, str] = field(default_factory=dict)


def _known(tree: ast.Module) -> _Known:
    """In the order in which they are made: one may be worked out from others."""
    known = _Known()
    for node in tree.body:
        if isinstance(node, ast.ImportFrom):
            _learn_imported(known, node)
        elif isinstance(node, ast.Assign):
            known.constants |= _assigned(known, node)
    return known


@functools.cache
def _constants(module: str) -> dict[str, Value]:
    if module in ("", VARIES) or not _path(module).exists():
        return {}
    return _known(ast.parse(_path(module).read_text(encoding="utf-8"))).constants


def _path(module: str) -> Path:
    return ROOT.joinpath(*module.split(".")).with_suffix(".py")


def _learn_imported(known: _Known, node: ast.ImportFrom) -> None:
    for alias in node.names:
        name, full = alias.asname or alias.name, f"{node.module}.{alias.name}"
        if full.startswith("firmware.") and _path(full).exists():
            known.modules[name] = full
        elif alias.name in _constants(node.module or ""):
            known.constants[name] = _constants(node.module or "")[alias.name]


def _assigned(known: _Known, node: ast.Assign) -> dict[str, Value]:
    """The constants that a statement makes."""
    value, target = _value(known, node.value), node.targets[0]
    if isinstance(target, ast.Name) and value is not None:
        return {target.id: value} if target.id.isupper() else {}
    if isinstance(target, ast.Tuple) and isinstance(value, tuple):
        return {one.id: value[at] for at, one in enumerate(target.elts) if isinstance(one, ast.Name)}
    return {}


def _value(known: _Known, node: ast.expr) -> Value | None:
    """What can be worked out before the module runs; None for anything else."""
    value: Value | None = None
    match node:
        case ast.Constant(value=int() | str() as plain) if not isinstance(plain, bool):
            value = plain
        case ast.Name():
            value = known.constants.get(node.id)
        case ast.Attribute():
            value = _of_module(known, node)
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() as plain)):
            value = -plain
        case ast.Call(func=ast.Name(id="const")):
            value = _value(known, node.args[0])
        case ast.Call(func=ast.Name(id="range"), args=[ast.Constant(value=int() as plain)]):
            value = tuple(range(plain))
        case ast.Tuple():
            parts = [_value(known, one) for one in node.elts]
            value = None if None in parts else tuple(part for part in parts if part is not None)
        case ast.BinOp():
            value = _worked_out(_value(known, node.left), node.op, _value(known, node.right))
    return value


def _of_module(known: _Known, node: ast.Attribute) -> Value | None:
    return _constants(_module_of(known, node)).get(node.attr)


def _module_of(known: _Known, node: ast.Attribute) -> str:
    return known.modules.get(node.value.id, "") if isinstance(node.value, ast.Name) else ""


def _worked_out(left: Value | None, sign: ast.operator, right: Value | None) -> Value | None:
    act = _OPERATIONS.get(type(sign))
    return act(left, right) if act and isinstance(left, int) and isinstance(right, int) else None


class _Fold(ast.NodeTransformer):
    def __init__(self, known: _Known) -> None:
        self._known = known

    def visit_Module(self, node: ast.Module) -> ast.Module:
        self.generic_visit(node)
        own = [one for one in node.body if self._is_gone(one)]
        # who is not folded still finds them in a module that has nothing else
        node.body = [one for one in node.body if one not in own or len(own) == len(node.body)]
        return node

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.stmt | None:
        _learn_imported(self._known, node)
        node.names = [name for name in node.names if not _is_folded(node.module or "", name)]
        return node if node.names else None

    def visit_Name(self, node: ast.Name) -> ast.expr:
        value = self._known.constants.get(node.id) if isinstance(node.ctx, ast.Load) else None
        return _literal(value) if value is not None and _is_short(value) else node

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        self.generic_visit(node)
        value, numbers = _of_module(self._known, node), _module_of(self._known, node) in _NUMBERS
        if numbers and value is None:
            raise AttributeError(f"{ast.unparse(node)} is no number")
        return _literal(value) if value is not None and (numbers or _is_short(value)) else node

    def _is_gone(self, node: ast.stmt) -> bool:
        made = _assigned(self._known, node) if isinstance(node, ast.Assign) else {}
        return bool(made) and all(_is_short(value) for value in made.values())


class _Needed(ast.NodeTransformer):
    """Without imports of modules that were there for their numbers alone."""

    def __init__(self, known: _Known, tree: ast.AST) -> None:
        used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
        self._unused = known.modules.keys() - used

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.stmt | None:
        node.names = [name for name in node.names if (name.asname or name.name) not in self._unused]
        return node if node.names else None


def _is_folded(module: str, name: ast.alias) -> bool:
    return f"{module}.{name.name}" in _NUMBERS or _is_short(_constants(module).get(name.name))


def _is_short(value: Value | None) -> bool:
    return isinstance(value, int) or (isinstance(value, str) and len(value) <= WORD_CHARS)


def _literal(value: Value) -> ast.expr:
    return ast.parse(repr(value), mode="eval").body
