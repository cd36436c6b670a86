"""A person at the console without a browser."""

PASSWORD = "correct horse battery"


def add_account(accounts, name, role):
    """A new account that has chosen its password."""
    accounts.choose_password(name, accounts.add(name, role, "test"), PASSWORD)


def sign_in(client, accounts, role):
    """Sign in with a new account of that role and choose a password; gives the name. `client` sends an Origin."""
    name = f"{role[:8]}.{len(accounts.all())}"
    once = accounts.add(name, role, "test")
    answer = client.post("/sign-in", data={"name": name, "password": once, "next": "/stations"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/stations")
    assert client.get("/stations").headers["location"] == "/password"
    chosen = client.post("/password", data={"old": once, "new": PASSWORD, "again": PASSWORD})
    assert chosen.status_code == 303
    return name
