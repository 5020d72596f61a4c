"""Making tables: spec -> grid -> sweep of TESPy solves -> table."""
