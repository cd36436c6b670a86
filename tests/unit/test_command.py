"""The root command: usage errors are words with exit code 2, and what a sub-command raises ends it as it should."""

import subprocess
import sys
from importlib.metadata import EntryPoint, entry_points

import pytest
import typer

import apotheca

quitting = typer.Typer()
FAILURES = {"exit": typer.Exit(7), "abort": typer.Abort(), "stop": KeyboardInterrupt(), "leave": SystemExit(3)}


asking = typer.Typer()


@asking.command()
def ask(ctx: typer.Context) -> None:
    raise SystemExit(str(ctx.obj))


@quitting.command()
def quit_(how: str) -> None:
    raise FAILURES[how]


def run(capsys, *args: str) -> tuple[int, str]:
    """Exit code and standard error of a call."""
    with pytest.raises(SystemExit) as ended:
        apotheca.main(list(args), prog_name="apotheca")
    return ended.value.code, capsys.readouterr().err


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (("init",), "Missing option '--site'"),
        (("agent", "run"), "Missing argument 'ID'"),
        (("agent", "run", "a b", "--link", "x"), "a station id is 1 to 32"),
        (("demo", "--days", "x"), "'--days'"),
        (("demo", "--days", "0"), "'--days'"),
        (("demo", "--days", "3"), "--days needs --data"),
        (("demo", "--json", "/no/such/folder/x"), "cannot write /no/such/folder/x: name a file"),
        (("bench", "ingest", "--json", "/no/such/folder/x"), "cannot write /no/such/folder/x: name a file"),
        (("sim", "world", "--json", "/no/such/folder/x"), "cannot write /no/such/folder/x: name a file"),
        (("sim", "world", "--trace", "/no/such/folder/x"), "cannot write /no/such/folder/x: name a file"),
        (("par-trial", "--json", "/no/such/folder/x"), "cannot write /no/such/folder/x: name a file"),
        (("bench", "nosuch"), "no benchmark nosuch: choose ingest"),
        (("--nosuch",), "No such option"),
        (("--home", __file__, "init", "--site", "x"), "is a file"),
        (("init", "--site", "x", "--home", __file__), "is a file"),
        (("nosuch",), "there is no command 'nosuch'; there are account, agent, bench, broker, cabinet,"),
    ],
)
def test_a_usage_error_prints_a_usage_line_and_ends_with_2(capsys, args, says):
    code, err = run(capsys, *args)
    assert code == 2
    assert err.startswith("Usage: apotheca")
    assert says in err
    assert "Traceback" not in err


@pytest.mark.parametrize("args", ["--home H ask", "ask --home H", "ask --home=H"])
def test_the_home_may_be_named_before_and_after_the_sub_command(monkeypatch, args):
    point = EntryPoint("ask", f"{__name__}:asking", "apotheca.commands")
    monkeypatch.setattr(EntryPoint, "load", lambda self: asking)
    monkeypatch.setattr(apotheca, "entry_points", lambda group: [point])
    with pytest.raises(SystemExit) as ended:
        apotheca.main(args.split(), prog_name="apotheca")
    assert ended.value.code == "H"


@pytest.mark.parametrize(("how", "code"), [("exit", 7), ("abort", 1), ("stop", 130), ("leave", 3)])
def test_how_a_sub_command_ends_is_how_the_command_ends(capsys, monkeypatch, how, code):
    point = EntryPoint("quit", f"{__name__}:quitting", "apotheca.commands")
    monkeypatch.setattr(EntryPoint, "load", lambda self: quitting)
    monkeypatch.setattr(apotheca, "entry_points", lambda group: [point])
    ended, err = run(capsys, "quit", how)
    assert ended == code
    assert "Traceback" not in err


def test_help_names_every_command_and_imports_no_room():
    script = "import sys, apotheca\ntry: apotheca.main(['--help'])\nexcept SystemExit: pass\n"
    script += "print([m for m in sys.modules if m.split('.')[0] in ('agent', 'server_stub', 'simulator', 'firmware')])"
    out = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    lines = [line.split() for line in out.partition("Commands:")[2].splitlines()[1:-1]]
    assert {name for name, *words in lines if words} == {one.name for one in entry_points(group="apotheca.commands")}
    assert out.endswith("[]\n")
