"""Random instances: parameters, and limits around the optimum."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from . import conditions
from .answer import Answer
from .generate_features import Draw
from .instance import DEFAULTS, FLAGS, LIMITS, Instance
from .search import best


class Parameters(Draw):
    """Parameters and limits."""

    def general(self) -> dict[str, Any]:
        rng = self.rng
        values: dict[str, Any] = {}
        if self.has("finance"):
            values["finance/npv-rate"] = float(rng.choice([0.0, 0.02, 0.035, 0.05, 0.08, 0.12]))
            values["finance/npv-term"] = int(rng.choice([1, 2, 5, 11, 20, 25, 40, 60]))
            for kind in ("plant", "distribution", "building-hx"):
                values[f"finance/{kind}-lifetime"] = int(rng.choice([1, 4, 10, 15, 20, 25, 40, 60]))
        if self.has("temperatures"):
            cold = float(rng.choice([25.0, 35.0, 40.0, 50.0]))
            values["optimiser/flow-temperature"] = cold + float(
                rng.choice([15.0, 20.0, 30.0, 45.0])
            )
            values["optimiser/return-temperature"] = cold
            values["optimiser/ground-temperature"] = float(rng.choice([4.0, 8.0, 10.0, 14.5]))
        if self.has("diversity"):
            values["network/diversity-limit"] = float(rng.choice([0.3, 0.5, 0.62, 0.8, 1.0]))
            values["network/diversity-rate"] = float(rng.choice([0.2, 0.5, 1.0, 1.0, 1.7, 3.0]))
        if self.has("max-kwh"):
            values["optimiser/objective"] = "max-kwh"
        if self.has("flags"):
            for flag in rng.choice(FLAGS, int(rng.integers(1, 4)), replace=False):
                if flag != "tariffs" or rng.random() < 0.3:
                    values[f"objective/use-{flag}"] = False
        if self.has("blanks"):
            absent = [name for name in (*DEFAULTS, *LIMITS) if name not in values]
            values |= {str(name): None for name in rng.choice(absent, 2, replace=False)}
        return values

    def limited(self, instance: Instance) -> Instance:
        """Constraints that mostly bind: set around the optimum without them."""
        rng = self.rng
        names = [name for name in LIMITS if name in self.features]
        if self.has("limits") or (self.has("max-kwh") and rng.random() < 0.7):
            shares = np.array([0.15 if name == "constraint/max-npv" else 1.0 for name in LIMITS])
            if self.has("max-kwh"):
                shares *= [6.0 if name == "constraint/min-npv" else 1.0 for name in LIMITS]
                shares *= [1.0 if "max" in name or "npv" in name else 0.3 for name in LIMITS]
            count = int(rng.integers(1, 3))
            drawn = rng.choice(LIMITS, count, replace=False, p=shares / shares.sum())
            names += [str(name) for name in drawn if name not in names]
        if not names:
            return instance
        free = {**instance.parameters, "optimiser/objective": "max-npv"}
        reference = best(dataclasses.replace(instance, parameters=free))
        chosen = {name: self.limit(name, instance, reference) for name in names}
        return dataclasses.replace(instance, parameters={**instance.parameters, **chosen})

    def limit(self, name: str, instance: Instance, reference: Answer | None) -> float | int:
        rng = self.rng
        useful = [b for b in instance.buildings if b.constraint != "forbidden"]
        kwh = sum(b.annual_demand_kwh for b in useful) / 2 + 1.0
        length = sum(e.length for e in instance.edges) / 2
        totals: dict[str, float] = {
            "kwh": kwh,
            "network-length": length,
            "npv": 1000.0,
            "buildings": 2,
            "connections": sum(b.connections for b in useful) // 2,
            "emissions": 0.25 * kwh,
            "supplies": 1,
        }
        if reference is not None and reference.connected:
            totals = conditions.totals(instance, reference)
        least, what = name.removeprefix("constraint/").split("-", 1)
        if what == "supplies":
            return int(max(1, totals["supplies"] - rng.integers(0, 2)))
        if what in ("buildings", "connections"):
            reach = 1 if what == "buildings" else 4
            step = int(rng.integers(0, reach + 1))
            value = totals[what] + (step if least == "min" else -step)
            if rng.random() < 0.85:
                possible = {
                    "buildings": len(useful),
                    "connections": sum(b.connections for b in useful),
                }
                value = min(value, possible[what])
            return int(max(value, 1))
        if what == "npv":
            value = totals["npv"]
            low, high = (-0.5, 0.95) if least == "min" else (0.3, 0.95)
            return float(value - abs(value) * (1 - rng.uniform(low, high)))
        value = {
            "linear-density": totals["kwh"] / max(totals["network-length"], 1.0),
            "emissions-factor": totals["emissions"] / max(totals["kwh"], 1.0),
        }.get(what, totals.get(what, 0.0))
        spread = {"min": (0.8, 1.3), "max": (0.6, 1.05)}[least]
        if what == "emissions-factor":
            spread = (0.85, 1.02)
        return float(value * rng.uniform(*spread))
