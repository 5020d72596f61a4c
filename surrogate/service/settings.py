"""How a service runs: where it listens, where it keeps its runs, what it allows."""

from __future__ import annotations

import ipaddress
import os
import secrets
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from surrogate.errors import InputError

LOCAL_OWNER = "local"
"""Owner of everything where no tokens are set: whoever sits at this machine."""

SHORTEST_TOKEN = 24
"""Characters that a token needs at least: fewer could be guessed."""

_MOST_WORKERS = 64


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings of one service.

    Parameters
    ----------
    host : str
        Address to listen at. One that other machines reach needs tokens.
    port : int
        Port to listen at.
    database : Path
        The SQLite file of saved runs and twins; made where it is missing.
    tokens : mapping of str to str
        API tokens by owner. Without any, everyone is :data:`LOCAL_OWNER`.
    hosts : tuple of str
        Names that requests may call the service by, beside those of this
        machine; ``*`` for any.
    https : bool
        Whether browsers reach it through a proxy with TLS: their cookies then
        go no other way.
    workers : int
        Processes for full solves.
    niceness : int
        How far full solves, documents and calibrations give way to everything
        else on the machine: 0 not at all, 19 wherever anything else is to do.
    solve_seconds : float
        Time that one full solve may take [s].
    solves_per_hour : int
        Full solves that one client may ask for in an hour.
    solves_per_request : int
        Full solves that one request may ask for.
    body_bytes, upload_bytes : int
        Largest body of a request, and of one with measured hours.
    busy_seconds : float
        Time to wait for a database that somebody else writes to [s].
    session_days : float
        Days after its last use at which a twin's session expires.
    login_hours : float
        Hours after which a browser must give its token again.

    Raises
    ------
    InputError
        If a setting makes no sense, or others could reach the service without
        a token.
    """

    host: str = "127.0.0.1"
    port: int = 8000
    database: Path = field(default_factory=lambda: default_database())
    tokens: Mapping[str, str] = field(default_factory=dict, repr=False)
    hosts: tuple[str, ...] = ()
    https: bool = False
    workers: int = field(default_factory=lambda: min(os.cpu_count() or 1, 4))
    niceness: int = 19
    solve_seconds: float = 60.0
    solves_per_hour: int = 1000
    solves_per_request: int = 200
    body_bytes: int = 4_000_000
    upload_bytes: int = 8_000_000
    busy_seconds: float = 5.0
    session_days: float = 30.0
    login_hours: float = 12.0

    def __post_init__(self) -> None:
        _check_range("port", self.port, 0, 65535)
        _check_range("workers", self.workers, 1, _MOST_WORKERS)
        _check_range("niceness", self.niceness, 0, 19)
        _check_range("solve_seconds", self.solve_seconds, 1.0, 3600.0)
        for name, token in self.tokens.items():
            if len(token) < SHORTEST_TOKEN:
                raise InputError(
                    f"the token of {name!r} has {len(token)} characters, but it must have at "
                    f"least {SHORTEST_TOKEN}; make one with `surrogate token {name}`"
                )
        if len(set(self.tokens.values())) < len(self.tokens):
            raise InputError("two owners have the same token; give each one of their own")
        if not (is_loopback(self.host) and not self.hosts) and not self.tokens:
            way = f"host = {self.host!r}" if not is_loopback(self.host) else "--allow-host"
            raise InputError(
                f"{way} lets other machines in, but there is no token that would "
                "keep strangers out; make one with `surrogate token NAME >> tokens.toml` and "
                "give --tokens tokens.toml, or listen at 127.0.0.1"
            )

    def url_at(self, port: int) -> str:
        """Address of the assessment page, where the service listens at a port."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{port}"


def default_database() -> Path:
    """The SQLite file in the platform's data folder."""
    from platformdirs import user_data_path

    return user_data_path("surrogate", appauthor=False) / "service.sqlite"


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches an address.

    Examples
    --------
    >>> [is_loopback(host) for host in ("127.0.0.1", "localhost", "::1", "0.0.0.0")]
    [True, True, True, False]
    """
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def read_tokens(path: Path) -> dict[str, str]:
    """Read a file of tokens: TOML, ``name = "token"`` a line.

    Raises
    ------
    InputError
        If it is missing, no TOML, or holds anything else.
    """
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path} cannot be read: {error}") from None
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{path} is no TOML: {error}") from None
    if not found or not all(isinstance(token, str) for token in found.values()):
        raise InputError(f'{path} must hold lines such as alice = "token", and at least one')
    return found


def new_token(name: str) -> str:
    """Make a line of a file of tokens.

    Raises
    ------
    InputError
        If the name is not plain.
    """
    if not name.replace("-", "").replace("_", "").isalnum() or not name.isascii():
        raise InputError(
            f"name = {name!r}, but it must be of letters, digits, hyphens and underscores"
        )
    return f'{name} = "{secrets.token_urlsafe(32)}"'


def _check_range(name: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise InputError(f"{name} = {value}, but it must be from {low:g} to {high:g}")
