"""What is this waste heat worth? A question, its answer, its curves and its documents.

>>> from surrogate.assessment import Question, assess
>>> print(assess(Question()).sentence)
A 1.00 MW ammonia heat pump lifts 30 degC waste heat to 80 degC with 252 kW of electricity: COP 3.98.
"""  # noqa: E501  # a doctest's answer stands on one line

from __future__ import annotations

# Functions and modules share names here (assess): imported at once, the function is what one gets.
from surrogate.assessment.assess import Assessment, assess, judged
from surrogate.assessment.compare import Candidate, Comparison, compare_refrigerants
from surrogate.assessment.curves import Curve, Gap, source_curve, supply_curve
from surrogate.assessment.fields import ASSUMPTIONS, CONDITIONS, FIELDS, Field
from surrogate.assessment.offdesign import OffDesignMap, offdesign_map
from surrogate.assessment.pdf import pdf_report
from surrogate.assessment.question import Question
from surrogate.assessment.table import csv_report
from surrogate.assessment.text import text_report
from surrogate.assessment.worth import Worth, payback_words, valued

__all__ = [
    "ASSUMPTIONS",
    "Assessment",
    "CONDITIONS",
    "Candidate",
    "Comparison",
    "Curve",
    "FIELDS",
    "Field",
    "Gap",
    "OffDesignMap",
    "Question",
    "Worth",
    "assess",
    "compare_refrigerants",
    "csv_report",
    "judged",
    "offdesign_map",
    "payback_words",
    "pdf_report",
    "source_curve",
    "supply_curve",
    "text_report",
    "valued",
]
