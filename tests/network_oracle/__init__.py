"""Heat networks by brute force: every network of a small instance, its cost, and the best one.

Nothing here comes from the optimiser under test. ``best`` enumerates all forests, all feeding
supplies and all sets of buildings, vectorised over the sets; ``evaluate`` works one network out
again, scalar and year by year, and must agree.
"""

from .answer import Answer, Feed, Pipe
from .evaluation import evaluate
from .generate import random_instance
from .generate_features import FEATURES
from .hand import hand_instance
from .instance import (
    DEFAULTS,
    FLAGS,
    LIMITS,
    ORIGIN,
    Building,
    ConnectionCost,
    Edge,
    Instance,
    Supply,
    SupplyCost,
    Tariff,
    Value,
)
from .money import total_cost
from .physics import HOURS, SLACK, capacity_kw, diversity, loss_w_m
from .schema_tables import CRS, tables
from .search import best

__all__ = [
    "HOURS",
    "CRS",
    "ORIGIN",
    "SLACK",
    "DEFAULTS",
    "FLAGS",
    "LIMITS",
    "FEATURES",
    "Value",
    "Edge",
    "Building",
    "Supply",
    "SupplyCost",
    "Tariff",
    "ConnectionCost",
    "Instance",
    "Pipe",
    "Feed",
    "Answer",
    "diversity",
    "capacity_kw",
    "loss_w_m",
    "total_cost",
    "evaluate",
    "best",
    "tables",
    "hand_instance",
    "random_instance",
]
