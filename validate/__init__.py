"""The surrogate set against full solves."""
