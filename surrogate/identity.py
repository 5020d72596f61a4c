"""What a table is a table of, and the digest that it is found by."""

from __future__ import annotations

import hashlib
import json
from typing import NamedTuple

from surrogate.parameters import Parameters


class Identity(NamedTuple):
    """What a query asks for, and so what tells one table from another."""

    kind: str
    topology: str
    refrigerant: str
    parameters: Parameters

    @property
    def digest(self) -> str:
        """SHA-256 of all four, as hexadecimal digits.

        Examples
        --------
        >>> a = Identity("design", "single_stage", "R717", Parameters())
        >>> a.digest == a._replace(parameters=Parameters(pinch=5)).digest
        True
        >>> a.digest == a._replace(parameters=Parameters(pinch=3)).digest
        False
        """
        text = json.dumps(
            [self.kind, self.topology, self.refrigerant, self.parameters.to_dict()],
            sort_keys=True,
        )
        return hashlib.sha256(text.encode()).hexdigest()

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
