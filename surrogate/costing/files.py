"""Tables of heat-network costing in files: a GeoPackage, or a folder of CSV and GeoJSON."""

from __future__ import annotations

import contextlib
import csv
import json
import os
import re
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from surrogate.costing.qgis import add_styles
from surrogate.costing.schema import GEOMETRIES, TABLES
from surrogate.costing.storedtypes import is_geo, stored
from surrogate.errors import InputError
from surrogate.extras import need
from surrogate.files import probe, written_whole

RESULTS = (
    "cashflow",
    "solution_summary",
    "building_margins",
    "infeasible_reasons",
    "temperature_sweep",
    "temperature_sweep_pipes",
)
"""Tables that only a result has; :func:`read` passes over them."""

_ALLOWED = "a GeoPackage (.gpkg), or a folder with files such as paths.geojson and tariffs.csv"
_SQLITE = b"SQLite format 3\0"
_OF_QGIS = ("layer_styles", "qgis_projects")
_WKT_COLUMNS = ("geometry", "wkt")
_SRID = re.compile(r"\s*SRID\s*=\s*(\d+)\s*;", re.IGNORECASE)
_SHOWN = 60
# 1e-10 degrees are 0.01 mm: ends that meet in metres still meet.
_DECIMALS = "10"


def read(
    path: str | os.PathLike[str], crs: Any = None, *, results: bool = False
) -> dict[str, pd.DataFrame]:
    """Read the tables of an input, or of a result.

    Nothing is checked or converted beyond what the files say: a CSV gives text,
    the schema makes numbers of it. Empty cells are None. Results that an earlier
    run wrote beside the tables are passed over; any other layer or file that is
    no table is ignored with a warning.

    Parameters
    ----------
    path : str or path-like
        A GeoPackage whose layers are named as the tables, or a folder of files
        named as the tables in any case: CSV, with the geometry as WKT or EWKT in
        a column ``geometry`` or ``wkt``, and GeoJSON (``.geojson``).
    crs : optional
        Coordinate reference system, such as "EPSG:25832", of geometry whose file
        does not say one: CSV without ``SRID=...;``, or such a layer.
    results : bool
        Also read the tables that only a result has.

    Returns
    -------
    dict of str to pandas.DataFrame
        Buildings, paths and supplies as geopandas.GeoDataFrame, the other tables
        as DataFrame, in the order of the schema. The CRS is as the file has it.

    Raises
    ------
    InputError
        If there is no such path, it is of another kind, cannot be read, has no
        table, or has one twice; a bad WKT is named with its row, the first is 1.
    """
    _installed()
    path = Path(path)
    given = None if crs is None else _crs(crs, "crs")
    wanted = (*TABLES, *RESULTS) if results else tuple(TABLES)
    if path.is_dir():
        tables = _read_folder(path, given, wanted)
    elif not path.exists():
        raise InputError(f"{path}: there is no such file or folder; give {_ALLOWED}")
    elif path.suffix.lower() != ".gpkg":
        raise InputError(f"{path} is of another kind; give {_ALLOWED}")
    else:
        tables = _read_geopackage(path, given, wanted)
    if not tables:
        raise InputError(f"{path} has none of the tables {', '.join(TABLES)}; give {_ALLOWED}")
    return {name: tables[name] for name in wanted if name in tables}


def write(tables: Mapping[str, pd.DataFrame], path: str | os.PathLike[str]) -> None:
    """Write the tables of an input or of a result.

    Parameters
    ----------
    tables : mapping of str to pandas.DataFrame
        Tables by name, geometry as shapely objects or WKT. Lists are written as
        JSON text; None, NaN and NaT as nothing, and a table that is None not at all.
    path : str or path-like
        ``.gpkg``: one GeoPackage, which takes its place whole or not at all; a
        result gets styles for QGIS. Anything else is a folder, made where it is
        missing, whose files are replaced each as a whole: geometry as GeoJSON,
        reprojected to WGS84 (as CSV with WKT where it has no CRS, or no rows),
        the other tables as CSV.

    Raises
    ------
    InputError
        If a name is no table, a geometry is none, or the path cannot be written
        (see :func:`check_writable`).
    InputTypeError
        If a table is no DataFrame.
    """
    check_writable(tables, path)
    path = Path(path)
    frames = {name: stored(name, table) for name, table in tables.items() if table is not None}
    if path.suffix.lower() == ".gpkg":
        with _named(path, "written"), written_whole(path) as temporary:
            _write_geopackage(frames, temporary)
        return
    path.mkdir(parents=True, exist_ok=True)
    for name, frame in frames.items():
        with _named(path / name, "written"):
            _write_file(frame, name, path)
    for name in set(RESULTS) - set(frames):
        # A cash flow of an earlier run beside these tables would be taken for theirs.
        (path / f"{name}.csv").unlink(missing_ok=True)


