"""`apotheca witness`: cosigns a site's checkpoints, on a computer that the site's people do not run."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from server_stub.cli import refuse

if TYPE_CHECKING:
    from fastapi import FastAPI

    from server_stub.witness import Witness

app = typer.Typer(help="Be a witness of a site's ledger.", no_args_is_help=True)


@app.callback()
def _witness() -> None:
    """Be a witness of a site's ledger."""


@app.command()
def run(  # noqa: PLR0913, PLR0917 - an option each
    name: Annotated[str, typer.Option(help="Name of this witness, without blanks: example.org/compliance.")],
    log: Annotated[list[Path], typer.Option(help="keys/tree.vkey of a site; may be given several times.")],
    folder: Annotated[Path, typer.Option(help="Its key and what it has seen.")] = Path("apotheca-witness"),
    origin: Annotated[list[str] | None, typer.Option(help="A successor log that is right: apotheca/1/SITE/2.")] = None,
    port: Annotated[int, typer.Option(min=1, max=65535, help="Where it answers.")] = 8490,
    host: Annotated[str, typer.Option(help="Beyond loopback give --tls-crt and --tls-key too.")] = "127.0.0.1",
    tls_crt: Annotated[Path | None, typer.Option(help="Certificate of this server.")] = None,
    tls_key: Annotated[Path | None, typer.Option(help="Its key.")] = None,
) -> None:
    """Answer add-checkpoint until stopped; the key is made on first use and its public half printed."""
    import sqlite3  # noqa: PLC0415
    import ssl  # noqa: PLC0415

    import uvicorn  # noqa: PLC0415

    from server_stub.witness import logs_of, open_witness  # noqa: PLC0415

    if host not in ("127.0.0.1", "::1", "localhost") and not (tls_crt and tls_key):
        raise refuse(ValueError("beyond loopback a witness answers over TLS: give --tls-crt and --tls-key"))
    if bool(tls_crt) != bool(tls_key):
        raise refuse(ValueError("--tls-crt and --tls-key belong together"))
    try:
        if tls_crt and tls_key:
            ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(tls_crt, tls_key)
        logs = logs_of({path.name + str(n): path.read_text() for n, path in enumerate(log)}, tuple(origin or ()))
        witness, vkey = open_witness(folder, name, logs)
    except ssl.SSLError as error:
        raise refuse(ValueError(f"{tls_crt} and {tls_key} are no certificate and its key ({error.reason})")) from None
    except sqlite3.Error as error:
        raise refuse(
            ValueError(f"{folder}: what it has seen can not be read ({error}); never put an older copy back")
        ) from None
    except (OSError, ValueError) as error:
        raise refuse(error) from None
    typer.echo(vkey)
    files: dict[str, Any] = {"ssl_certfile": str(tls_crt), "ssl_keyfile": str(tls_key)} if tls_crt and tls_key else {}
    uvicorn.run(make_app(witness), host=host, port=port, log_level="warning", server_header=False, **files)


def make_app(witness: "Witness") -> "FastAPI":
    """The witness over HTTP."""
    import time  # noqa: PLC0415

    from fastapi import FastAPI, Request, Response  # noqa: PLC0415

    from server_stub.ledger.cosign import MOST_BYTES  # noqa: PLC0415

    served = FastAPI(title="Apotheca witness", docs_url=None, redoc_url=None, openapi_url=None)

    async def add_checkpoint(request: Request) -> Response:
        body = b""
        async for piece in request.stream():
            body += piece
            if len(body) > MOST_BYTES:
                return Response("too long\n", 413)
        answer = witness.add_checkpoint(body, int(time.time()))
        return Response(answer.body, answer.status, media_type=answer.kind)

    served.add_route("/add-checkpoint", add_checkpoint, methods=["POST"])
    return served
