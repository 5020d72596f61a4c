"""Styles that a result's GeoPackage brings along, so that QGIS shows the network at once."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pandas as pd

# The table as QGIS itself makes it when a style is saved in a GeoPackage.
_CREATE = """
CREATE TABLE IF NOT EXISTS layer_styles (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    f_table_catalog TEXT(256), f_table_schema TEXT(256), f_table_name TEXT(256),
    f_geometry_column TEXT(256), styleName TEXT(30), styleQML TEXT, styleSLD TEXT,
    useAsDefault BOOLEAN, description TEXT, owner TEXT(30), ui TEXT(30),
    update_time DATETIME DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now'))
)"""
_LIST = """
INSERT OR IGNORE INTO gpkg_contents (table_name, data_type, identifier)
VALUES ('layer_styles', 'attributes', 'layer_styles')"""
_INSERT = """
INSERT INTO layer_styles (f_table_catalog, f_table_schema, f_table_name, f_geometry_column,
                          styleName, styleQML, styleSLD, useAsDefault, description, owner)
SELECT '', '', table_name, column_name, ?, ?, '', 1, ?, ''
FROM gpkg_geometry_columns WHERE lower(table_name) = ?"""

_IN = 'coalesce("in_network", false)'
_GREY = "150,150,150,255"
_DARK = "60,60,60,255"
_RED = "214,48,39,255"
_NONE = "0,0,0,0"
# From thin to thick pipes: light orange to dark violet.
_RAMP = ((254, 178, 76), (240, 59, 32), (122, 1, 119))
_THIN, _THICK = 0.5, 2.2  # mm on the map
_DOCTYPE = "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n"


@dataclass(frozen=True)
class _Rule:
    """What is drawn how; ``layers`` are pairs of QGIS' class and its properties."""

    label: str
    filter: str
    kind: str
    layers: tuple[tuple[str, dict[str, str]], ...]
    level: int = 0


def add_styles(tables: Mapping[str, pd.DataFrame], file: Path) -> None:
    """Give the layers of a result their default styles.

    Parameters
    ----------
    tables : mapping of str to pandas.DataFrame
        Tables that the file has; those with a column ``in_network`` get a style.
    file : Path
        The GeoPackage.
    """
    styles = {
        name: qml(name, table)
        for name, table in tables.items()
        if name in ("buildings", "paths", "supplies") and "in_network" in table.columns
    }
    if not styles:
        return
    with contextlib.closing(sqlite3.connect(file)) as connection, connection:
        connection.execute(_CREATE)
        connection.execute(_LIST)
        for name, text in styles.items():
            connection.execute(_INSERT, (name, text, f"Result of costing: {name}", name))


def qml(name: str, table: pd.DataFrame) -> str:
    """Style of a result's layer.

    Parameters
    ----------
    name : str
        ``buildings``, ``paths`` or ``supplies``.
    table : pandas.DataFrame
        The table, with geometry; diameters and kinds of geometry are taken from it.

    Returns
    -------
    str
        The style as QGIS keeps it (QML).
    """
    if name == "paths":
        return _document(_path_rules(table))
    draw = _building_rules if name == "buildings" else _supply_rules
    kinds = sorted({str(kind).removeprefix("Multi") for kind in table.geom_type.dropna()})
    rules = [rule for kind in kinds for rule in draw(kind)]
    if len(kinds) > 1:
        # QGIS shows points and areas as layers of their own, and draws each by the rules that fit.
        said = {"fill": "area", "marker": "point"}
        rules = [replace(rule, label=f"{rule.label} ({said[rule.kind]})") for rule in rules]
    return _document(rules)


def _path_rules(table: pd.DataFrame) -> list[_Rule]:
    """One rule a diameter; the network is drawn over what is not in it."""
    rules = [_Rule("not in the network", f"NOT {_IN}", "line", (_line(_GREY, 0.2),))]
    diameters: list[float] = []
    if "diameter_mm" in table.columns:
        used = pd.to_numeric(table["diameter_mm"][table["in_network"].fillna(False).astype(bool)])
        diameters = sorted({float(diameter) for diameter in used.dropna()})
    for i, diameter in enumerate(diameters):
        share = i / max(1, len(diameters) - 1)
        line = _line(_colour(share), _THIN + share * (_THICK - _THIN))
        where = f'{_IN} AND "diameter_mm" = {diameter:.10g}'
        rules.append(_Rule(f"DN {diameter:g}", where, "line", (line,), 1 + i))
    return rules


