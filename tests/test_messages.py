"""Tests the stand-in's queues, event bus and DynamoDB stream with boto3."""

import hashlib
from collections.abc import Callable

from botocore.exceptions import ClientError

from stand_in import WireTest, unused_id


class TestQueues(WireTest):
    @property
    def due_queue(self) -> str:
        return f"{self.sqs.meta.endpoint_url}/000000000000/matchcut-due"

    def error_code(self, call: Callable, **asked: object) -> str:
        """Makes a call that must fail. Returns the code of the error."""
        with self.assertRaises(ClientError, msg=asked) as refusal:
            call(**asked)
        return refusal.exception.response["Error"]["Code"]

    def test_a_message_may_have_a_delay_of_up_to_15_minutes(self):
        for delay in ({}, {"DelaySeconds": 0}, {"DelaySeconds": 900}):
            with self.subTest(delay):
                body = '{"competition":"wire","clip":"none"}'
                sent = self.sqs.send_message(QueueUrl=self.due_queue, MessageBody=body, **delay)
                self.assertEqual(sent["MD5OfMessageBody"], hashlib.md5(body.encode()).hexdigest())
                self.assertTrue(sent["MessageId"])

    def test_an_invalid_message_is_refused(self):
        send = self.sqs.send_message
        for asked in (
            {"DelaySeconds": 901},
            {"DelaySeconds": -1},
            {"MessageBody": ""},
            {"MessageBody": "x" * (2**20 + 1)},
        ):
            with self.subTest({name: str(value)[:9] for name, value in asked.items()}):
                asked = {"QueueUrl": self.due_queue, "MessageBody": "{}"} | asked
                self.assertEqual(self.error_code(send, **asked), "InvalidParameterValue")
        other = self.due_queue.replace("due", "other")
        with self.assertRaises(self.sqs.exceptions.QueueDoesNotExist):
            send(QueueUrl=other, MessageBody="{}")

    def test_only_the_visibility_of_a_message_in_flight_can_be_changed(self):
        sent = self.sqs.send_message(QueueUrl=self.due_queue, MessageBody="{}", DelaySeconds=900)
        change = self.sqs.change_message_visibility
        asked = {"QueueUrl": self.due_queue, "VisibilityTimeout": 60}
        handle = f"{sent['MessageId']}.1"
        with self.assertRaises(self.sqs.exceptions.MessageNotInflight):
            change(ReceiptHandle=handle, **asked)
        with self.assertRaises(self.sqs.exceptions.ReceiptHandleIsInvalid):
            change(ReceiptHandle="nonsense", **asked)
        asked["VisibilityTimeout"] = 43_201
        code = self.error_code(change, ReceiptHandle=handle, **asked)
        self.assertEqual(code, "InvalidParameterValue")


class TestEvents(WireTest):
    def put(self, *entries: dict) -> dict:
        """Puts valid entries, each with these changes."""
        good = {"Source": "matchcut", "DetailType": "Wire", "Detail": "{}"}
        return self.events.put_events(Entries=[good | entry for entry in entries])

    def test_an_invalid_entry_fails_without_failing_the_others(self):
        answer = self.put({}, {"Source": "aws.s3"}, {"Detail": "no JSON"}, {"Time": 1_580_736_780})
        self.assertEqual(answer["FailedEntryCount"], 2)
        codes = [entry.get("ErrorCode") for entry in answer["Entries"]]
        expected = [None, "NotAuthorizedForSourceException", "MalformedDetail", None]
        self.assertEqual(codes, expected)
        for entry in answer["Entries"]:
            self.assertEqual("EventId" in entry, "ErrorCode" not in entry, entry)

    def test_a_request_may_have_up_to_ten_entries(self):
        self.assertEqual(self.put(*[{}] * 10)["FailedEntryCount"], 0)
        with self.assertRaises(ClientError):
            self.put(*[{}] * 11)


class TestStream(WireTest):
    def test_the_stream_has_each_change_with_its_old_and_new_image(self):
        (name,) = self.dynamodb.list_tables()["TableNames"]
        table = self.dynamodb.describe_table(TableName=name)["Table"]
        self.assertEqual(table["StreamSpecification"]["StreamViewType"], "NEW_AND_OLD_IMAGES")
        streams = self.session.client(
            "dynamodbstreams", endpoint_url=self.dynamodb.meta.endpoint_url
        )
        arn = table["LatestStreamArn"]
        (shard,) = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]
        iterator = streams.get_shard_iterator(
            StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType="LATEST"
        )["ShardIterator"]
        key = {"competition": {"S": "idempotency#wire"}, "clip": {"S": unused_id()}}
        self.dynamodb.put_item(TableName=name, Item=key)
        self.dynamodb.put_item(TableName=name, Item=key | {"title": {"S": "Goal"}})
        self.dynamodb.delete_item(TableName=name, Key=key)
        records = streams.get_records(ShardIterator=iterator)["Records"]
        names = [record["eventName"] for record in records]
        self.assertEqual(names, ["INSERT", "MODIFY", "REMOVE"])
        changed = records[1]["dynamodb"]
        self.assertEqual(changed["OldImage"], key)
        self.assertEqual(changed["NewImage"]["title"], {"S": "Goal"})
