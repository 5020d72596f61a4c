"""What decided a result: buildings at the margin, limits that bind, and what the gap means."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite

import pandas as pd

from surrogate.costing.parameters import NAMES, Settings
from surrogate.costing.report.told import Told
from surrogate.costing.summary import energy, grouped, percent

SHOWN = 12
"""So many buildings are listed on either side of the margin."""

_NEVER = frozenset({"forbidden", "unreachable-building", "unreachable-group", "forbidden-group"})
_CENT = 0.005
_TOUCHES = 1e-6

_WORDS = {
    "pipe": "the largest pipe on the way",
    "supply-kw": "what the supply can give at peak",
    "supply-kwh": "what the supply can give in a year",
    "required-path": "a required path",
    "required-building": "that it is required",
    "circle": "a circle of pipes",
}


@dataclass(frozen=True)
class Against:
    """A limit that keeps buildings out, or in, against the NPV.

    Parameters
    ----------
    limit : str
        In words.
    rows : DataFrame
        Their margins, the largest first.
    """

    limit: str
    rows: pd.DataFrame


@dataclass(frozen=True)
class Limit:
    """A constraint, and what the network comes to.

    Parameters
    ----------
    name : str
        The parameter.
    asked, reached : float
        Its value, and the network's.
    unit : str
        Of both.
    binds : bool
        Whether the network touches it, or a building's NPV is lost to it.
    """

    name: str
    asked: float
    reached: float
    unit: str
    binds: bool


@dataclass(frozen=True)
class Decided:
    """What decided a result.

    Parameters
    ----------
    short, made : DataFrame
        Margins of buildings that just fell short, and that only just made it; the
        nearest first, of a demand group one.
    short_count, made_count : int
        How many there are in all.
    marked : set of str
        IDs of all in ``short``, with those of their groups.
    missed : DataFrame
        Those whose change would raise the NPV, with nothing against it.
    against : list of Against
        Limits that cost NPV, building by building.
    limits : list of Limit
        All constraints that are given.
    counts_npv : bool
        Whether the whole NPV is what was maximised.
    """

    short: pd.DataFrame
    made: pd.DataFrame
    short_count: int
    made_count: int
    marked: set[str]
    missed: pd.DataFrame
    against: list[Against]
    limits: list[Limit]
    counts_npv: bool


def decided(told: Told) -> Decided:
    """Find what decided a result.

    Parameters
    ----------
    told : Told
        The result.
    """
    rows = told.margins
    free = rows[(rows["reason"] == "") & rows["npv_change"].notna()]
    free = free.sort_values("npv_change", ascending=False, kind="stable")
    worse = free[free["npv_change"] <= _CENT]
    short, made = worse[~worse["connected"]], worse[worse["connected"]]
    nearest = _once(short).head(SHOWN)
    return Decided(
        short=nearest,
        made=_once(made).head(SHOWN),
        short_count=len(short),
        made_count=len(made),
        marked=set(short.loc[short["npv_change"].isin(nearest["npv_change"]), "building_id"]),
        missed=_once(free[free["npv_change"] > _CENT]),
        against=_against(rows),
        limits=_limits(told),
        counts_npv=told.settings.objective == "max-npv" and _counts_all(told.settings),
    )


def _once(rows: pd.DataFrame) -> pd.DataFrame:
    """Of buildings that change together, the first."""
    same = rows.duplicated(["npv_change", "extra_length_m", "together"])
    return rows[~(same & (rows["together"] > 1))]


def _counts_all(settings: Settings) -> bool:
    return all(getattr(settings, name) for name in Settings.model_fields if name.startswith("use_"))


def _against(rows: pd.DataFrame) -> list[Against]:
    """Limits but for which the NPV would be larger, or beyond which it cannot be told."""
    held = rows[(rows["reason"] != "") & ~rows["reason"].isin(_NEVER)]
    held = held[held["npv_change"].isna() | (held["npv_change"] > _CENT)]
    return [
        Against(
            _WORDS.get(str(reason), str(reason)),
            own.sort_values("npv_change", ascending=False, kind="stable"),
        )
        for reason, own in held.groupby("reason", sort=True)
    ]


def _limits(told: Told) -> list[Limit]:
    row, settings = told.summary, told.settings
    fed = float(told.supplies["load_kwh"].sum())
    emitted = row["network_emissions_kg"]
    reached = {
        "linear-density": row["network_linear_density"],
        "kwh": row["network_kwh"],
        "network-length": row["network_length"],
        "npv": row["network_npv"],
        "emissions-factor": emitted / row["network_kwh"] if fed else float("nan"),
        "buildings": row["network_building_count"],
        "connections": row["network_connection_count"],
        "supplies": int(told.supplies["in_network"].sum()),
    }
    found = []
    for name, field in NAMES.items():
        asked = getattr(settings, field)
        if not name.startswith("constraint/") or asked is None:
            continue
        value = float(reached[name.partition("-")[2]])
        extra = Settings.model_fields[field].json_schema_extra
        unit = str(extra.get("unit", "")) if isinstance(extra, dict) else ""
        lost = told.margins[told.margins["reason"] == name]
        touches = abs(value - asked) <= _TOUCHES * max(abs(asked), 1.0)
        binds = touches or bool((lost["npv_change"] > _CENT).any())
        found.append(Limit(name, float(asked), value, unit, binds))
    return found


def gap_in_words(told: Told) -> list[str]:
    """What is known of better networks.

    Parameters
    ----------
    told : Told
        The result.
    """
    row = told.summary
    bound, gap = row["upper_bound"], row["bound_gap"]
    heat = told.settings.objective == "max-kwh"
    said = []
    if row["state"] == "optimal" and gap > 0:
        said.append(
            f"The network is proven to be within {percent(told.settings.mip_gap)} "
            "(optimiser/mip-gap) of the best by the exact costs."
        )
    if not isfinite(bound):
        said.append("There was no time for a bound: how much better another network is, is open.")
    elif gap > 0:
        most = f"is worth more than {grouped(bound)}"
        if heat:
            most = f"delivers more than {energy(bound)} a year"
        above = f", {percent(gap)} above" if isfinite(gap) else ""
        said.append(
            f"No network {most}{above}: a bound for the exact costs. In large networks it is a "
            "loose one, and the network as a rule nearer to the best than it says."
        )
    else:
        word = "delivers more" if heat else "is worth more"
        said.append(f"No network {word}: it is the best, by the exact costs.")
    if row["mip_gap_of"] == "straight costs" and isfinite(row["mip_gap"]):
        said.append(
            f"The last solve ended with a gap of {percent(row['mip_gap'])}, of a model whose pipes "
            "cost along straight lines; it says nothing on the exact costs."
        )
    return said