def _building_rules(kind: str) -> list[_Rule]:
    served = _area("253,141,60,255", _DARK) if kind == "Polygon" else _marker(_RED, _DARK, 2.4)
    left = _area(_NONE, _GREY) if kind == "Polygon" else _marker(_NONE, _GREY, 2)
    symbol = "fill" if kind == "Polygon" else "marker"
    return [
        _Rule("in the network", _IN, symbol, (served,)),
        _Rule("not in the network", f"NOT {_IN}", symbol, (left,)),
    ]


def _supply_rules(kind: str) -> list[_Rule]:
    """Large symbols, on areas in their middle."""
    used = _marker(_RED, "255,255,255,255", 7, "star")
    unused = _marker("255,255,255,255", _DARK, 5, "diamond")
    if kind != "Polygon":
        return [
            _Rule("in the network", _IN, "marker", (used,)),
            _Rule("not in the network", f"NOT {_IN}", "marker", (unused,)),
        ]
    return [
        _Rule("in the network", _IN, "fill", (_area("251,180,174,255", _RED), used)),
        _Rule("not in the network", f"NOT {_IN}", "fill", (_area(_NONE, _DARK), unused)),
    ]


def _colour(share: float) -> str:
    """A place on the ramp."""
    low = int(share * (len(_RAMP) - 1) - 1e-9)
    part = share * (len(_RAMP) - 1) - low
    mixed = (round(a + part * (b - a)) for a, b in zip(_RAMP[low], _RAMP[low + 1], strict=True))
    return ",".join((*(str(value) for value in mixed), "255"))


def _line(colour: str, width: float) -> tuple[str, dict[str, str]]:
    return "SimpleLine", {
        "capstyle": "round",
        "joinstyle": "round",
        "line_color": colour,
        "line_style": "solid",
        "line_width": f"{width:.2f}",
        "line_width_unit": "MM",
    }


def _area(fill: str, outline: str) -> tuple[str, dict[str, str]]:
    return "SimpleFill", {
        "color": fill,
        "joinstyle": "bevel",
        "outline_color": outline,
        "outline_style": "solid",
        "outline_width": "0.2",
        "outline_width_unit": "MM",
        "style": "no" if fill == _NONE else "solid",
    }


def _marker(
    fill: str, outline: str, size: float, name: str = "circle"
) -> tuple[str, dict[str, str]]:
    return "SimpleMarker", {
        "color": fill,
        "name": name,
        "outline_color": outline,
        "outline_style": "solid",
        "outline_width": "0.3",
        "outline_width_unit": "MM",
        "size": f"{size:g}",
        "size_unit": "MM",
    }


def _document(rules: Iterable[_Rule]) -> str:
    """The QML of a rule-based renderer."""
    root = ET.Element("qgis", {"version": "3.22.0", "styleCategories": "Symbology"})
    renderer = ET.SubElement(
        root,
        "renderer-v2",
        {"type": "RuleRenderer", "symbollevels": "1", "forceraster": "0", "enableorderby": "0"},
    )
    tree = ET.SubElement(renderer, "rules", {"key": "{rules}"})
    symbols = ET.SubElement(renderer, "symbols")
    for i, rule in enumerate(rules):
        said = {
            "key": f"{{rule-{i}}}",
            "label": rule.label,
            "filter": rule.filter,
            "symbol": str(i),
        }
        ET.SubElement(tree, "rule", said)
        _symbol(symbols, str(i), rule)
    ET.indent(root)
    return _DOCTYPE + ET.tostring(root, encoding="unicode") + "\n"


def _symbol(parent: ET.Element, name: str, rule: _Rule) -> None:
    symbol = ET.SubElement(parent, "symbol", _symbol_attributes(rule.kind, name))
    for i, (kind, properties) in enumerate(rule.layers):
        if kind == "SimpleMarker" and rule.kind == "fill":
            outer = _layer(symbol, "CentroidFill", {"point_on_surface": "1"}, rule.level)
            inner = ET.SubElement(outer, "symbol", _symbol_attributes("marker", f"@{name}@{i}"))
            _layer(inner, kind, properties, rule.level)
        else:
            _layer(symbol, kind, properties, rule.level)


def _symbol_attributes(kind: str, name: str) -> dict[str, str]:
    return {"type": kind, "name": name, "alpha": "1", "clip_to_extent": "1", "force_rhr": "0"}


def _layer(parent: ET.Element, kind: str, properties: Mapping[str, Any], level: int) -> ET.Element:
    """A layer of a symbol; properties twice, as newer and as older versions read them."""
    said = {"class": kind, "enabled": "1", "locked": "0", "pass": str(level)}
    layer = ET.SubElement(parent, "layer", said)
    options = ET.SubElement(layer, "Option", {"type": "Map"})
    for key, value in properties.items():
        ET.SubElement(options, "Option", {"type": "QString", "name": key, "value": value})
    for key, value in properties.items():
        ET.SubElement(layer, "prop", {"k": key, "v": value})
    return layer
