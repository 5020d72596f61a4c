"""Numbers and names in plain words: what sentences and documents share."""

from __future__ import annotations

import math
import unicodedata

from surrogate import fluids

NOTHING = "\N{EN DASH}"
"""Stands where there is no number."""

_PREFIXES = ((1e9, "G"), (1e6, "M"), (1e3, "k"))


def scaled(value: float, unit: str) -> str:
    """A quantity to three digits, with the prefix that keeps it short.

    Parameters
    ----------
    value : float
        In the unit.
    unit : str
        Without a prefix, such as ``W``.

    Examples
    --------
    >>> scaled(251541.3, "W"), scaled(1e6, "W"), scaled(999.7, "W"), scaled(-5.2e6, "Wh")
    ('252 kW', '1.00 MW', '1.00 kW', '-5.20 MWh')
    """
    digits = float(f"{value:.3g}")  # rounded first: 999.7 W is 1.00 kW
    factor, prefix = next((p for p in _PREFIXES if abs(digits) >= p[0]), (1.0, ""))
    return f"{significant(digits / factor)} {prefix}{unit}"


def significant(value: float, digits: int = 3) -> str:
    """A number with so many digits that count, and no exponent below a billion.

    Examples
    --------
    >>> significant(0.0712345), significant(12.3456), significant(5020), significant(1.0)
    ('0.0712', '12.3', '5020', '1.00')
    >>> significant(-0.0)
    '0'
    """
    if value == 0.0:
        return "0"
    if abs(value) >= 1e9 or abs(value) < 1e-4:
        return f"{value:.{digits - 1}e}"
    rounded = float(f"{value:.{digits - 1}e}")
    decimals = max(digits - 1 - math.floor(math.log10(abs(rounded))), 0)
    return f"{rounded:.{decimals}f}"


def grouped(value: float) -> str:
    """A whole number with its thousands apart.

    Examples
    --------
    >>> grouped(-1234567.8).split(), grouped(-0.4)
    (['-1', '234', '568'], '0')
    """
    text = f"{value:,.0f}".replace(",", "\N{NO-BREAK SPACE}")
    return "0" if text == "-0" else text


def counted(value: float) -> str:
    """A number to three digits or to the unit, whichever is finer; thousands apart from 10 000.

    Examples
    --------
    >>> counted(83.456), counted(1509.2), counted(12216.3).split()
    ('83.5', '1509', ['12', '216'])
    """
    size = abs(value)
    if size >= 1e4:
        return grouped(value)
    return f"{value:.0f}" if size >= 1e3 else significant(value)


def plain(value: float) -> str:
    """A number as people wrote it: no zeros behind, no exponent, at most ten digits.

    Examples
    --------
    >>> plain(80.0), plain(0.202), plain(1e6)
    ('80', '0.202', '1000000')
    """
    return f"{value:.0f}" if value == int(value) and abs(value) < 1e15 else f"{value:.10g}"


def called(refrigerant: str) -> str:
    """What people call a refrigerant: the chemical's name of those that have a common one.

    Examples
    --------
    >>> called("R717"), called("R600"), called("R32")
    ('ammonia', 'n-butane', 'R32')
    """
    known = fluids.facts(refrigerant)
    name = known.chemical if known else ""
    common = name.replace("-", "").isalpha() and "fluor" not in name
    return name if common else refrigerant


def named(refrigerant: str) -> str:
    """A refrigerant's name with what people call it.

    Examples
    --------
    >>> named("R717"), named("R32")
    ('R717 ammonia', 'R32')
    """
    common = called(refrigerant)
    return refrigerant if common == refrigerant else f"{refrigerant} {common}"


def capital(text: str) -> str:
    """Text that begins a sentence."""
    return text[:1].upper() + text[1:]


def article(number: str) -> str:
    """The indefinite article that a number takes.

    Examples
    --------
    >>> article("1.00 MW"), article("8.00 MW"), article("11.5 MW"), article("180 kW")
    ('a', 'an', 'an', 'a')
    """
    # Eight, eighty, eight hundred; eleven and eighteen, but not a hundred and eighty.
    whole = number.partition(" ")[0].partition(".")[0]
    return "an" if whole.startswith("8") or whole in ("11", "18") else "a"


def one_line(text: str) -> str:
    r"""A user's text on one line, without characters that command a terminal or turn text round.

    Examples
    --------
    >>> one_line("two\nlines\x1b[31m  and\u202e more")
    'two lines [31m and more'
    """
    kept = (" " if unicodedata.category(c) in _COMMANDS else c for c in text)
    return " ".join("".join(kept).split())


# Control characters, formats such as the right-to-left override, lone surrogates, separators.
_COMMANDS = {"Cc", "Cf", "Cs", "Zl", "Zp"}