def check_writable(tables: Mapping[str, pd.DataFrame], path: str | os.PathLike[str]) -> None:
    """Make sure that :func:`write` can be asked this; before a long run, too.

    Parameters
    ----------
    tables : mapping of str to pandas.DataFrame
        Tables by name.
    path : str or path-like
        Where they would be written.

    Raises
    ------
    InputError
        If a name is no table; the path is of another kind, or nothing can be
        written there; another program has the GeoPackage open; or the folder has
        tables that would stay there beside the new ones and be read with them.
    """
    _installed()
    path = Path(path)
    for name in tables:
        if name not in TABLES and name not in RESULTS:
            raise InputError(f"{name!r} is no table; they are {', '.join((*TABLES, *RESULTS))}")
    if path.suffix.lower() == ".gpkg":
        wal = path.with_name(path.name + "-wal")
        if path.is_dir():
            raise InputError(f"{path} is a folder; give the name of a file to write")
        # SQLite would replay the other's changes into the new file.
        if wal.exists() and wal.stat().st_size:
            raise InputError(f"{path} is open elsewhere; close it, or give another name")
        _probed(path)
        return
    if path.is_file() or path.suffix.lower() in (".csv", ".geojson", ".json", ".shp", ".xlsx"):
        raise InputError(f"{path} is of another kind; give a GeoPackage (.gpkg), or a folder")
    if path.is_dir():
        frames = {name: stored(name, table) for name, table in tables.items() if table is not None}
        written = {_file_name(name, frame) for name, frame in frames.items()}
        stay = [file.name for file in _files(path) if _is_table(file) and file.name not in written]
        if stay:
            raise InputError(
                f"{path} has {', '.join(stay)}, which would be read together with the new tables; "
                "remove that, or give another folder"
            )
    _probed(path / "solution_summary.csv")


def _probed(file: Path) -> None:
    try:
        probe(file)
    except OSError as error:
        raise InputError(f"{file} cannot be written: {error.strerror}") from error


def _installed() -> None:
    for module in ("geopandas", "pyogrio"):
        need(module, "costing")


def _crs(crs: Any, where: str) -> Any:
    from pyproj import CRS
    from pyproj.exceptions import CRSError

    try:
        return CRS.from_user_input(crs)
    except CRSError as error:
        raise InputError(
            f"{where}: {crs!r} is no coordinate reference system; give one such as 'EPSG:25832'"
        ) from error


@contextlib.contextmanager
def _named(file: Path, done: str) -> Iterator[None]:
    """Errors of the libraries as one of ours, with the file's name."""
    try:
        yield
    except InputError:
        raise
    except UnicodeError as error:
        raise InputError(f"{file} is not UTF-8; save it as that ({error})") from error
    except (OSError, RuntimeError, ValueError, csv.Error) as error:
        raise InputError(f"{file} cannot be {done}: {error}") from error


def _files(folder: Path) -> list[Path]:
    """Files of a folder, but for hidden ones."""
    found = (file for file in folder.iterdir() if not file.name.startswith("."))
    return sorted(file for file in found if file.is_file())


def _is_table(file: Path) -> bool:
    return file.stem.lower() in TABLES and file.suffix.lower() in (".csv", ".geojson")


def _ignored(what: str) -> None:
    warnings.warn(f"{what} is none of the tables {', '.join(TABLES)}: ignored", stacklevel=4)


