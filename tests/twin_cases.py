"""What the tests of the twin share: full TESPy solves of a machine that is not what it was."""

from __future__ import annotations

from surrogate.conditions import Conditions
from surrogate.cycle.design import new_model
from surrogate.cycle.machine import SizedMachine
from surrogate.parameters import Parameters
from surrogate.twin import Design, Factors


def worn_machine(design: Design, factors: Factors) -> SizedMachine:
    """A machine sized in TESPy, its sizes then changed where TESPy keeps them."""
    conditions = Conditions(**design.conditions())
    machine = SizedMachine(new_model("single_stage", design.refrigerant, Parameters()), conditions)
    kept = machine._state["Component"]
    exchangers = kept["MovingBoundaryHeatExchanger"]
    exchangers["condenser"]["UA"] *= factors.ua_condenser
    exchangers["evaporator"]["UA"] *= factors.ua_evaporator
    kept["Compressor"]["compressor"]["eta_s"] *= factors.eta_s
    return machine
