"""Optional dependencies: what is missing is named with the extra that brings it."""

from __future__ import annotations

import importlib.util

from surrogate.errors import MissingExtraError


def need(module: str, extra: str) -> None:
    """Make sure that an optional package is there.

    Parameters
    ----------
    module : str
        What would be imported.
    extra : str
        The extra of this distribution that installs it.

    Raises
    ------
    MissingExtraError
        If it is not installed.
    """
    if importlib.util.find_spec(module) is None:
        raise MissingExtraError(
            f"this needs {module}, which is not installed; "
            f"pip install 'heatpump-surrogate[{extra}]'"
        )
