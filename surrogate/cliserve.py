"""``surrogate serve`` and ``surrogate token``: the web service on the command line."""

from __future__ import annotations

from pathlib import Path

import click

from surrogate.extras import need

_NEEDED = (
    "fastapi", "uvicorn", "sqlalchemy", "alembic", "pebble", "limits", "orjson", "jinja2", "plotly",
    "typst", "matplotlib",
)  # fmt: skip


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen at.")
@click.option("--port", type=int, default=8000, show_default=True, help="Port to listen at.")
@click.option(
    "--database",
    type=click.Path(path_type=Path, dir_okay=False),
    help="SQLite file of saved runs; in your data folder by default.",
)
@click.option(
    "--tokens",
    type=click.Path(path_type=Path, dir_okay=False),
    help="TOML file of API tokens, a line each; needed wherever other machines get in.",
)
@click.option(
    "--allow-host",
    "hosts",
    multiple=True,
    metavar="NAME",
    help="A name that the service may be called by, beside those of this machine.",
)
@click.option(
    "--https", is_flag=True, help="Browsers reach it through a proxy with TLS: keep cookies to it."
)
@click.option("--workers", type=int, help="Processes for full solves; one for each core, up to 4.")
@click.option(
    "--niceness",
    type=int,
    default=19,
    show_default=True,
    help="How far full solves give way to everything else: 0 not at all, 19 wholly.",
)
@click.option(
    "--solve-seconds",
    type=float,
    default=60.0,
    show_default=True,
    help="Time that one full solve may take.",
)
@click.option(
    "--solves-per-hour",
    type=click.IntRange(min=1),
    default=1000,
    show_default=True,
    help="Full solves that one client may ask for in an hour.",
)
def serve(
    host: str,
    port: int,
    database: Path | None,
    tokens: Path | None,
    hosts: tuple[str, ...],
    https: bool,
    workers: int | None,
    niceness: int,
    solve_seconds: float,
    solves_per_hour: int,
) -> None:
    """Run the web service: assessment page, digital twin, HTTP API."""
    for module in _NEEDED:
        need(module, "service")
    from surrogate.service import settings
    from surrogate.service.serve import serve as run

    given = {
        "database": database,
        "workers": workers,
        "tokens": None if tokens is None else settings.read_tokens(tokens),
    }
    run(
        settings.Settings(
            host=host,
            port=port,
            hosts=hosts,
            https=https,
            niceness=niceness,
            solve_seconds=solve_seconds,
            solves_per_hour=solves_per_hour,
            **{name: value for name, value in given.items() if value is not None},  # type: ignore[arg-type]  # by its name
        )
    )


@click.command()
@click.argument("name")
def token(name: str) -> None:
    """Make an API token for NAME: a line for the file that `serve --tokens` takes."""
    from surrogate.service.settings import new_token

    click.echo(new_token(name))
