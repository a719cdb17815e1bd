"""A reader reports, a manager checks and corrects, and the message in the channel says so: all of it on Slack."""

import re
from datetime import timedelta

from digestbot.chat.slack.adapter import SlackAdapter
from digestbot.domain.subscription import Channel, Subscription
from digestbot.pipeline.deliver import Deliverer
from tests.chat.slack.hearing import Desks, listening, texts, until
from tests.chat.slack.test_forms import filled
from tests.commands.making import SAID, a_desk
from tests.rigs.slack import TOKEN
from tests.rigs.slack_socket import SocketRig


async def test_a_confirmed_report_changes_what_was_posted_visibly() -> None:
    """Report, check again, correct: each is one press, and the posted story shows the correction in its place."""
    rig = SocketRig()
    rig.people = {"U1": {"tz": "UTC"}, "U2": {"is_admin": True, "tz": "UTC"}}
    await rig.start()
    adapter = SlackAdapter(TOKEN, base_url=rig.base_url, pace=0.0)
    desk = await a_desk(adapter)
    now = desk.clock.now()
    await desk.store.save_subscription(
        Subscription(
            0, "Brief", Channel("slack", "C1", "T1"), next_edition_at=now, window_from=now - timedelta(hours=5)
        )
    )
    await desk.publisher.run_due()
    await Deliverer(desk.store, {"slack": adapter}, desk.clock).run_due()
    posted = next(m for m in rig.rooms["C1"].messages if SAID[:20] in texts(m))
    story = re.search(r"report story=(\d+)", str(posted))
    assert story

    async with listening(rig, Desks(desk).answer, admin_channel="C2"):
        await rig.press(story[0], user="U1")
        await until(lambda: rig.views)
        await rig.submit(rig.views[-1], filled(rig.views[-1], kind="quote", note="she said “might”"), user="U1")
        await until(lambda: rig.rooms["C2"].messages)
        notice = rig.rooms["C2"].messages[-1]
        check = re.search(r"recheck story=\d+ report=\d+", str(notice))
        assert check

        await rig.press(check[0], user="U2", channel="C2")
        await until(lambda: "correct report=" in str(rig.responses))
        wrong = re.search(r"correct report=\d+ remedy=quotes quote=1", str(rig.responses))
        assert wrong

        before = len(rig.rooms["C1"].messages)
        await rig.press(wrong[0], user="U2", channel="C2")
        await until(lambda: any(method == "chat.update" for method, _ in rig.calls))
        await until(lambda: "is closed" in texts(rig.responses))
    await adapter.close()
    await rig.stop()
    corrected = next(m for m in rig.rooms["C1"].messages if m["ts"] == posted["ts"])
    assert "Correction" in texts(corrected)
    assert SAID not in texts(corrected)
    assert len(rig.rooms["C1"].messages) == before
    assert rig.faults == []
