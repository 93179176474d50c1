"""The contract every connector keeps, run against its sandbox over real HTTP."""

import itertools
import logging
from collections.abc import Callable

import pytest
import structlog

from apps.connectors import systems
from apps.connectors.contracts import Connector, Cursor, FailureClass, ReadFailed, Write
from apps.connectors.registry import CONNECTORS
from apps.connectors.sandbox import RunningSandbox, default_secrets
from apps.connectors.sandbox.sap import SapSandbox
from tests.connectors.samples import SAMPLES, Sample
from tests.connectors.test_vendor_contracts import EDMX, SPECS, edmx

assert systems.__path__  # importing it registers the connectors

STATE = sorted(name for name in CONNECTORS.names() if CONNECTORS.get(name).caps.takes == "state")
pytestmark = pytest.mark.parametrize("name", STATE)


@pytest.fixture
def sample(name: str) -> Sample:
    assert name in SAMPLES, f"describe {name} in tests/connectors/samples.py"
    return SAMPLES[name]


@pytest.fixture
def target(name: str, shared: Callable[[str], RunningSandbox]) -> RunningSandbox:
    """Each request is held against the vendor's own description, too, where it is on the machine."""
    running = shared(name)
    if isinstance(running.system, SapSandbox):
        for described in EDMX if SPECS.exists() else ():
            running.system.use_contract(edmx(described))
    return running


@pytest.fixture
def connector(name: str, target: RunningSandbox, connect: Callable[..., Connector]) -> Connector:
    return connect(name, target.base_url)


def written(target: RunningSandbox, sample: Sample, ext_id: str) -> list[str]:
    return [effect.verb for effect in target.effects(sample.obj, ext_id)]


def test_names_and_capabilities(name: str, connector: Connector) -> None:
    assert connector.name == name
    assert connector.version
    assert connector.caps.reads is True
    assert connector.caps.batch_max >= 1


def test_check_is_healthy(name: str, connector: Connector) -> None:
    health = connector.check()
    assert health.ok, health
    assert {finding.name for finding in health.findings} >= {"sign-in", "clock", SAMPLES[name].obj}


def test_check_tells_a_wrong_secret(
    name: str, target: RunningSandbox, sample: Sample, connect: Callable[..., Connector]
) -> None:
    stranger = connect(name, target.base_url, secrets={**default_secrets(name), sample.wrong_secret: "wrong"})
    health = stranger.check()
    assert [(finding.name, finding.ok) for finding in health.findings] == [("sign-in", False)]
    outcome = stranger.upsert(sample.obj, [sample.write("g1")])[0]
    assert outcome.failure is not None
    assert outcome.failure.cls in (FailureClass.PERMANENT_CONFIG, FailureClass.AUTH_REFRESH)
    assert outcome.failure.scope == "connector"
    assert target.effects() == []


def test_discover_finds_fields_and_lengths(connector: Connector, sample: Sample) -> None:
    described = connector.discover().object(sample.obj)
    assert described is not None
    field, required = described.field(sample.field), described.field(sample.required or sample.field)
    assert field is not None
    assert (field.max_length is not None) == (sample.bad_length is not None)
    assert required is not None
    assert required.required is True


def test_creates_updates_and_repeats(connector: Connector, target: RunningSandbox, sample: Sample) -> None:
    first = connector.upsert(sample.obj, [sample.write("g1")])[0]
    again = connector.upsert(sample.obj, [Write("g1", sample.good, native_id=first.native_id)])[0]
    changed = connector.upsert(sample.obj, [Write("g1", sample.changed, native_id=first.native_id)])[0]
    assert (first.status, again.status, changed.status) == ("created", "updated", "updated")
    assert first.native_id == again.native_id == changed.native_id
    assert written(target, sample, "g1") == ["created", "unchanged", "updated"]


