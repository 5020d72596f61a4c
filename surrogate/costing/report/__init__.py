"""The report: a result as one page for people, made from its tables alone."""
