"""Change events on the event bus, and webhook messages to a subscriber."""

import contextlib
import json
from collections.abc import Callable, Iterator

from clips import ClipTest
from deployment import ACCOUNT, REGION, deployed
from stand_in import eventually

STATUSES = ["harvesting", "packaging", "ready"]


class TestAnnounce(ClipTest):
    @classmethod
    def setUpClass(cls):
        cls.use(deployed())

    @contextlib.contextmanager
    def third_party_rule(self) -> Iterator[Callable[[], list[dict]]]:
        """Adds a third-party rule on the default bus. Yields a function that lists its events."""
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
        received = []

        def list_events() -> list[dict]:
            while messages := sqs.receive_message(
                QueueUrl=queue, MaxNumberOfMessages=10, VisibilityTimeout=600
            ).get("Messages"):
                received.extend(json.loads(message["Body"]) for message in messages)
            return received

        try:
            yield list_events
        finally:
            events.remove_targets(Rule="listener", Ids=["queue"])
            events.delete_rule(Name="listener")
            sqs.delete_queue(QueueUrl=queue)

    def test_each_change_of_state_sends_a_change_event(self):
        with self.third_party_rule() as list_events:
            clip = self.create_clip(lastSeconds=4, title="On the bus")
            ready = self.wait_until(clip, "ready", 60)

            def ready_events() -> list[dict] | None:
                ours = [event for event in list_events() if event["detail"]["clip"] == clip["clip"]]
                return ours if "ready" in [event["detail"]["status"] for event in ours] else None

            events = eventually(ready_events, "there was no change event for the ready clip")
        statuses = [event["detail"]["status"] for event in events]
        self.assertEqual(sorted(set(statuses) & set(STATUSES)), sorted(STATUSES), statuses)
        last = next(event for event in events if event["detail"]["status"] == "ready")
        self.assertEqual((last["source"], last["detail-type"]), ("matchcut", "Clip State Changed"))
        self.assertEqual(last["detail"], ready, "the detail must be the clip as in the API")

    def test_webhook_messages_have_valid_signatures(self):
        subscriber = self.deployment.subscriber
        clip = self.create_clip(lastSeconds=4, title="By webhook")
        ready = self.wait_until(clip, "ready", 60)

        def ready_messages() -> dict[str, dict] | None:
            messages = subscriber.messages_about(clip)
            types = [message["type"] for message in messages.values()]
            return messages if "clip.ready" in types else None

        messages = eventually(ready_messages, "there was no webhook message for the ready clip")
        self.assertEqual(subscriber.invalid, [])
        last = next(it for it in messages.values() if it["type"] == "clip.ready")
        self.assertEqual(
            last, {"type": "clip.ready", "timestamp": ready["updatedAt"], "data": ready}
        )

    def test_a_refused_webhook_message_is_retried(self):
        subscriber = self.deployment.subscriber
        subscriber.refusals["Refused once"] = 1
        clip = self.create_clip(lastSeconds=4, title="Refused once")
        self.wait_until(clip, "ready", 60)

        def all_types() -> list[str] | None:
            types = [message["type"] for message in subscriber.messages_about(clip).values()]
            return types if set(STATUSES) <= {it.removeprefix("clip.") for it in types} else None

        eventually(all_types, "the refused webhook message was not retried")
        self.assertEqual(subscriber.refusals["Refused once"], 0)
