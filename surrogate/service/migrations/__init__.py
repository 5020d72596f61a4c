"""Versions of the database's schema, and how one becomes the next."""
