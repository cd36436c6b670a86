"""Every small change of a module that the tests of that module ought to notice. Pure: source in, changed code out.

Left alone is what changes no behaviour: type names of namedtuples, NONE (which is 0) as 0; and module-level statements
as a whole, without which nothing could be imported.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from types import CodeType
from typing import Any

# each is replaced by these: its neighbours and its opposite
COMPARE: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.FloorDiv: ast.Mult,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
}
CALLS = {"min": "max", "max": "min", "any": "all", "all": "any", "sorted": "list", "bool": "not"}
NUMBERED = ("codes", "flags", "kinds", "messages")  # modules of constants
REMOVABLE = (ast.Expr, ast.Assign, ast.AugAssign, ast.Return, ast.If, ast.For)


@dataclass(frozen=True)
class Mutant:
    """One change: where (line from 1, the text of that line), what (code before and after), and the module with it."""

    line: int
    text: str
    before: str
    after: str
    code: CodeType

    @property
    def change(self) -> str:
        """What became what; `nothing` where code was removed."""
        return f"{self.before} → {self.after}"


def mutants(source: str, path: str) -> Iterator[Mutant]:
    """All mutants of a module, in the order of its lines; `path` is what tracebacks name."""
    tree, lines = ast.parse(source), source.splitlines()
    found = []
    for put, node in list(_places(tree)):
        for changed in _variants(node):
            put(changed)
            code = compile(ast.fix_missing_locations(tree), path, "exec")
            before, after = _shown(node), _shown(changed)
            found.append(Mutant(node.lineno, lines[node.lineno - 1].strip(), before, after, code))
            put(node)
    yield from sorted(found, key=lambda mutant: mutant.line)


def _shown(node: ast.AST) -> str:
    if isinstance(node, ast.If | ast.For):
        return ast.unparse(node).splitlines()[0].removesuffix(":")
    return "nothing" if isinstance(node, ast.Pass) else " ".join(ast.unparse(node).split())


def _places(node: ast.AST, inside: bool = False) -> Iterator[tuple[Any, Any]]:
    """Every node below with a function that puts another in its place; `inside` a function lines can go."""
    inside = inside or isinstance(node, ast.FunctionDef)
    for field, value in ast.iter_fields(node):
        members = list(enumerate(value)) if isinstance(value, list) else [(None, value)]
        for at, member in members:
            if not isinstance(member, ast.expr | ast.stmt | ast.comprehension) or _is_type_name(node, at):
                continue
            if isinstance(member, ast.expr) or (inside and isinstance(member, REMOVABLE)):
                yield _putter(node, field, at), member
            yield from _places(member, inside)


def _putter(node: ast.AST, field: str, at: int | None) -> Any:
    def put(member: ast.AST) -> None:
        if at is None:
            setattr(node, field, member)
        else:
            getattr(node, field)[at] = member

    return put


def _is_type_name(node: ast.AST, at: int | None) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "namedtuple" and at == 0


def _variants(node: ast.AST) -> Iterator[ast.AST]:
    """What may stand in the place of a node."""
    if isinstance(node, REMOVABLE):
        yield ast.copy_location(ast.Pass(), node)
    for kind, change in _CHANGES.items():
        if isinstance(node, kind):
            for changed in change(node):
                yield ast.copy_location(changed, node)


def _compare(node: ast.Compare) -> Iterator[ast.AST]:
    for at, op in enumerate(node.ops):
        for other in COMPARE[type(op)]:
            yield ast.Compare(node.left, [*node.ops[:at], other(), *node.ops[at + 1 :]], node.comparators)


def _boolean(node: ast.BoolOp) -> Iterator[ast.AST]:
    yield ast.BoolOp(ast.Or() if isinstance(node.op, ast.And) else ast.And(), node.values)
    for at in range(len(node.values)):
        left = node.values[:at] + node.values[at + 1 :]
        yield left[0] if len(left) == 1 else ast.BoolOp(node.op, left)


def _arithmetic(node: ast.BinOp) -> Iterator[ast.AST]:
    yield ast.BinOp(node.left, ARITHMETIC[type(node.op)](), node.right)
    yield node.left
    yield node.right


def _unary(node: ast.UnaryOp) -> Iterator[ast.AST]:
    yield node.operand


def _constant(node: ast.Constant) -> Iterator[ast.AST]:
    if isinstance(node.value, bool):
        yield ast.Constant(not node.value)
    elif isinstance(node.value, int):
        yield ast.Constant(node.value + 1)
        yield ast.Constant(node.value - 1)
    elif isinstance(node.value, str):
        yield ast.Constant("" if node.value else "x")


def _numbered(node: ast.Attribute) -> Iterator[ast.AST]:
    if isinstance(node.value, ast.Name) and node.value.id in NUMBERED:
        yield ast.BinOp(node, ast.Add(), ast.Constant(1))
        if node.attr != "NONE":
            yield ast.Constant(0)


def _tuple(node: ast.Tuple) -> Iterator[ast.AST]:
    if isinstance(node.ctx, ast.Load):
        for at in range(len(node.elts)):
            yield ast.Tuple(node.elts[:at] + node.elts[at + 1 :], node.ctx)


def _dict(node: ast.Dict) -> Iterator[ast.AST]:
    for at in range(len(node.keys)):
        yield ast.Dict(node.keys[:at] + node.keys[at + 1 :], node.values[:at] + node.values[at + 1 :])


def _call(node: ast.Call) -> Iterator[ast.AST]:
    other = CALLS.get(node.func.id) if isinstance(node.func, ast.Name) else None
    if other == "not":
        yield ast.UnaryOp(ast.Not(), node.args[0])
    elif other == "list":
        yield ast.Call(ast.Name("list", ast.Load()), node.args, [])
    elif other:
        yield ast.Call(ast.Name(other, ast.Load()), node.args, node.keywords)


def _return(node: ast.Return) -> Iterator[ast.AST]:
    if node.value is not None:
        yield ast.Return(ast.Constant(None))


def _branch(node: ast.If | ast.IfExp) -> Iterator[ast.AST]:
    yield type(node)(ast.UnaryOp(ast.Not(), node.test), node.body, node.orelse)


def _filtered(node: ast.ListComp | ast.GeneratorExp) -> Iterator[ast.AST]:
    loop = node.generators[0]
    for test in loop.ifs:
        for ifs in ([], [ast.UnaryOp(ast.Not(), test)]):
            yield type(node)(node.elt, [ast.comprehension(loop.target, loop.iter, ifs, 0), *node.generators[1:]])


_CHANGES: dict[Any, Any] = {
    ast.Compare: _compare,
    ast.BoolOp: _boolean,
    ast.BinOp: _arithmetic,
    ast.UnaryOp: _unary,
    ast.Constant: _constant,
    ast.Attribute: _numbered,
    ast.Tuple: _tuple,
    ast.Dict: _dict,
    ast.Call: _call,
    ast.Return: _return,
    (ast.If, ast.IfExp): _branch,
    (ast.ListComp, ast.GeneratorExp): _filtered,
}
