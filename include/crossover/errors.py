"""Every error that crossover raises on purpose, named by whose fault it is.

CrossoverError
+-- UserError            the caller can mend it: exit code 2
|   +-- BadInput         a record, file or request that cannot be read
|   +-- BadSetting       a setting or parameter that is unknown, malformed or contradictory
|   '-- MissingPrerequisite  something that must be installed or started first
+-- ServiceError         a part we depend on did not do its work: exit code 3
|   +-- ServiceDown      it does not answer
|   +-- ServiceTimeout   it answers too slowly
|   '-- IdleWorkers      an executor of Spark that was to share the work did none
'-- DataError            the data are not what they must be: exit code 4
    +-- StoresDiffer     the two stores do not hold the same records
    +-- AnswersDiffer    the two engines give different answers
    '-- CorruptData      bytes that we wrote cannot be read back
"""


class CrossoverError(Exception):
    """Base of the tree. `cure` tells the reader what to do next; it is printed on its own line."""

    exit_code = 1

    def __init__(self, message: str, *, cure: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.cure = cure

    def __str__(self) -> str:
        return f"{self.message}\n  cure: {self.cure}" if self.cure else self.message


class UserError(CrossoverError):
    """The caller can mend it."""

    exit_code = 2


class BadInput(UserError):
    """A record, file or request that cannot be read."""


class BadSetting(UserError):
    """A setting or parameter that is unknown, malformed or contradictory."""


class MissingPrerequisite(UserError):
    """Something that must be installed or started first."""


class ServiceError(CrossoverError):
    """A part that we depend on did not do its work."""

    exit_code = 3


class ServiceDown(ServiceError):
    """A service does not answer."""


class ServiceTimeout(ServiceError):
    """A service answers too slowly."""


class IdleWorkers(ServiceError):
    """An executor of Spark that was to share the work did none of it: the times are not those of a cluster."""


class DataError(CrossoverError):
    """The data are not what they must be."""

    exit_code = 4


class StoresDiffer(DataError):
    """The two stores do not hold the same records."""


class AnswersDiffer(DataError):
    """The two engines give different answers to the same question."""


class CorruptData(DataError):
    """Bytes that crossover wrote cannot be read back."""
