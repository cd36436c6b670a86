"""Numbers with names cost a controller's heap the names: before a module is compiled they become the numbers.

`codes.BUSY` in the source is 105 in the bytecode, and the three modules that only name numbers are not loaded at all.
"""

import ast
import importlib
from types import ModuleType

# as modules of the firmware import them: from firmware import codes; from firmware.journal import kinds ...
NUMBERS = {"codes": "firmware", "kinds": "firmware.journal", "messages": "firmware.wire"}


def folded(source: str) -> str:
    """A module's source with `codes.NAME`, `kinds.NAME` and `messages.NAME` as what they are. AttributeError for a
    name that is not there."""
    tree = _Fold().visit(ast.parse(source))
    return ast.unparse(ast.fix_missing_locations(tree))


class _Fold(ast.NodeTransformer):
    def __init__(self) -> None:
        self._modules: dict[str, ModuleType] = {}

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.stmt | None:
        taken = [name for name in node.names if NUMBERS.get(name.name) == node.module and not name.asname]
        for name in taken:
            self._modules[name.name] = importlib.import_module(f"{node.module}.{name.name}")
        node.names = [name for name in node.names if name not in taken]
        return node if node.names else None

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        self.generic_visit(node)
        module = self._modules.get(node.value.id) if isinstance(node.value, ast.Name) else None
        return ast.parse(repr(getattr(module, node.attr)), mode="eval").body if module else node
