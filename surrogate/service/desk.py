"""Everything a running service holds, made once and handed to every path."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from starlette.requests import HTTPConnection

from surrogate.service.access import Keys
from surrogate.service.database import Database
from surrogate.service.estimates import Estimates
from surrogate.service.jobs import Jobs
from surrogate.service.rates import SolveRates
from surrogate.service.runs import Runs
from surrogate.service.settings import Settings
from surrogate.service.twins import Twins
from surrogate.service.work import Workers

_DOCUMENT_SECONDS, _MOST_DOCUMENTS = 60.0, 20
_CALIBRATION_SECONDS = 600.0


class Desk:
    """What paths work with.

    Parameters
    ----------
    settings : Settings
        How the service runs.

    Attributes
    ----------
    settings : Settings
        As given.
    keys : Keys
        Who may come in.
    database : Database
        What is saved.
    solvers : Workers
        Full solves.
    clerks : Workers
        Documents: each takes up to a second of one processor.
    fitters : Workers
        Calibrations: each takes some seconds of one processor.
    jobs : Jobs
        Full solves and calibrations under way.
    rates : SolveRates
        How many full solves each client may ask for.
    estimates : Estimates
        Questions to heat pumps and plants.
    runs : Runs
        Saved assessments.
    twins : Twins
        Sessions of digital twins.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.keys = Keys(settings.tokens, settings.login_hours)
        self.database = Database(settings.database, settings.busy_seconds)
        nice = settings.niceness
        self.solvers = Workers(settings.workers, settings.solve_seconds, niceness=nice)
        self.clerks = Workers(1, _DOCUMENT_SECONDS, _MOST_DOCUMENTS, nice)
        self.fitters = Workers(1, _CALIBRATION_SECONDS, niceness=nice)
        self.jobs = Jobs(self.solvers)
        self.rates = SolveRates(settings.solves_per_hour, settings.solves_per_request)
        self.estimates = Estimates(self.solvers, self.jobs, self.rates)
        self.runs = Runs(self.database)
        self.twins = Twins(self.database, settings.session_days)
        self._scratch = tempfile.TemporaryDirectory(prefix="surrogate-")

    @property
    def scratch(self) -> Path:
        """A folder for files of this run alone."""
        return Path(self._scratch.name)

    async def close(self) -> None:
        """End all work."""
        await self.jobs.close()
        self.solvers.close()
        self.clerks.close()
        self.fitters.close()
        self.database.close()
        self._scratch.cleanup()


def desk_of(connection: HTTPConnection) -> Desk:
    """Return the desk of the application that a request came to."""
    found: Any = connection.app.state.desk
    assert isinstance(found, Desk)
    return found
