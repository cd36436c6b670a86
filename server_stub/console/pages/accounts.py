"""Accounts: who there is and what each role may do; made, reset, disabled and enabled by an administrator."""

from server_stub.console.accounts import Account, BadAccount
from server_stub.console.actions import Actions, Form, NotDone
from server_stub.console.document import choice, field, form, hidden
from server_stub.console.door import Door, Visitor
from server_stub.console.frame import Console, View, add_page
from server_stub.console.roles import ROLES, Right
from server_stub.console.table import Cell, Row, table


def add(console: Console, actions: Actions) -> None:
    """Register page and forms."""
    add_page(console, "/accounts", "Accounts", Right.ACCOUNTS, accounts)
    forms = _Forms(console.door)
    for path, do in (("add", forms.add), ("reset", forms.reset), ("enable", forms.enable), ("role", forms.role)):
        actions.add(f"/accounts/{path}", Right.ACCOUNTS, "/accounts", do)


def accounts(view: View) -> None:
    """The page."""
    view.frame("Accounts", "Every person has one of their own; there is no shared and no default account", "/accounts")
    rows = [_row(one, view.visitor) for one in view.console.door.accounts.all()]
    view.show(table("accounts", "Accounts", ("Name", "Role", "State", "Change"), rows), "People and programs")
    roles = [(role, role) for role in ROLES]
    fields = field("name", "Name", more='required maxlength="16" autocomplete="off"') + choice("role", "Role", roles)
    view.show(form("/accounts/add", fields, "Add account", testid="account-add", look="apo-form wide"), "New account")
    view.show(_roles(), "What each role may see and do")


def _row(one: Account, visitor: Visitor) -> Row:
    state = Cell("disabled", "apo-bad")
    if one.enabled:
        state = Cell("one-time password", "apo-warn") if one.must_change else Cell("active", "apo-good")
    name = hidden("name", one.name)
    on = hidden("enabled", "" if one.enabled else "yes")
    changes = form("/accounts/reset", name, "Reset password", testid=f"reset-{one.name}", look="apo-inline")
    if one.name != visitor.name:
        words = "Disable" if one.enabled else "Enable"
        changes += form("/accounts/enable", name + on, words, testid=f"enable-{one.name}", look="apo-inline")
        pick = choice("role", "Role", [(role, role) for role in ROLES], one.role)
        changes += form("/accounts/role", name + pick, "Set role", testid=f"role-{one.name}", look="apo-inline")
    return Cell(one.name), Cell(one.role), state, Cell("", raw=f'<div class="apo-row">{changes}</div>')


def _roles() -> str:
    rows: list[Row] = [
        (right.value, *(Cell("yes", "apo-good") if right in ROLES[role] else Cell("–") for role in ROLES))
        for right in Right
        if right != Right.SEND_EVENTS
    ]
    return table("roles", "Roles", ("May", *(role.capitalize() for role in ROLES)), rows)


class _Forms:
    def __init__(self, door: Door) -> None:
        self._accounts = door.accounts

    async def add(self, visitor: Visitor, values: Form) -> str:
        name = values.get("name", "").strip()
        try:
            password = self._accounts.add(name, values.get("role", ""), visitor.name)
        except BadAccount as error:
            raise NotDone(f"{error}.") from None
        return f"One-time password of {name}: {password} – it is shown this once."

    async def reset(self, visitor: Visitor, values: Form) -> str:
        name = self._known(values)
        password = self._accounts.reset(name, visitor.name)
        return f"New one-time password of {name}: {password} – it is shown this once."

    async def enable(self, visitor: Visitor, values: Form) -> str:
        name, enabled = self._other(visitor, values), bool(values.get("enabled"))
        self._accounts.enable(name, enabled, visitor.name)
        return f"{name} is {'enabled' if enabled else 'disabled; their sessions have ended'}."

    async def role(self, visitor: Visitor, values: Form) -> str:
        name = self._other(visitor, values)
        try:
            self._accounts.change_role(name, values.get("role", ""), visitor.name)
        except BadAccount as error:
            raise NotDone(f"{error}.") from None
        return f"{name} is now {values['role']}."

    def _known(self, values: Form) -> str:
        name = values.get("name", "")
        if self._accounts.get(name) is None:
            raise NotDone("There is no such account any more. Go back and look again.")
        return name

    def _other(self, visitor: Visitor, values: Form) -> str:
        name = self._known(values)
        if name == visitor.name:
            raise NotDone("Nobody changes their own role or disables themselves: ask another administrator.")
        return name
