"""Facts on refrigerants: names, hazards, climate, regulation.

The facts come from the project's own data file, each with its source, since
CoolProp's entries for climate and safety are missing or wrong for several.
Thermodynamic constants come from CoolProp, imported only when asked for.
"""

from __future__ import annotations

import difflib
import functools
import tomllib
from pathlib import Path
from typing import NamedTuple

from surrogate.errors import InputTypeError, UnknownRefrigerantError
from surrogate.units import KELVIN


class FluidFacts(NamedTuple):
    """What planners ask of a refrigerant beside its COP.

    Attributes
    ----------
    name : str
        Its R number, as CoolProp takes it.
    aliases : tuple of str
        Other names for it.
    chemical : str
        Its name in chemistry.
    gwp100 : float
        Global warming potential over 100 years [kg CO2e/kg].
    safety_class : str
        Class after ASHRAE 34 / ISO 817.
    pfas : bool
        Whether it is a PFAS after the OECD's definition of 2021.
    """

    name: str
    aliases: tuple[str, ...]
    chemical: str
    gwp100: float
    safety_class: str
    pfas: bool


@functools.cache
def _data() -> dict[str, object]:
    text = (Path(__file__).parent / "data" / "fluids.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


@functools.cache
def all_facts() -> dict[str, FluidFacts]:
    """Facts on every refrigerant in the data file, by name."""
    rows = _data()["fluid"]
    assert isinstance(rows, list)
    return {row["name"]: FluidFacts(**{**row, "aliases": tuple(row["aliases"])}) for row in rows}


def sources() -> dict[str, str]:
    """Where each kind of fact comes from, with its date."""
    found = _data()["sources"]
    assert isinstance(found, dict)
    return dict(found)


def facts(refrigerant: str) -> FluidFacts | None:
    """Facts on one refrigerant, or None where the data file has none.

    Examples
    --------
    >>> facts("ammonia").safety_class
    'B2L'
    """
    return all_facts().get(canonical_name(refrigerant))


@functools.cache
def _names() -> dict[str, str]:
    return {
        _key(alias): name for name, fluid in all_facts().items() for alias in (name, *fluid.aliases)
    }


@functools.lru_cache(maxsize=1024)
def canonical_name(refrigerant: str) -> str:
    """One name for each refrigerant, however it was written.

    Raises
    ------
    UnknownRefrigerantError
        If neither the data file nor CoolProp knows it.
    InputTypeError
        If it is no text.

    Examples
    --------
    >>> canonical_name("ammonia"), canonical_name("r1234ZE(e)")
    ('R717', 'R1234ze(E)')
    """
    if not isinstance(refrigerant, str):
        raise InputTypeError(f"refrigerant = {refrigerant!r}, but it must be a name such as 'R717'")
    known = _names().get(_key(refrigerant))
    if known is not None:
        return known
    if any(mark in refrigerant for mark in ("&", "::", "[")):
        raise _unknown(
            refrigerant,
            "it must be one fluid by its plain name: mixtures and CoolProp's backends cannot be "
            "chosen",
        )
    import CoolProp.CoolProp as CP

    try:
        # Aliases of one fluid lead to one name; typing errors lead nowhere.
        name = str(CP.get_fluid_param_string(refrigerant, "name"))
    except (ValueError, RuntimeError):
        name = ""
    if not name:
        close = difflib.get_close_matches(_key(refrigerant), list(_names()), n=1, cutoff=0.75)
        hint = f"; did you mean {_names()[close[0]]}?" if close else ""
        raise _unknown(refrigerant, f"CoolProp knows no fluid of that name{hint}")
    return _names().get(_key(name), name)


def _unknown(refrigerant: str, problem: str) -> UnknownRefrigerantError:
    return UnknownRefrigerantError(
        f"refrigerant = {refrigerant!r}, but {problem}",
        field="refrigerant",
        value=refrigerant,
        limit="one fluid that CoolProp knows",
    )


def _key(name: str) -> str:
    return "".join(name.split()).lower().replace("-", "")


@functools.lru_cache(maxsize=256)
def _constant(refrigerant: str, which: str) -> float:
    import CoolProp.CoolProp as CP

    return float(CP.PropsSI(which, canonical_name(refrigerant))) - KELVIN


def t_critical(refrigerant: str) -> float:
    """Critical temperature [degC]."""
    return _constant(refrigerant, "Tcrit")


def t_lowest(refrigerant: str) -> float:
    """Lowest temperature of the equation of state, at or near the triple point [degC]."""
    return _constant(refrigerant, "Tmin")
