"""Sets the optimiser against enumeration: ``python tests/enumerate_networks.py 600``."""

from __future__ import annotations

import sys
import time
import warnings

from network_oracle import best, random_instance, tables

from surrogate import costing

EXACT = {
    "optimiser__mip_gap": 0.0,
    "optimiser__param_gap": 0.0,
    "optimiser__iteration_limit": 100,
}


def agrees(seed: int) -> str:
    """Empty where both agree; else what each says."""
    instance = random_instance(seed)
    wanted = best(instance)
    result = costing.optimise(tables(instance, **EXACT))
    summary = result["solution_summary"].iloc[0]
    if wanted is None:
        return "" if summary["state"] == "infeasible" else f"infeasible, not {summary['state']}"
    if summary["state"] == "infeasible":
        return f"{wanted.objective:.2f}, not infeasible"
    most_heat = instance.parameter("optimiser/objective") == "max-kwh"
    first = wanted.network_kwh if most_heat else wanted.objective
    pairs = [(first, summary["objective"])]
    if wanted.margin > 0.01:  # else another network is as good, and may have another NPV
        pairs.append((wanted.network_npv, summary["network_npv"]))
    if all(abs(a - b) <= 1e-6 * abs(a) + 0.01 for a, b in pairs):
        return ""
    return "; ".join(f"{a:.2f}, not {b:.2f}" for a, b in pairs)


def main() -> None:
    """Count how many agree."""
    warnings.simplefilter("ignore")
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 600
    began, wrong = time.monotonic(), 0
    for seed in range(count):
        said = agrees(seed)
        if said:
            wrong += 1
            print(f"seed {seed}: {said}")
    print(f"{count - wrong} of {count} optima matched, {time.monotonic() - began:.0f} s")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
