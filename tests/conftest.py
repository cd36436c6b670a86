"""What all tests share. Fixtures of one room live in that room's own conftest."""

pytest_plugins = ("tests.micropython_plugin",)