def _read_folder(folder: Path, crs: Any, wanted: tuple[str, ...]) -> dict[str, pd.DataFrame]:
    found: dict[str, Path] = {}
    for file in _files(folder):
        name = file.stem.lower()
        if not (_is_table(file) or (name in wanted and file.suffix.lower() == ".csv")):
            if name not in RESULTS:
                _ignored(str(file))
        elif name in found:
            raise InputError(
                f"{folder} has {name} twice, {found[name].name} and {file.name}; keep one of them"
            )
        else:
            found[name] = file
    tables = {}
    for name, file in found.items():
        with _named(file, "read"):
            reader = _read_csv if file.suffix.lower() == ".csv" else _read_geojson
            tables[name] = reader(file, name, crs)
    return tables


def _read_csv(file: Path, name: str, crs: Any) -> pd.DataFrame:
    """Read a CSV as text, row by row and column by column as it stands there."""
    with file.open(newline="", encoding="utf-8-sig") as lines:
        header, *rows = [row for row in csv.reader(lines) if row] or [[]]
    names = [column.strip() for column in header]
    if len(names) == 1 and ";" in names[0]:
        raise InputError(f"{file} separates its columns by semicolons; commas are needed")
    for column in names:
        if names.count(column) > 1:
            raise InputError(f"{file} has more than one column {column!r}")
    for i, row in enumerate(rows, start=1):
        if len(row) != len(names):
            raise InputError(f"{file}, row {i}: {len(row)} fields, but the header has {len(names)}")
    columns = {
        column: [row[i] if row[i].strip() else None for row in rows]
        for i, column in enumerate(names)
    }
    if name not in GEOMETRIES:
        return _texts(columns, len(rows))
    wkt = [column for column in columns if column.lower() in _WKT_COLUMNS]
    if len(wkt) != 1:
        raise InputError(
            f"{file} has {len(wkt) or 'no'} columns geometry or wkt; one with the geometry as WKT "
            f"is needed, or {name}.geojson instead of this file"
        )
    shapes, own = _shapes(file, columns.pop(wkt[0]))
    return _geo(_texts(columns, len(rows)), shapes, crs if own is None else own)


def _texts(columns: Mapping[str, list[Any]], count: int) -> pd.DataFrame:
    """A frame of what is given, nothing of it converted."""
    series = {name: pd.Series(values, dtype=object) for name, values in columns.items()}
    return pd.DataFrame(series, index=range(count))


def _geo(frame: pd.DataFrame, shapes: list[Any], crs: Any) -> pd.DataFrame:
    import geopandas as gpd

    geo: pd.DataFrame = gpd.GeoDataFrame(frame, geometry=gpd.GeoSeries(shapes, crs=crs))
    return geo


def _shapes(file: Path, texts: list[str | None]) -> tuple[list[Any], Any]:
    """Geometry of WKT or EWKT, and the CRS that the latter says."""
    import shapely

    shapes, srids = list[Any](), set[str]()
    for row, text in enumerate(texts, start=1):
        said = _SRID.match(text or "")
        if said and int(said[1]):
            srids.add(said[1])
        if len(srids) > 1:
            raise InputError(f"{file}, row {row}: SRID {said and said[1]} differs from those above")
        try:
            shapes.append(text and shapely.from_wkt(text[said.end() if said else 0 :]))
        except shapely.errors.GEOSException as error:
            shown = str(text) if len(str(text)) <= _SHOWN else f"{str(text)[:_SHOWN]}..."
            raise InputError(
                f"{file}, row {row}: {shown!r} is no WKT; give such as 'POINT (512000 5402000)'"
            ) from error
    return shapes, _crs(int(srids.pop()), f"{file}, SRID") if srids else None


def _read_geojson(file: Path, name: str, crs: Any) -> pd.DataFrame:
    """Read GeoJSON; not by GDAL, which makes dates and numbers of IDs that look like them."""
    import pyogrio
    import shapely

    content = json.loads(file.read_text(encoding="utf-8-sig"))
    if not isinstance(content, dict) or not isinstance(content.get("features"), list):
        raise InputError(f"{file} is no GeoJSON FeatureCollection")
    features = content["features"]
    rows = [feature.get("properties") or {} for feature in features]
    columns = dict.fromkeys(column for row in rows for column in row)
    frame = _texts({column: [row.get(column) for row in rows] for column in columns}, len(rows))
    if name not in GEOMETRIES:
        return frame
    shapes = []
    for row, feature in enumerate(features, start=1):
        try:
            shape = feature.get("geometry")
            shapes.append(None if shape is None else shapely.geometry.shape(shape))
        except (ValueError, TypeError, LookupError, AttributeError, shapely.errors.ShapelyError):
            raise InputError(f"{file}, feature {row}: its geometry is none of GeoJSON") from None
    own = pyogrio.read_info(file)["crs"] if content.get("crs") else "EPSG:4326"
    return _geo(frame, shapes, own or crs)


