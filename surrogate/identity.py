"""What a table is a table of, and the digest that it is found by."""

from __future__ import annotations

import hashlib
import json
from typing import NamedTuple

from surrogate.parameters import Parameters

SOURCE_CONTROLS = ("flow", "outlet")
"""What a plant holds on its source side: the design's flow, or the outlet temperature."""


class Sizing(NamedTuple):
    """The design point that a plant is sized for, whatever its heat load.

    All that a plant does scales with its heat load, so plants of any size
    share one map. Temperatures in degC, ``eta_s`` as a fraction.
    """

    t_source_in: float
    t_source_out: float
    t_return: float
    t_supply: float
    eta_s: float
    source_control: str = "flow"

    def describe(self) -> str:
        """The design in words, for messages."""
        return (
            f"{self.t_source_in:g}/{self.t_source_out:g} -> {self.t_return:g}/{self.t_supply:g} "
            f"degC, eta_s {self.eta_s:g}, source {self.source_control} held"
        )


class Identity(NamedTuple):
    """What a query asks for, and so what tells one table from another."""

    kind: str
    topology: str
    refrigerant: str
    parameters: Parameters
    sizing: Sizing | None = None
    """Of a plant; None where a table holds no plant."""

    @property
    def digest(self) -> str:
        """SHA-256 of all of them, as hexadecimal digits.

        Examples
        --------
        >>> a = Identity("design", "single_stage", "R717", Parameters())
        >>> a.digest == a._replace(parameters=Parameters(pinch=5)).digest
        True
        >>> a.digest == a._replace(parameters=Parameters(pinch=3)).digest
        False
        """
        parts = [self.kind, self.topology, self.refrigerant, self.parameters.to_dict()]
        if self.sizing is not None:
            parts.append(self.sizing._asdict())
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()

    @property
    def file_name(self) -> str:
        """Name of the table's file.

        Examples
        --------
        >>> Identity("design", "single_stage", "R1234ze(E)", Parameters()).file_name
        'design-single_stage-R1234ze(E)-ed2e98d7.nc'
        """
        name = "".join(c if c.isalnum() or c in "()+-_" else "_" for c in self.refrigerant)
        return f"{self.kind}-{self.topology}-{name}-{self.digest[:8]}.nc"
