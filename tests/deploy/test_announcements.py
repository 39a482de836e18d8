"""Other systems hear of each change of a clip: on the event bus, and by webhooks."""

import contextlib
import json

from clips import ClipTest
from deployment import ACCOUNT, REGION, deployed
from stand_in import eventually

LIFE = ["harvesting", "packaging", "ready"]


class TestAnnouncements(ClipTest):
    @classmethod
    def setUpClass(cls):
        cls.use(deployed())

    @contextlib.contextmanager
    def listening(self):
        """A rule of somebody else's on the default bus: what it has let through so far."""
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

        def hear():
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

            def heard():
                ours = [event for event in hear() if event["detail"]["clip"] == clip["clip"]]
                return ours if "ready" in [event["detail"]["status"] for event in ours] else None

            events = eventually(30, heard, "nobody was told that the clip is ready")
        statuses = [event["detail"]["status"] for event in events]
        self.assertEqual(sorted(set(statuses) & set(LIFE)), sorted(LIFE), statuses)
        last = next(event for event in events if event["detail"]["status"] == "ready")
        self.assertEqual((last["source"], last["detail-type"]), ("matchcut", "Clip State Changed"))
        self.assertEqual(last["detail"], ready, "it is the clip as the API shows it")

    def test_a_subscriber_is_called_with_signatures_it_can_verify(self):
        subscriber = self.deployment.subscriber
        clip = self.cut(lastSeconds=4, title="By webhook")
        ready = self.wait_until(clip, "ready", 60)

        def told():
            calls = subscriber.of(clip)
            return calls if "clip.ready" in [call["type"] for call in calls.values()] else None

        calls = eventually(30, told, "the subscriber was not told that the clip is ready")
        self.assertEqual(subscriber.forged, [])
        last = next(call for call in calls.values() if call["type"] == "clip.ready")
        self.assertEqual(
            last, {"type": "clip.ready", "timestamp": ready["updatedAt"], "data": ready}
        )

    def test_a_subscriber_in_trouble_is_called_again(self):
        subscriber = self.deployment.subscriber
        subscriber.refusals["In trouble"] = 1
        clip = self.cut(lastSeconds=4, title="In trouble")
        self.wait_until(clip, "ready", 60)

        def told():
            types = [call["type"] for call in subscriber.of(clip).values()]
            return types if set(LIFE) <= {it.removeprefix("clip.") for it in types} else None

        eventually(60, told, "what was refused did not come again")
        self.assertEqual(subscriber.refusals["In trouble"], 0)
