"""The API's reference, rendered from its own description."""

from __future__ import annotations

import json
from typing import Any

from fastapi import APIRouter, Request, Response

from surrogate.service.pages.render import page
from surrogate.service.problems import KINDS

router = APIRouter(include_in_schema=False)


@router.get("/api")
def reference_page(request: Request) -> Response:
    """Return the reference."""
    schema = request.app.openapi()
    groups: dict[str, list[dict[str, Any]]] = {tag["name"]: [] for tag in schema["tags"]}
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            for tag in operation["tags"]:
                groups[tag].append(_told(path, method, operation, schema))
    return page(
        request,
        "reference.html.j2",
        {
            "about": schema["info"]["description"],
            "tags": {tag["name"]: tag["description"] for tag in schema["tags"]},
            "groups": groups,
            "problems": KINDS,
        },
    )


def _told(
    path: str, method: str, operation: dict[str, Any], schema: dict[str, Any]
) -> dict[str, Any]:
    """One operation in words: what it takes, an example, what it answers."""
    body = _body(operation, schema)
    return {
        "path": path,
        "method": method.upper(),
        "summary": operation.get("summary", ""),
        "description": operation.get("description", ""),
        "parameters": operation.get("parameters", []),
        "fields": _fields(body, schema) if body else [],
        "example": json.dumps(body["examples"][0], indent=2) if body and "examples" in body else "",
        "statuses": sorted(operation.get("responses", {})),
    }


def _body(operation: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any] | None:
    content = operation.get("requestBody", {}).get("content", {})
    found = content.get("application/json", {}).get("schema")
    return None if found is None else _resolved(found, schema)


def _resolved(found: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    name = str(found.get("$ref", "")).rpartition("/")[2]
    resolved: dict[str, Any] = schema["components"]["schemas"][name] if name else found
    return resolved


def _fields(body: dict[str, Any], schema: dict[str, Any]) -> list[dict[str, Any]]:
    required = body.get("required", [])
    return [
        {
            "name": name,
            "required": name in required,
            "default": json.dumps(field["default"]) if "default" in field else "",
            "description": _resolved(field, schema).get("description", "")
            or next(
                (one["description"] for one in field.get("anyOf", []) if "description" in one), ""
            ),
        }
        for name, field in body.get("properties", {}).items()
    ]
