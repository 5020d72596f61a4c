"""The full solve: heat pump cycles in TESPy.

Importing this package imports TESPy, which takes about two seconds; the rest
of the library does so only when a point needs a full solve.
"""
