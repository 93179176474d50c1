"""What connectors over HTTP share: the check, discovery, writes in batches. A system adds its words and its paths."""

from abc import abstractmethod
from collections.abc import Callable, Sequence

from apps.connectors.answers import clock_finding
from apps.connectors.caller import Ask, Caller, Classify
from apps.connectors.contracts import (
    CallContext,
    Capabilities,
    Catalog,
    CatalogObject,
    Failure,
    Finding,
    Health,
    Outcome,
    ReadFailed,
    Response,
    Write,
)
from apps.connectors.http import HttpClient
from apps.connectors.settings import ConnectorSettings


class RestConnector:
    """`words` is the system's own classify; `_key` names the field with the hub's key."""

    caps: Capabilities
    _caller: Caller
    _key: str

    def __init__(self, settings: ConnectorSettings, words: Classify, *, objects: Sequence[str]) -> None:
        self._settings = settings
        self._words = words
        self._http = HttpClient(settings, max_connections=self.caps.max_concurrency)
        self._objects = tuple(settings.options.get("objects") or objects)

    def classify(self, answer: Response | Exception, context: CallContext) -> Failure:
        return self._words(answer, context)

    def close(self) -> None:
        self._http.close()

    def check(self) -> Health:
        try:
            answer = self._caller.read(self._ping())
        except ReadFailed as error:
            return Health((Finding("sign-in", False, error.failure.message),))
        found = [Finding("sign-in", True), *self._told_by(answer), clock_finding(answer)]
        return Health((*found, *(self._check_object(name, answer) for name in self._objects)))

    def discover(self) -> Catalog:
        return Catalog(tuple(self._described(name) for name in self._objects))

    @abstractmethod
    def _ping(self) -> Ask:
        """Return a request that any signed-in user may make."""

    @abstractmethod
    def _described(self, name: str) -> CatalogObject:
        """Return an object with its fields; ReadFailed when the system does not tell."""

    def _told_by(self, answer: Response) -> tuple[Finding, ...]:
        """Return what else the answer to the ping shows."""
        return ()

    def _check_object(self, name: str, answer: Response) -> Finding:
        try:
            field = self._described(name).field(self._key)
        except ReadFailed as error:
            return Finding(name, False, error.failure.message)
        good = field is not None and field.external_id
        return Finding(
            name, good, "" if good else f"{self._key} is missing in {name}, or its values are not unique"
        )

    def _in_batches(
        self, items: Sequence[Write], write: Callable[[Sequence[Write]], list[Outcome]]
    ) -> list[Outcome]:
        """Write as many at a time as the system takes; the outcomes of all, in order."""
        most = self.caps.batch_max
        return [out for start in range(0, len(items), most) for out in write(items[start : start + most])]

    def _claimed(self, ask: Ask, obj: str, native_id: str, ext_id: str) -> Outcome:
        """Return the outcome of a request that writes the hub's key onto a record."""
        answer = self._caller.write(ask, CallContext(obj=obj, ext_id=ext_id))
        return Outcome.failed(answer) if isinstance(answer, Failure) else Outcome("updated", native_id)