def test_one_outcome_for_each_item_in_order(
    connector: Connector, target: RunningSandbox, sample: Sample
) -> None:
    items = [sample.write("g1"), Write("g2", sample.bad_required), sample.write("g3")]
    outcomes = connector.upsert(sample.obj, items)
    assert [outcome.status for outcome in outcomes] == ["created", "failed", "created"]
    failure = outcomes[1].failure
    assert failure is not None
    assert (failure.cls, failure.scope) == (FailureClass.PERMANENT, "record")
    assert target.store.counts() == {sample.obj: 2}


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        ("bad_required", FailureClass.PERMANENT),
        ("bad_unknown", FailureClass.PERMANENT),
        ("bad_length", FailureClass.PERMANENT),
        ("bad_parent", FailureClass.MISSING_DEPENDENCY),
    ],
)
def test_refusals(
    connector: Connector, target: RunningSandbox, sample: Sample, payload: str, expected: str
) -> None:
    body = getattr(sample, payload)
    if body is None:
        pytest.skip("this system sets no lengths")
    obj = sample.parent_obj if payload == "bad_parent" and sample.parent_obj else sample.obj
    outcome = connector.upsert(obj, [Write("g1", body)])[0]
    assert outcome.failure is not None
    assert outcome.failure.cls == expected
    assert outcome.failure.message
    assert target.store.counts() == {}


@pytest.mark.parametrize("fault", ["lock", "500", "503", "refuse", "quota", "429", "duplicate", "block"])
def test_faults_get_their_class_and_nothing_is_written(
    connector: Connector, target: RunningSandbox, sample: Sample, fault: str
) -> None:
    expected = sample.faults[fault]
    target.arm(fault)
    outcome = connector.upsert(sample.obj, [sample.write("g1")])[0]
    assert outcome.status == "failed"
    assert outcome.failure is not None
    assert outcome.failure.cls == expected
    assert target.effects() == []
    assert connector.upsert(sample.obj, [sample.write("g1")])[0].ok


def test_retry_after_is_passed_on(connector: Connector, target: RunningSandbox, sample: Sample) -> None:
    target.arm("429", retry_after=17)
    failure = connector.upsert(sample.obj, [sample.write("g1")])[0].failure
    assert failure is not None
    assert (failure.retry_after, failure.scope) == (17.0, "connector")


def test_a_dropped_answer_leaves_one_record(
    connector: Connector, target: RunningSandbox, sample: Sample
) -> None:
    target.arm("drop")
    outcome = connector.upsert(sample.obj, [sample.write("g1")])[0]
    assert outcome.failure is not None
    assert outcome.failure.retryable
    assert connector.upsert(sample.obj, [sample.write("g1")])[0].ok
    assert written(target, sample, "g1") == ["created", "unchanged"]


def test_expired_tokens_are_renewed(connector: Connector, target: RunningSandbox, sample: Sample) -> None:
    assert connector.upsert(sample.obj, [sample.write("g1")])[0].ok
    target.arm("token_expiry")
    assert connector.upsert(sample.obj, [sample.write("g2")])[0].ok


def test_fetch_returns_what_is_there(connector: Connector, sample: Sample) -> None:
    connector.upsert(sample.obj, [sample.write("g1"), sample.write("it's g2/x")])
    found = connector.fetch(sample.obj, ["g1", "nobody", "it's g2/x"], [sample.field])
    assert [remote.ext_id for remote in found] == ["g1", "it's g2/x"]
    assert found[0].values[sample.field] == sample.good[sample.field]
    assert found[0].native_id
    assert found[0].version
    again = connector.fetch_native(sample.obj, [found[1].native_id, "99999999"], [sample.field])
    assert [(one.ext_id, one.native_id) for one in again] == [("it's g2/x", found[1].native_id)]


def test_a_read_that_fails_says_why(
    name: str, connector: Connector, target: RunningSandbox, sample: Sample, connect: Callable[..., Connector]
) -> None:
    stranger = connect(name, target.base_url, secrets={**default_secrets(name), sample.wrong_secret: "wrong"})
    gone = connect(name, "http://127.0.0.1:9")
    for one, classes in (
        (stranger, {FailureClass.PERMANENT_CONFIG, FailureClass.AUTH_REFRESH}),
        (gone, {FailureClass.TRANSIENT}),
    ):
        for read in (
            one.discover,
            lambda c=one: c.fetch(sample.obj, ["g1"]),
            lambda c=one: c.scan(sample.obj, []),
        ):
            with pytest.raises(ReadFailed) as caught:
                read()
            assert caught.value.failure.cls in classes


def test_scan_walks_over_everything_once(connector: Connector, sample: Sample) -> None:
    keys = [f"g{number:02d}" for number in range(7)]
    connector.upsert(sample.obj, [sample.write(key) for key in keys])
    seen, cursor = [], None
    for _ in itertools.repeat(None, 10):
        page = connector.scan(sample.obj, [sample.field], cursor, limit=3)
        seen.extend(change.ext_id for change in page.changes)
        assert all(change.values[sample.field] == "Acme Ltd" for change in page.changes)
        cursor = page.next_cursor
        if not page.more:
            break
    assert seen == keys


