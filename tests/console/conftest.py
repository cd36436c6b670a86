"""A home with accounts, and `web` really serving it, in a thread."""

import ssl
import threading
from dataclasses import dataclass

import httpx
import pytest
import uvicorn

from server_stub.console.accounts import Accounts
from server_stub.site.enrol import add_stations
from server_stub.site.home import Home
from server_stub.site.make import make_site
from tests.centre.processes import free_port, until
from tests.console.visitor import add_account


@dataclass
class Now:
    """A clock that is told."""

    s: float = 1000.0

    def __call__(self):
        return self.s


@pytest.fixture
def now():
    return Now()


@pytest.fixture
def accounts(tmp_path):
    return Accounts(tmp_path / "accounts.db")


@pytest.fixture(scope="session")
def web_home(tmp_path_factory):
    """NiceGUI serves one application a process, so all modules share it; LAB1 is for test_sync alone."""
    home = Home(tmp_path_factory.mktemp("web") / "home")
    make_site(home, "demo")
    add_stations(home, {"ICU1": ("MICU",), "ED1": ("ED",), "LAB1": ("LAB",)})
    add_stations(home, {"PHARM": ("PHARMACY",)}, board="pharmacy")
    return home


@pytest.fixture(scope="session")
def app(web_home):
    from server_stub.web_main import make_app

    return make_app(web_home)


@pytest.fixture(scope="session")
def base(app, web_home):
    """The address of the running console."""
    port = free_port()
    keys = {"ssl_certfile": str(web_home.keys / "centre.crt"), "ssl_keyfile": str(web_home.keys / "centre.key")}
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="warning", **keys))
    thread = threading.Thread(target=server.run)
    thread.start()
    until(lambda: server.started, "the console")
    yield f"https://localhost:{port}"
    server.should_exit = True
    thread.join()


@pytest.fixture(scope="session")
def people(web_home):
    """A token for a program of each role."""
    accounts = Accounts(web_home.accounts)
    tokens = {}
    for role in ("pharmacist", "technician", "auditor", "biomed", "administrator"):
        name = f"{role[:10]}.p"
        add_account(accounts, name, role)
        tokens[role] = accounts.token(name, "test")
    return tokens


@pytest.fixture
def client(base, web_home):
    context = ssl.create_default_context(cafile=str(web_home.keys / "ca.crt"))
    with httpx.Client(verify=context, base_url=base, trust_env=False, headers={"origin": base}, timeout=30) as client:
        yield client
