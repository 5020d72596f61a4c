"""Colours of pictures: the Okabe-Ito palette, told apart by colour-blind readers, too."""

from __future__ import annotations

BLUE = "#0072B2"
ORANGE = "#D55E00"
GREEN = "#009E73"
PURPLE = "#CC79A7"
YELLOW = "#E69F00"
GREY = "#8a8f98"
