"""A result in words: the headline, what its state means, and figures at a glance."""

from __future__ import annotations

from math import isfinite
from typing import NamedTuple

from surrogate.costing.report.money import Money
from surrogate.costing.report.told import Told
from surrogate.costing.summary import ENDED, energy, grouped, percent, way_on


class Headline(NamedTuple):
    """What comes first: how it is meant (``good``, ``bad`` or ``soft``), a line, a paragraph."""

    mood: str
    line: str
    text: str


class Tile(NamedTuple):
    """A figure at a glance: its name, its value, the same as it is shown, and a remark."""

    name: str
    value: float
    shown: str
    remark: str = ""


def headline(told: Told, money: Money) -> Headline:
    """The result in two sentences.

    Parameters
    ----------
    told : Told
        The result.
    money : Money
        Its cash flow.
    """
    row = told.summary
    if row["state"] == "infeasible":
        return Headline("bad", "No network keeps all limits.", "What would have to give:")
    if not told.found:
        return Headline(
            "bad",
            "No network was found.",
            f"There may be one: {way_on(str(row['state']))}.",
        )
    count, npv = int(row["network_building_count"]), float(row["network_npv"])
    if not count:
        text = "Whatever is connected costs more than it earns, with these prices and limits."
        if npv < 0:
            text += f" What is required costs {grouped(-npv)} all the same."
        return Headline("soft", "No building is worth connecting.", text)
    many = f"{count} of {len(told.buildings)} buildings"
    horizon = f"over {told.settings.npv_term} years at {100 * told.settings.npv_rate:g} %"
    line = f"{many}, {_length(row['network_length'])} of pipe: NPV {grouped(npv)} {horizon}."
    return Headline("good" if npv >= 0 else "bad", line, _flowing(told, money))


def _flowing(told: Told, money: Money) -> str:
    row = told.summary
    used = told.supplies.loc[told.supplies["load_kwh"] > 0, "supply_id"].tolist()
    text = f"The network delivers {energy(row['network_kwh'])} a year"
    text += f", fed by {_listed(used)}. " if used else ". "
    text += f"In year 0, {grouped(-money.cost[0])} are paid and {grouped(money.revenue[0])} come in"
    if money.back == 0:
        return f"{text}; nothing has to be waited for."
    if money.back is None:
        return f"{text}. Discounted, the money does not come back in the years counted."
    return f"{text}. Discounted, the money is back in year {money.back}."


def _listed(names: list[str]) -> str:
    if len(names) > 4:
        return f"{len(names)} supplies"
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def _length(metres: float) -> str:
    return f"{metres / 1000:.2g} km" if metres >= 1000 else f"{metres:.0f} m"


def state_in_words(told: Told) -> str:
    """Why the search ended.

    Parameters
    ----------
    told : Told
        The result.
    """
    state = str(told.summary["state"])
    word = state.partition("(")[2].rstrip(")") or state
    return ENDED.get(word, "")


def tiles(told: Told, money: Money) -> list[Tile]:
    """Figures at a glance.

    Parameters
    ----------
    told : Told
        The result.
    money : Money
        Its cash flow.
    """
    row = told.summary
    fed = row["network_kwh"] + row["network_losses_kwh"]
    loss, density = row["network_losses_kwh"], row["network_linear_density"]
    paid = abs(money.cost[0])
    shown = [
        Tile("NPV", row["network_npv"], grouped(row["network_npv"]), "in the money of the input"),
        Tile("paid in year 0", paid, grouped(paid), "before charges and grants"),
        Tile(
            "money back, discounted",
            float("nan") if money.back is None else money.back,
            "never" if money.back is None else f"year {money.back}",
        ),
        Tile("heat delivered", row["network_kwh"], energy(row["network_kwh"]), "a year"),
        Tile(
            "end users", row["network_connection_count"], grouped(row["network_connection_count"])
        ),
        Tile(
            "length of pipe",
            row["network_length"],
            f"{grouped(row['network_length'])} m",
            "connectors included",
        ),
    ]
    if isfinite(density):
        shown.append(Tile("heat per length", density, f"{grouped(density)} kWh/m", "a year"))
    if fed:
        remark = f"of the heat fed in; {energy(loss)} a year"
        shown.append(Tile("losses", loss / fed, percent(loss / fed), remark))
    if isfinite(row["network_emissions_kg"]) and row["network_emissions_kg"]:
        tonnes = row["network_emissions_kg"] / 1000
        each = 1000 * row["network_emissions_kg"] / row["network_kwh"]
        shown.append(
            Tile(
                "emissions",
                row["network_emissions_kg"],
                f"{grouped(tonnes)} t",
                f"a year; {each:.3g} g/kWh",
            )
        )
    return shown
