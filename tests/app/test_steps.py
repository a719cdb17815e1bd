"""What steps come to is counted: gate refusals, quotes, drops, deliveries, and when each last went well."""

from datetime import UTC, datetime

from structlog.testing import capture_logs

from digestbot.app.steps import briefed, delivered, published, refreshed
from digestbot.domain.errors import Busy, Defect, FetchTimeout, PlatformDown
from digestbot.pipeline.brief import Briefed
from digestbot.pipeline.deliver import Delivered
from digestbot.pipeline.publish import Published
from digestbot.pipeline.refresh import Refreshed
from digestbot.telemetry import REGISTRY


def value(name: str, **labels: str) -> float:
    """Return what a metric stands at."""
    return REGISTRY.get_sample_value(name, labels) or 0.0


def test_a_brief_is_counted():
    """A brief counts its quotes, what was dropped by reason, what the gate refused by rule, and its engine."""
    before = value("digestbot_quotes_total"), value("digestbot_gate_refusals_total", rule="number")
    lost = value("digestbot_dropped_total", reason="no_speaker")
    refused = ("number", "number", "name")
    assert briefed(Briefed(1, "seq2seq:x", 3, cached=False, dropped=(("no_speaker", 2),), refused=refused))
    assert value("digestbot_quotes_total") == before[0] + 3
    assert value("digestbot_gate_refusals_total", rule="number") == before[1] + 2
    assert value("digestbot_dropped_total", reason="no_speaker") == lost + 2
    assert (
        value("digestbot_last_success_timestamp_seconds", step="brief") > datetime(2020, 1, 1, tzinfo=UTC).timestamp()
    )


def test_a_fault_is_no_success():
    """A step that went wrong leaves the time of its last success as it was; its outcome is counted all the same."""
    steps = ("refresh", "brief", "publish", "deliver")
    refreshed(Refreshed(1, "u", "new", stored=1))
    published(Published(1, datetime.now(UTC), "published", 2))
    delivered(Delivered(1, "slack:C1", "sent", 2))
    times = [value("digestbot_last_success_timestamp_seconds", step=step) for step in steps]
    failed = value("digestbot_refreshes_total", outcome="failed")
    refreshed(Refreshed(1, "u", "failed", error=FetchTimeout("u")))
    briefed(Briefed(1, "busy", 0, cached=False, error=Busy("full")))
    published(Published(1, datetime.now(UTC), "failed", error=Busy("full")))
    delivered(Delivered(1, "slack:C1", "postponed", 0, error=PlatformDown("slack:C1")))
    assert [value("digestbot_last_success_timestamp_seconds", step=step) for step in steps] == times
    assert value("digestbot_refreshes_total", outcome="failed") == failed + 1
    assert value("digestbot_messages_total", platform="slack", outcome="sent") >= 2


def test_a_fault_of_ours_has_its_traceback_in_the_log():
    """Whatever step met it, the line names the thing and has the cause."""
    fault = Defect("story 7 meets a fault of ours (IndexError)")
    fault.__cause__ = IndexError("a shape nobody thought of")
    with capture_logs() as told:
        refreshed(Refreshed(1, "u", "failed", error=fault))
        briefed(Briefed(7, "defect", 0, cached=False, error=fault))
        published(Published(1, datetime.now(UTC), "failed", error=fault))
        published(Published(1, datetime.now(UTC), "published", 1, faults=(fault,)))
        delivered(Delivered(1, "slack:C1", "postponed", 0, error=fault))
    assert [line["exc_info"].__cause__ for line in told if "story 7" in line.get("error", "")] == [fault.__cause__] * 5
