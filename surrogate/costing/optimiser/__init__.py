"""Finds the best network: models, bounds, searches; from a problem in numbers to a design."""
