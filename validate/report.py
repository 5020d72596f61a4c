"""The report as HTML and as Markdown, from what was found of each file."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

from surrogate import pages
from surrogate.files import written_whole
from surrogate.pages import Figure

from .causes import Cause, Worst
from .clock import Timing
from .context import Against
from .measures import Check, Measured
from .words import number, percent, place, seconds, signed

TEMPLATES = Path(__file__).parent / "templates"

ORIGINS = {"design": "table", "plant": "table of a plant", "regressor": "regressor"}
"""Where an estimate says that it comes from, by kind of file."""

KINDS = {"design": "Design tables", "plant": "Plant tables", "regressor": "Regressors"}
"""Headings by kind of file."""

_NAMES = {
    "cop": "COP",
    "power": "power",
    "load": "heat load at a given volume flow",
    "capacity": "capacity",
    "edge": "COP on the rims",
}


class Request(NamedTuple):
    """What was asked for."""

    asked: str
    seed: int


@dataclass(frozen=True)
class FileReport:
    """All that the report says of one file."""

    title: str
    kind: str
    refrigerant: str
    path: Path
    digest: str
    made_from: str
    measured: Measured
    checks: list[Check]
    formulas: list[Against]
    worst: list[Worst]
    causes: list[Cause]
    figures: list[Figure]
    timings: list[Timing]
    plants: int
    edge_points: int
    unconverged: int

    @property
    def kept(self) -> bool:
        """Whether it keeps all its bars."""
        return all(check.kept for check in self.checks)

    @property
    def origin(self) -> str:
        """Where estimates from it say that they come from."""
        return ORIGINS[self.kind]

    @property
    def anchor(self) -> str:
        """Name of its section."""
        return "".join(c if c.isalnum() else "-" for c in self.path.stem)

    @property
    def best_formula(self) -> Against | None:
        """The closed form with the least mean error inside its validity."""
        known = [f for f in self.formulas if f.spread(True)[0]]
        return min(known, key=lambda f: f.spread(True)[-1], default=None)


def title_of(file: Any) -> str:
    """What a file is, in a few words."""
    identity = file.identity
    if identity.kind != "plant":
        return f"{identity.refrigerant}, {'design' if identity.kind == 'design' else 'any plant'}"
    name = str(file.attributes.get("name", ""))
    said = f"“{name}”" if name else identity.sizing.describe()
    return f"{identity.refrigerant}, plant {said}"


def write(files: list[FileReport], html: Path, markdown: Path, request: Request) -> None:
    """Write the report and its summary, each whole or not at all."""
    facts = _facts(files, request)
    for path, text in ((html, _html(files, facts)), (markdown, _markdown(files, facts))):
        with written_whole(path) as temporary:
            temporary.write_text(text, encoding="utf-8")


def _facts(files: list[FileReport], request: Request) -> dict[str, Any]:
    """What both forms say at their top."""
    broken = [(file, check) for file in files for check in file.checks if not check.kept]
    return {
        "request": request,
        "kept": not broken,
        "broken": broken,
        "count": sum(len(file.checks) for file in files),
        "solves": sum(
            f.measured.feasible + f.edge_points + f.measured.fall_back.points for f in files
        ),
        "date": datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d"),
        "versions": ", ".join(
            f"{shown} {version(name)}"
            for shown, name in (
                ("surrogate", "heatpump-surrogate"),
                ("TESPy", "tespy"),
                ("CoolProp", "coolprop"),
            )
        ),
    }


def _html(files: list[FileReport], facts: dict[str, Any]) -> str:
    environment = pages.environment(TEMPLATES)
    environment.filters |= {
        "percent": percent,
        "seconds": seconds,
        "signed": signed,
        "number": number,
        "place": place,
    }
    groups = [
        (KINDS[kind], [f for f in files if f.kind == kind])
        for kind in KINDS
        if any(f.kind == kind for f in files)
    ]
    template = environment.get_template("report.html.j2")
    return str(template.render(files=files, groups=groups, names=_NAMES, **facts))


def _markdown(files: list[FileReport], facts: dict[str, Any]) -> str:
    request = facts["request"]
    verdict = (
        f"**Every bar is kept** ({facts['count']} of {facts['count']})."
        if facts["kept"]
        else f"**{len(facts['broken'])} of {facts['count']} bars are broken.**"
    )
    lines = [
        "# Validation report",
        "",
        f"{verdict} {request.asked}: {len(files)} {'file' if len(files) == 1 else 'files'} against "
        f"{facts['solves']} fresh full solves, seed {request.seed}, {facts['date']}; "
        f"{facts['versions']}.",
        "",
    ]
    lines += [f"- broken: {f.title}: {c.name} {c.reached}, bar {c.bar}" for f, c in facts["broken"]]
    if facts["broken"]:
        lines.append("")
    lines += _errors_table(files)
    lines += ["", "## Speed", "", "| file | task | surrogate | full solve | times faster |"]
    lines.append("|---|---|---|---|---|")
    lines += [
        f"| {f.title} | {t.task} | {seconds(t.surrogate)} | {'≈ ' if t.extrapolated else ''}"
        f"{seconds(t.solve)} | {number(t.times)} |"
        for f in files
        for t in f.timings
    ]
    lines += ["", "## Closed forms at the same points", ""]
    lines += ["| file | surrogate, mean | nearest closed form | its mean, where valid |"]
    lines.append("|---|---|---|---|")
    for f in files:
        best = f.best_formula
        said = ("none", "") if best is None else (best.name, percent(best.spread(True)[-1]))
        lines.append(
            f"| {f.title} | {percent(f.measured.errors['cop'].mean)} | {' | '.join(said)} |"
        )
    return "\n".join(lines) + "\n"


def _errors_table(files: list[FileReport]) -> list[str]:
    head = "| file | origin | quantity | points | mean | p95 | p99 | max | bias | in bound | bars |"
    lines = [head, "|" + "---|" * 11]
    for f in files:
        for name, errors in f.measured.errors.items():
            covered = f"{100 * f.measured.coverage.share:.1f} %" if name == "cop" else ""
            bars = ("kept" if f.kept else "BROKEN") if name == "cop" else ""
            sizes = " | ".join(
                percent(v) for v in (errors.mean, errors.p95, errors.p99, errors.max)
            )
            lines.append(
                f"| {f.title} | {f.origin} | {_NAMES[name]} | {errors.points} | {sizes} | "
                f"{signed(errors.bias)} | {covered} | {bars} |"
            )
    return lines