def _read_geopackage(file: Path, crs: Any, wanted: tuple[str, ...]) -> dict[str, pd.DataFrame]:
    import pyogrio

    tables = {}
    with _named(file, "read"):
        with file.open("rb") as start:
            if start.read(len(_SQLITE)) != _SQLITE:
                raise InputError(f"{file} is no GeoPackage, whatever its name; give {_ALLOWED}")
        for layer, kind in pyogrio.list_layers(file):
            name = layer.lower()
            if name not in wanted:
                if name not in RESULTS and name not in _OF_QGIS:
                    _ignored(f"{file}, layer {layer}")
            elif name in GEOMETRIES and kind is None:
                raise InputError(f"{file}: {layer} has no geometry; a layer is needed, no table")
            else:
                tables[name] = _read_layer(file, layer, name in GEOMETRIES, crs)
    return tables


def _read_layer(file: Path, layer: str, geometry: bool, crs: Any) -> pd.DataFrame:
    import pyogrio

    frame: pd.DataFrame = pyogrio.read_dataframe(file, layer=layer, read_geometry=geometry)
    info = pyogrio.read_info(file, layer=layer)
    for column, dtype in zip(info["fields"], info["dtypes"], strict=True):
        # Where some are null, whole numbers and booleans come as floats, text with NaN.
        if dtype == "bool" and frame[column].isna().any():
            frame[column] = frame[column].astype("boolean")
        elif dtype.startswith("int") and frame[column].isna().any():
            frame[column] = frame[column].astype("Int64")
        elif dtype == "object":
            frame[column] = frame[column].astype(object).where(frame[column].notna(), None)
    if geometry and crs is not None and frame.crs is None:
        frame = frame.set_crs(crs)
    return frame


def _file_name(name: str, frame: Any) -> str:
    has_crs = is_geo(frame) and frame.crs is not None and len(frame) > 0
    return f"{name}.geojson" if has_crs else f"{name}.csv"


def _write_file(frame: Any, name: str, folder: Path) -> None:
    import pyogrio

    file = folder / _file_name(name, frame)
    with written_whole(file) as temporary:
        if file.suffix == ".geojson":
            options = {"COORDINATE_PRECISION": _DECIMALS}
            how = {"driver": "GeoJSON", "promote_to_multi": False, "layer_options": options}
            pyogrio.write_dataframe(frame.to_crs("EPSG:4326"), temporary, layer=name, **how)
        else:
            _csv(frame).to_csv(temporary, index=False, lineterminator="\n", encoding="utf-8")


def _csv(frame: Any) -> pd.DataFrame:
    """A table as text, where pandas would write it otherwise."""
    out = pd.DataFrame(frame)
    if is_geo(frame):
        import shapely

        out["geometry"] = shapely.to_wkt(frame.geometry.to_numpy(), rounding_precision=-1)
    for column in out.columns:
        if out[column].dtype.name in ("bool", "boolean"):
            out[column] = out[column].map({True: "true", False: "false"})
    return out


def _write_geopackage(frames: Mapping[str, pd.DataFrame], file: Path) -> None:
    import pyogrio

    for name, frame in frames.items():
        taken = {str(column).lower() for column in frame.columns}
        options = {"FID": next(x for x in ("fid", "row_fid", "row_fid_2") if x not in taken)}
        if is_geo(frame):
            options["GEOMETRY_NAME"] = "geom" if "geom" not in taken else "geom_2"
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "'crs' was not provided", UserWarning)
            how = {"driver": "GPKG", "promote_to_multi": False, "layer_options": options}
            pyogrio.write_dataframe(frame, file, layer=name, **how)
    add_styles(frames, file)
