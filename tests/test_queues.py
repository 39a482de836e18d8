"""The queues of the stand-in, spoken to with an SDK that nobody here wrote."""

import hashlib

from botocore.exceptions import ClientError

from stand_in import WireTest


class TestQueues(WireTest):
    @property
    def due(self):
        return f"{self.sqs.meta.endpoint_url}/000000000000/matchcut-due"

    def refusal(self, call, **asked):
        with self.assertRaises(ClientError, msg=asked) as refusal:
            call(**asked)
        return refusal.exception.response["Error"]["Code"]

    def test_a_message_is_taken_with_a_delay_of_up_to_15_minutes(self):
        for delay in ({}, {"DelaySeconds": 0}, {"DelaySeconds": 900}):
            with self.subTest(delay):
                body = '{"competition":"wire","clip":"none"}'
                sent = self.sqs.send_message(QueueUrl=self.due, MessageBody=body, **delay)
                self.assertEqual(sent["MD5OfMessageBody"], hashlib.md5(body.encode()).hexdigest())
                self.assertTrue(sent["MessageId"])

    def test_a_message_that_sqs_would_not_take_is_refused(self):
        send = self.sqs.send_message
        for asked in (
            {"DelaySeconds": 901},
            {"DelaySeconds": -1},
            {"MessageBody": ""},
            {"MessageBody": "x" * (2**20 + 1)},
        ):
            with self.subTest({name: str(value)[:9] for name, value in asked.items()}):
                asked = {"QueueUrl": self.due, "MessageBody": "{}"} | asked
                self.assertEqual(self.refusal(send, **asked), "InvalidParameterValue")
        other = self.due.replace("due", "other")
        with self.assertRaises(self.sqs.exceptions.QueueDoesNotExist):
            send(QueueUrl=other, MessageBody="{}")

    def test_only_a_message_in_flight_can_be_put_off(self):
        sent = self.sqs.send_message(QueueUrl=self.due, MessageBody="{}", DelaySeconds=900)
        change = self.sqs.change_message_visibility
        asked = {"QueueUrl": self.due, "VisibilityTimeout": 60}
        handle = f"{sent['MessageId']}.1"
        with self.assertRaises(self.sqs.exceptions.MessageNotInflight):
            change(ReceiptHandle=handle, **asked)
        with self.assertRaises(self.sqs.exceptions.ReceiptHandleIsInvalid):
            change(ReceiptHandle="nonsense", **asked)
        asked["VisibilityTimeout"] = 43_201
        self.assertEqual(self.refusal(change, ReceiptHandle=handle, **asked), "InvalidParameterValue")
