"""Tests that other systems get each change of a clip, from EventBridge and by webhook."""

import contextlib
import json
from collections.abc import Callable, Iterator

from clips import ClipTest
from deployment import ACCOUNT, REGION, deployed
from stand_in import eventually

LIFE = ["harvesting", "packaging", "ready"]


class TestAnnouncements(ClipTest):
    @classmethod
    def setUpClass(cls):
        cls.use(deployed())

    @contextlib.contextmanager
    def listening(self) -> Iterator[Callable[[], list[dict]]]:
        """Adds a rule to the default bus. Yields a function that returns the events so far."""
        sqs, events = self.deployment.client("sqs"), self.deployment.client("events")
        queue = sqs.create_queue(QueueName="listener")["QueueUrl"]
        arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:listener"
        statement = {
            "Effect": "Allow",
            "Principal": {"Service": "events.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": arn,
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": policy})
        pattern = {"source": ["matchcut"], "detail-type": ["Clip State Changed"]}
        events.put_rule(Name="listener", EventPattern=json.dumps(pattern))
        events.put_targets(Rule="listener", Targets=[{"Id": "queue", "Arn": arn}])
        heard = []

        def hear() -> list[dict]:
            while messages := sqs.receive_message(
                QueueUrl=queue, MaxNumberOfMessages=10, VisibilityTimeout=600
            ).get("Messages"):
                heard.extend(json.loads(message["Body"]) for message in messages)
            return heard

        try:
            yield hear
        finally:
            events.remove_targets(Rule="listener", Ids=["queue"])
            events.delete_rule(Name="listener")
            sqs.delete_queue(QueueUrl=queue)

    def test_each_change_of_state_is_an_event_on_the_bus(self):
        with self.listening() as hear:
            clip = self.cut(lastSeconds=4, title="On the bus")
            ready = self.wait_until(clip, "ready", 60)

            def heard() -> list[dict] | None:
                ours = [event for event in hear() if event["detail"]["clip"] == clip["clip"]]
                return ours if "ready" in [event["detail"]["status"] for event in ours] else None

            events = eventually(30, heard, "no event said that the clip is ready")
        statuses = [event["detail"]["status"] for event in events]
        self.assertEqual(sorted(set(statuses) & set(LIFE)), sorted(LIFE), statuses)
        last = next(event for event in events if event["detail"]["status"] == "ready")
        self.assertEqual((last["source"], last["detail-type"]), ("matchcut", "Clip State Changed"))
        self.assertEqual(last["detail"], ready, "the event has the clip as the API shows it")

    def test_a_subscriber_gets_messages_with_valid_signatures(self):
        subscriber = self.deployment.subscriber
        clip = self.cut(lastSeconds=4, title="By webhook")
        ready = self.wait_until(clip, "ready", 60)

        def told() -> dict[str, dict] | None:
            calls = subscriber.messages_about(clip)
            return calls if "clip.ready" in [call["type"] for call in calls.values()] else None

        calls = eventually(30, told, "no webhook message said that the clip is ready")
        self.assertEqual(subscriber.forged, [])
        last = next(call for call in calls.values() if call["type"] == "clip.ready")
        self.assertEqual(
            last, {"type": "clip.ready", "timestamp": ready["updatedAt"], "data": ready}
        )

    def test_a_refused_message_is_sent_again(self):
        subscriber = self.deployment.subscriber
        subscriber.refusals["In trouble"] = 1
        clip = self.cut(lastSeconds=4, title="In trouble")
        self.wait_until(clip, "ready", 60)

        def told() -> list[str] | None:
            types = [call["type"] for call in subscriber.messages_about(clip).values()]
            return types if set(LIFE) <= {it.removeprefix("clip.") for it in types} else None

        eventually(60, told, "the refused message was not sent again")
        self.assertEqual(subscriber.refusals["In trouble"], 0)
