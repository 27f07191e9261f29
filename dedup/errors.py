"""The errors that dedup raises: each says what happened, where, and what to do."""


class DedupError(Exception):
    """Base of every error that dedup raises on purpose; anything else is a bug of ours."""


class SettingsError(DedupError, ValueError):
    """A setting, option or configuration key that cannot be used as given."""


class InputError(DedupError, ValueError):
    """Input as a whole that cannot be used: nothing readable, or not of a known kind."""


class MissingInputError(InputError, FileNotFoundError):
    """A path or glob that matches nothing."""


class ColumnError(InputError, KeyError):
    """A column that is not there, clashes with one of ours, or has the wrong type."""

    def __str__(self) -> str:
        """Give the plain message: KeyError would show it quoted."""
        return str(self.args[0]) if self.args else ""


class ExtractionError(DedupError, RuntimeError):
    """HTML pages that cannot be extracted at all: no process can be started for it, or a package is broken."""


class OutputError(DedupError, OSError):
    """An output folder that cannot be written, is not empty, or is not one of ours."""


class SchemaError(DedupError, TypeError):
    """A table whose schema is not the declared one."""


class RuleError(DedupError, ValueError):
    """A boilerplate rule that is malformed or fails its own examples."""


class ImplausibleError(DedupError, ValueError):
    """A run that would take so much of a source for boilerplate that something must be wrong."""


class UnknownDocumentError(DedupError, KeyError):
    """A document id that the output does not hold."""

    def __str__(self) -> str:
        """Give the plain message: KeyError would show it quoted."""
        return str(self.args[0]) if self.args else ""


class StagingError(OutputError):
    """A staging folder that cannot be made, or is of an unfinished run that cannot be gone on with."""
