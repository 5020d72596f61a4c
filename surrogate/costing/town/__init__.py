"""An invented town, to try the costing on and to measure it with."""
