"""The HTTP API: every path of it, and its description as OpenAPI."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI

from surrogate.service.problems import ProblemDocument
from surrogate.service.routes import about, assessments, estimates, solves, twins

DESCRIPTION = """
COP and electric power of large heat pumps at once, from tables of TESPy solves, with a known
error; full solves wherever a question lies outside them. Temperatures in degC, heat and power in
W, pressures in bar. Errors are problem documents (RFC 9457).
"""

TAGS = [
    {"name": "estimates", "description": "COP, power and capacity, now."},
    {"name": "full solves", "description": "Progress and results of what tables do not answer."},
    {"name": "assessments", "description": "What waste heat is worth; saved runs."},
    {
        "name": "twins",
        "description": "Digital twins: sessions, steps, measured hours, calibration.",
    },
    {"name": "about", "description": "Tables and health."},
]

ROUTERS = (
    estimates.router,
    solves.router,
    assessments.router,
    twins.router,
    about.router,
)


_METHODS = ("get", "put", "post", "delete", "patch")


def completed(schema: dict[str, Any]) -> dict[str, Any]:
    """Complete the description: problem documents, and the token where one is needed.

    Parameters
    ----------
    schema : dict
        As FastAPI makes it.
    """
    parts = schema["components"]
    document = ProblemDocument.model_json_schema(ref_template="#/components/schemas/{model}")
    parts["schemas"] |= {**document.pop("$defs"), ProblemDocument.__name__: document}
    parts["securitySchemes"] = {
        "token": {
            "type": "http",
            "scheme": "bearer",
            "description": "Needed where the service was given tokens.",
        }
    }
    for path, operations in schema["paths"].items():
        for method, operation in operations.items():
            if method in _METHODS and path != "/health":
                operation["security"] = [{}, {"token": []}]
    return schema


def include(app: FastAPI) -> None:
    """Add every path of the API to an application."""
    for router in ROUTERS:
        app.include_router(router)
