"""Constants of units."""

KELVIN = 273.15
"""0 degC in K."""
