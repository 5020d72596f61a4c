"""Errors: every one is a :class:`SurrogateError` and the built-in that fits."""


class SurrogateError(Exception):
    """Base of every error that this library raises on purpose."""


class InputError(SurrogateError, ValueError):
    """An argument has a value that can never be answered.

    Parameters
    ----------
    message : str
        What was given, what is allowed, what to do.
    field : str
        Name of the argument, where one is to blame.
    value : object
        What was given for it.
    limit : str
        What is allowed for it.
    """

    def __init__(
        self, message: str, *, field: str = "", value: object = None, limit: str = ""
    ) -> None:
        super().__init__(message)
        self.field, self.value, self.limit = field, value, limit


class InputTypeError(SurrogateError, TypeError):
    """An argument is of a kind that can never be answered."""


class UnknownRefrigerantError(InputError):
    """A refrigerant that CoolProp does not know."""


class SpecError(InputError):
    """A specification of a table that cannot be generated."""


class TableError(SurrogateError, ValueError):
    """A table file that must not be believed."""


class TableNotFoundError(SurrogateError, LookupError):
    """No table for this topology, refrigerant and set of parameters."""


class OutsideTableError(SurrogateError, ValueError):
    """Points outside the table, where the caller asked for an error."""


class InfeasibleError(SurrogateError, ValueError):
    """A point that breaks a limit of the machine."""

    def __init__(self, message: str, limit: str = "") -> None:
        super().__init__(message)
        self.limit = limit


class NotConvergedError(SurrogateError, RuntimeError):
    """A full solve that found no physical solution."""


class TooManySolvesError(SurrogateError, RuntimeError):
    """A call that would need more full solves than the caller allowed."""


class MissingExtraError(SurrogateError, ImportError):
    """An optional package that is not installed."""