def test_pull_resumes_and_sees_later_changes(connector: Connector, sample: Sample) -> None:
    connector.upsert(sample.obj, [sample.write(f"g{number}") for number in range(5)])
    cursor: Cursor | None = None
    seen: list[str | None] = []
    while True:
        page = connector.pull(sample.obj, cursor, [sample.field], limit=2)
        seen.extend(change.ext_id for change in page.changes)
        cursor = page.next_cursor
        if not page.more:
            break
    assert sorted(seen, key=str) == [f"g{number}" for number in range(5)]
    assert connector.pull(sample.obj, cursor, [sample.field]).changes == ()
    connector.upsert(sample.obj, [Write("g3", sample.changed)])
    later = connector.pull(sample.obj, cursor, [sample.field]).changes
    assert [(change.ext_id, change.values[sample.field]) for change in later] == [("g3", "Acme Holdings Ltd")]


def test_deactivate_changes_but_never_creates(
    connector: Connector, target: RunningSandbox, sample: Sample
) -> None:
    connector.upsert(sample.obj, [sample.write("g1")])
    outcomes = connector.deactivate(sample.obj, [Write("g1", sample.off), Write("nobody", sample.off)])
    assert [outcome.status for outcome in outcomes] == ["updated", "failed"]
    (field, value), *_ = sample.off.items()
    row = target.store.find(sample.obj, ext_id="g1")
    assert row is not None
    assert row.body[field] == (value if sample.off_stored is None else sample.off_stored)
    assert target.store.counts() == {sample.obj: 1}


def test_a_hanging_target_is_given_up(
    name: str, target: RunningSandbox, sample: Sample, connect: Callable[..., Connector]
) -> None:
    impatient = connect(name, target.base_url, options={**target.options, "read_seconds": 0.3})
    target.arm("hang", seconds=0.6)
    outcome = impatient.upsert(sample.obj, [sample.write("g1")])[0]
    assert outcome.failure is not None
    assert outcome.failure.retryable
    assert outcome.failure.status is None
    assert target.store.counts() == {}


def test_a_newer_version_over_there_is_not_overwritten(
    connector: Connector, target: RunningSandbox, sample: Sample
) -> None:
    if not connector.caps.conditional_write or connector.name == "salesforce":
        pytest.skip("this system compares no versions of its own")
    first = connector.upsert(sample.obj, [sample.write("g1")])[0]
    assert first.remote_version
    assert connector.fetch(sample.obj, ["g1"])[0].version == first.remote_version
    second = Write("g1", sample.changed, native_id=first.native_id, expect_version=first.remote_version)
    assert connector.upsert(sample.obj, [second])[0].ok
    late = Write("g1", sample.good, native_id=first.native_id, expect_version=first.remote_version)
    outcome = connector.upsert(sample.obj, [late])[0]
    assert outcome.failure is not None
    assert outcome.failure.cls is FailureClass.STALE
    assert written(target, sample, "g1") == ["created", "updated"]


def test_observing_shows_what_the_target_made_of_it(
    connector: Connector, target: RunningSandbox, sample: Sample
) -> None:
    target.arm("silent_change", field=sample.field, value="Something else")
    assert connector.upsert(sample.obj, [sample.write("g1")])[0].ok
    seen = connector.fetch(sample.obj, ["g1"], [sample.field])[0]
    assert seen.values[sample.field] == "Something else"
    target.arm("delete", obj=sample.obj, ext_id="g1")
    assert connector.fetch(sample.obj, ["g1"], [sample.field]) == []


def test_a_record_of_its_own_takes_the_hubs_key_and_nothing_else(
    connector: Connector, target: RunningSandbox, sample: Sample
) -> None:
    native = native_of(target, sample)
    [before] = connector.fetch_native(sample.obj, [native], [sample.field])
    assert before.ext_id is None
    for _ in range(2):  # repeating it does no harm
        outcome = connector.claim(sample.obj, native, "g1")
        assert (outcome.status, outcome.native_id, outcome.failure) == ("updated", native, None)
    [after] = connector.fetch(sample.obj, ["g1"], [sample.field])
    assert (after.native_id, after.values[sample.field]) == (native, sample.good[sample.field])
    [changed] = connector.upsert(sample.obj, [Write("g1", sample.changed, native_id=native)])
    assert (changed.status, changed.native_id) == ("updated", native)
    assert target.store.counts() == {sample.obj: 1}
    target.arm("500")
    assert connector.claim(sample.obj, native, "g1").failure is not None


