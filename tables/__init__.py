"""The shipped tables, and the specs they were made from."""
