"""The fields of a question in words: labels, units, limits, and where defaults come from."""

from __future__ import annotations

from typing import Any, NamedTuple

from surrogate import conditions
from surrogate.parameters import ETA_S_DEFAULT


class Field(NamedTuple):
    """One field of a question in words, for forms and documents.

    Attributes
    ----------
    label : str
        Its name for people.
    unit : str
        Its unit; empty for text, ``1`` for shares.
    help : str
        What it is, in one sentence.
    low, high : float or None
        Lowest and highest value; None for text.
    default : str, float or int
        What holds where nothing is said.
    source : str
        Where the default of an assumption comes from; empty for conditions.
    """

    label: str
    unit: str
    help: str
    low: float | None
    high: float | None
    default: Any
    source: str = ""

    @property
    def limits(self) -> str:
        """The limits in words.

        Examples
        --------
        >>> FIELDS["full_load_hours"].limits
        'from 1 to 8760 h/a'
        """
        if self.low is None or self.high is None:
            return "a refrigerant's name"
        unit = "" if self.unit == "1" else f" {self.unit}"
        return f"from {self.low:.10g} to {self.high:.10g}{unit}"


def _condition(name: str, label: str, text: str, default: float) -> Field:
    """A field whose range is that of the library's conditions."""
    quantity = conditions.CONDITIONS[name]
    # A machine for no heat at all is none; below a watt, yearly sums would lose their digits.
    low = max(quantity.low, 1.0) if name == "heat_load" else quantity.low
    return Field(label, quantity.unit, text, low, quantity.high, default)


FIELDS: dict[str, Field] = {
    "refrigerant": Field("Refrigerant", "", "The fluid inside the heat pump.", None, None, "R717"),
    "t_source_in": _condition(
        "t_source_in",
        "Waste heat, inlet",
        "Temperature at which the waste-heat water reaches the heat pump.",
        30.0,
    ),
    "t_source_out": _condition(
        "t_source_out",
        "Waste heat, outlet",
        "Temperature to which the heat pump cools the waste-heat water.",
        25.0,
    ),
    "t_return": _condition(
        "t_return",
        "Network return",
        "Temperature at which the network's water comes back to the heat pump.",
        50.0,
    ),
    "t_supply": _condition(
        "t_supply",
        "Network supply",
        "Temperature to which the heat pump warms the network's water.",
        80.0,
    ),
    "heat_load": _condition(
        "heat_load", "Heat to the network", "Heat that the heat pump delivers at full load.", 1e6
    ),
    "eta_s": _condition(
        "eta_s",
        "Isentropic efficiency",
        "How near the compressor comes to an ideal one; 80 % is usual for large machines.",
        ETA_S_DEFAULT,
    ),
    "electricity_price": Field(
        "Electricity price",
        "EUR/kWh",
        "What a kilowatt-hour of electricity costs, with grid fees and without VAT.",
        0.0,
        5.0,
        0.19,
        "Eurostat nrg_pc_205: average price for non-household consumers in the EU, first half of "
        "2025, 0.1902 EUR/kWh without recoverable taxes",
    ),
    "electricity_co2": Field(
        "CO2 of electricity",
        "kg/kWh",
        "Greenhouse gases per kilowatt-hour of electricity from the grid.",
        0.0,
        2.0,
        0.21,
        "EEA indicator 'Greenhouse gas emission intensity of electricity generation': EU 2023, "
        "rounded",
    ),
    "gas_price": Field(
        "Gas price",
        "EUR/kWh",
        "What a kilowatt-hour of natural gas (net calorific value) costs; divide a price per "
        "kilowatt-hour of gross calorific value, as on most bills, by 0.9.",
        0.0,
        5.0,
        0.067,
        "Eurostat nrg_pc_203: average price for non-household consumers in the EU, first half of "
        "2025, about 0.060 EUR/kWh of gross calorific value, here per net calorific value",
    ),
    "gas_co2": Field(
        "CO2 of gas",
        "kg/kWh",
        "CO2 from burning a kilowatt-hour of natural gas (net calorific value).",
        0.0,
        1.0,
        0.202,
        "IPCC Guidelines 2006, Volume 2, Table 2.2: 56.1 kg/GJ of natural gas",
    ),
    "boiler_efficiency": Field(
        "Boiler efficiency",
        "1",
        "Heat from the gas boiler per energy of its gas (net calorific value), over the year.",
        0.3,
        1.1,
        0.9,
        "assumed: an older boiler over a year; new condensing boilers reach 100 % and more",
    ),
    "heat_price": Field(
        "Heat price",
        "EUR/kWh",
        "What the buyer pays for a kilowatt-hour of heat at the heat pump, without VAT.",
        0.0,
        5.0,
        0.07,
        "assumed; the average price of district heat to customers in France was 0.080 EUR/kWh in "
        "2021 without VAT (annual survey of heat networks, FEDENE)",
    ),
    "full_load_hours": Field(
        "Full-load hours",
        "h/a",
        "Operating hours at full load: the year's heat over the heat at full load.",
        1.0,
        8760.0,
        6000.0,
        "assumed: waste heat all year round, less summer weeks without buyers and service",
    ),
    "investment": Field(
        "Investment",
        "EUR/kW",
        "Cost of the heat pump, built and connected, per kilowatt of heat.",
        0.0,
        20000.0,
        1000.0,
        "Danish Energy Agency, Technology Data for Generation of Electricity and District Heating: "
        "compression heat pump of 3 MW, year 2025, some 1000 EUR/kW (with air as its source; "
        "taken for waste heat, too); pipes to the network and the "
        "grid connection may add to it",
    ),
    "maintenance": Field(
        "Maintenance",
        "1",
        "Maintenance and service in a year, as a share of the investment.",
        0.0,
        0.5,
        0.02,
        "assumed: between the Danish Energy Agency's catalogue (some 1.6 % at 6000 h/a) and "
        "VDI 2067 Part 1 (2.5 %)",
    ),
    "lifetime": Field(
        "Lifetime",
        "a",
        "Years that the heat pump runs; the investment is paid back over them.",
        1,
        60,
        25,
        "Danish Energy Agency, Technology Data for Generation of Electricity and District Heating: "
        "compression heat pumps, technical lifetime",
    ),
    "discount_rate": Field(
        "Discount rate",
        "1",
        "Yearly interest that money has to earn.",
        0.0,
        0.5,
        0.05,
        "assumed: between what a municipal utility and a private investor ask for, without "
        "inflation",
    ),
}
"""Every field by name, in the order of forms and documents."""

CONDITIONS: tuple[str, ...] = tuple(conditions.CONDITIONS)
"""Fields that the heat pump is asked with, as :meth:`surrogate.HeatPump.design` names them."""

ASSUMPTIONS: tuple[str, ...] = tuple(name for name, field in FIELDS.items() if field.source)
"""Fields on prices and machines, each with the source of its default."""