def native_of(target: RunningSandbox, sample: Sample) -> str:
    """Put a record into the target as its own people would: without a key of the hub."""
    body = {**sample.good, "id": 7} if target.name == "tryton" else dict(sample.good)
    prefix = "001" if target.name == "salesforce" else ""
    guid = "11111111-1111-4111-8111-111111111111" if target.name == "dataverse" else ""
    return target.store.insert(sample.obj, body, ext_id=None, prefix=prefix, native_id=guid).native_id


def test_keys_that_cannot_be_ids_over_there_are_not_asked_for(
    connector: Connector, target: RunningSandbox, sample: Sample
) -> None:
    native = native_of(target, sample)
    asked = ["ACME-0001", "it's", native, "", "a b", native]
    assert [one.native_id for one in connector.fetch_native(sample.obj, asked)] == [native]


def test_a_stale_read_shows_what_stood_there_before(
    connector: Connector, target: RunningSandbox, sample: Sample
) -> None:
    for payload in (sample.good, sample.changed):
        assert connector.upsert(sample.obj, [Write("g1", payload)])[0].ok
    target.arm("stale_read", obj=sample.obj)
    seen = [connector.fetch(sample.obj, ["g1"], [sample.field])[0].values[sample.field] for _ in range(2)]
    assert seen == [sample.good[sample.field], sample.changed[sample.field]]


def test_overlap_reads_again_what_may_have_been_missed(connector: Connector, sample: Sample) -> None:
    connector.upsert(sample.obj, [sample.write("g1"), sample.write("g2")])
    cursor = connector.pull(sample.obj, None, [sample.field]).next_cursor
    assert cursor is not None
    again = connector.pull(sample.obj, cursor, [sample.field], overlap=connector.caps.overlap_seconds)
    expected = {"g1", "g2"} if connector.caps.overlap_seconds else set()
    assert {change.ext_id for change in again.changes} == expected
    assert not again.resync_needed


def test_an_expired_feed_asks_for_a_new_beginning(
    connector: Connector, target: RunningSandbox, sample: Sample
) -> None:
    if connector.caps.change_feed != "delta":
        pytest.skip("this feed is a query: it does not expire")
    connector.upsert(sample.obj, [sample.write("g1")])
    cursor = connector.pull(sample.obj, None, [sample.field]).next_cursor
    target.arm("feed_expiry")
    page = connector.pull(sample.obj, cursor, [sample.field])
    assert (page.resync_needed, page.changes, page.next_cursor, page.more) == (True, (), None, False)
    assert [change.ext_id for change in connector.pull(sample.obj, None, [sample.field]).changes] == ["g1"]


def test_deleted_records_show_where_the_feed_tells(
    connector: Connector, target: RunningSandbox, sample: Sample
) -> None:
    if not connector.caps.deletes_visible:
        pytest.skip("this feed does not tell of deletions")
    native = connector.upsert(sample.obj, [sample.write("g1")])[0].native_id
    cursor = connector.pull(sample.obj, None, [sample.field]).next_cursor
    target.arm("delete", obj=sample.obj, ext_id="g1")
    changes = connector.pull(sample.obj, cursor, [sample.field]).changes
    assert [(change.native_id, change.deleted) for change in changes] == [(native, True)]


def test_no_secret_is_logged(
    name: str,
    target: RunningSandbox,
    sample: Sample,
    connect: Callable[..., Connector],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    one = connect(name, target.base_url)
    with structlog.testing.capture_logs() as events:
        assert one.check().ok
        target.arm("500")
        outcome = one.upsert(sample.obj, [sample.write("g1")])[0]
        target.arm("token_expiry")
        assert one.upsert(sample.obj, [sample.write("g1")])[0].ok
    written_down = repr(events) + caplog.text + repr(outcome) + repr(one)
    assert any(event["event"] == "connectors.http.answered" for event in events)
    secrets = default_secrets(name)
    assert [key for key, value in secrets.items() if value in written_down and key.endswith(_SECRET)] == []


_SECRET = ("secret", "password", "token")
