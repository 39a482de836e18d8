"""Checks that each function has the permissions that it needs, and no others, by using its role."""

import json
import unittest
from collections.abc import Callable
from functools import partial
from typing import Any

from botocore.exceptions import ClientError

from authorization import ask
from deployment import ACCOUNT, REGION, deployed
from permission_table import ALLOWED

ROW = {"competition": {"S": "permissions"}, "clip": {"S": "nothing"}}
# The condition never holds, so a permitted write changes nothing.
NEVER = {"ConditionExpression": "attribute_exists(nothing)"}

QUEUES = (
    "AssetUndelivered",
    "UploadUndelivered",
    "ExportUndelivered",
    "UploadArrived",
    "ClipDueClips",
    "AnnounceUnannounced",
    "RuleUnapplied",
    "WebhooknewsroomChanges",
    "LibraryDropped",
)

# Actions of services that the emulator lacks, with their resources. IAM simulates their decisions.
SIMULATED = {
    "mediapackage:CreateHarvestJob": "*",
    "mediapackage:ListHarvestJobs": "*",
    "mediapackage:DescribeHarvestJob": f"arn:aws:mediapackage:{REGION}:{ACCOUNT}:harvest_jobs/a_b",
    "mediapackage:DeleteOriginEndpoint": (
        f"arn:aws:mediapackage:{REGION}:{ACCOUNT}:origin_endpoints/a"
    ),
    "mediapackage-vod:CreateAsset": "*",
    "mediapackage-vod:DescribeAsset": f"arn:aws:mediapackage-vod:{REGION}:{ACCOUNT}:assets/a_b",
    "mediapackage-vod:DeleteAsset": f"arn:aws:mediapackage-vod:{REGION}:{ACCOUNT}:assets/a_b",
    "mediapackage-vod:DescribePackagingGroup": (
        f"arn:aws:mediapackage-vod:{REGION}:{ACCOUNT}:packaging-groups/matchcut-default"
    ),
    "mediapackage-vod:DeletePackagingGroup": (
        f"arn:aws:mediapackage-vod:{REGION}:{ACCOUNT}:packaging-groups/matchcut-default"
    ),
    # The channel of the deployment is an existing endpoint, so nobody may control an encoder.
    "medialive:DescribeChannel": f"arn:aws:medialive:{REGION}:{ACCOUNT}:channel:1",
    "medialive:StartChannel": f"arn:aws:medialive:{REGION}:{ACCOUNT}:channel:1",
    "medialive:StopChannel": f"arn:aws:medialive:{REGION}:{ACCOUNT}:channel:1",
    "medialive:ListAlerts": "*",
    "mediaconvert:CreateJob": "*",
    "mediaconvert:SearchJobs": "*",
    "mediaconvert:Probe": "*",
    "mediaconvert:GetJob": f"arn:aws:mediaconvert:{REGION}:{ACCOUNT}:jobs/1",
    "mediaconvert:CancelJob": f"arn:aws:mediaconvert:{REGION}:{ACCOUNT}:jobs/1",
}

# The emulator ignores the stream of these actions, so IAM simulates their decisions too.
STREAM_ACTIONS = "dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"
# The same for a check in a transaction on the table.
CHECK_ACTION = "dynamodb:ConditionCheckItem"


class TestPermissions(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.deployment = deployed()
        cls.functions = {
            function["FunctionName"].removeprefix("matchcut-"): function
            for page in cls.client("lambda").get_paginator("list_functions").paginate()
            for function in page["Functions"]
        }
        cls.environment = {
            name: value
            for function in cls.functions.values()
            for name, value in function.get("Environment", {}).get("Variables", {}).items()
        }

    @classmethod
    def client(cls, *arguments: Any, **options: Any) -> Any:
        return cls.deployment.client(*arguments, **options)

    def attempts(self, credentials: dict[str, str]) -> dict[str, Callable]:
        """One attempt at each action that the emulator enforces, with some credentials."""
        client = partial(self.client, credentials=credentials)
        dynamodb, s3, sqs = client("dynamodb"), client("s3"), client("sqs")
        table = {"TableName": self.deployment.outputs["TableName"]}
        queues = {
            kind: {"QueueUrl": url}
            for url in self.client("sqs").list_queues()["QueueUrls"]
            for kind in QUEUES
            if kind in url
        }
        self.assertEqual(queues.keys(), set(QUEUES))
        secrets = client("secretsmanager")
        role = self.functions["show-health"]["Role"].rsplit("/", 1)[1]
        operator = {
            "UserPoolId": self.deployment.outputs["UserPoolId"],
            "Username": "viewer@example.com",
            "GroupName": "operator",
        }

        def query(index: dict, partition: str) -> Callable:
            condition = {
                "KeyConditionExpression": f"{partition} = :value",
                "ExpressionAttributeValues": {":value": {"S": "permissions"}},
            }
            return lambda: dynamodb.query(**table, **condition, **index)

        def on_objects(kind: str, output: str, key: str) -> dict[str, Callable]:
            bucket = {"Bucket": self.deployment.outputs[output]}
            there = bucket | {"Key": key}
            tags = {"Tagging": {"TagSet": []}}
            return {
                f"s3:GetObject {kind}": lambda: s3.get_object(**there),
                f"s3:GetObjectTagging {kind}": lambda: s3.get_object_tagging(**there),
                f"s3:PutObject {kind}": lambda: s3.put_object(**there),
                f"s3:PutObjectTagging {kind}": lambda: s3.put_object_tagging(**there, **tags),
                f"s3:DeleteObject {kind}": lambda: s3.delete_object(**there),
                f"s3:ListBucket {kind}": lambda: s3.list_objects_v2(**bucket),
                f"s3:ListBucketMultipartUploads {kind}": lambda: s3.list_multipart_uploads(
                    **bucket
                ),
                f"s3:AbortMultipartUpload {kind}": lambda: s3.abort_multipart_upload(
                    **there, UploadId="none"
                ),
                f"s3:ListMultipartUploadParts {kind}": lambda: s3.list_parts(
                    **there, UploadId="none"
                ),
            }

        def on_queue(kind: str, queue: dict) -> dict[str, Callable]:
            return {
                f"sqs:SendMessage {kind}": lambda: sqs.send_message(**queue, MessageBody="{}"),
                f"sqs:ReceiveMessage {kind}": lambda: sqs.receive_message(
                    **queue, VisibilityTimeout=0
                ),
                f"sqs:ChangeMessageVisibility {kind}": lambda: sqs.change_message_visibility(
                    **queue, ReceiptHandle="none", VisibilityTimeout=0
                ),
            }

        delete = {"DeleteRequest": {"Key": ROW}}
        attempts = on_objects("of clips", "ClipsBucketName", "clips/a/b/index.m3u8")
        attempts |= on_objects("of uploads", "UploadsBucketName", "a/b")
        attempts |= on_objects("of the site", "SiteBucketName", "console.html")
        for kind, queue in queues.items():
            attempts |= on_queue(kind, queue)
        return attempts | {
            "dynamodb:GetItem": lambda: dynamodb.get_item(**table, Key=ROW),
            "dynamodb:PutItem": lambda: dynamodb.put_item(**table, Item=ROW, **NEVER),
            "dynamodb:UpdateItem": lambda: dynamodb.update_item(
                **table,
                Key=ROW,
                UpdateExpression="SET a = :a",
                ExpressionAttributeValues={":a": {"S": "a"}},
                **NEVER,
            ),
            "dynamodb:DeleteItem": lambda: dynamodb.delete_item(**table, Key=ROW, **NEVER),
            "dynamodb:BatchWriteItem": lambda: dynamodb.batch_write_item(
                RequestItems={table["TableName"]: [delete]}
            ),
            "dynamodb:Scan": lambda: dynamodb.scan(**table, Limit=1),
            "dynamodb:Query": query({}, "competition"),
            "dynamodb:BatchGetItem": lambda: dynamodb.batch_get_item(
                RequestItems={table["TableName"]: {"Keys": [ROW]}}
            ),
            "dynamodb:Query listed": query({"IndexName": "listed"}, "activeCompetition"),
            "dynamodb:Query unfinished": query({"IndexName": "unfinished"}, "unfinished"),
            "dynamodb:Query waiting": query({"IndexName": "waiting"}, "waiting"),
            "dynamodb:Query changes": query({"IndexName": "changes"}, "competition"),
            "dynamodb:ListStreams": lambda: client("dynamodbstreams").list_streams(),
            "dynamodb:DeleteTable": lambda: dynamodb.delete_table(TableName="another"),
            "secretsmanager:GetSecretValue of the origin": lambda: secrets.get_secret_value(
                SecretId=self.deployment.identifier_secret
            ),
            "secretsmanager:GetSecretValue of the webhook": lambda: secrets.get_secret_value(
                SecretId=self.deployment.webhook_secret
            ),
            "events:PutEvents": lambda: client("events").put_events(
                Entries=[{"Source": "a", "DetailType": "a", "Detail": "{}"}]
            ),
            "lambda:InvokeFunction": lambda: client("lambda").invoke(
                FunctionName="matchcut-sweep-library", InvocationType="DryRun"
            ),
            "cognito-idp:AdminAddUserToGroup": lambda: client(
                "cognito-idp"
            ).admin_add_user_to_group(**operator),
            "iam:PutRolePolicy": lambda: client("iam").put_role_policy(
                RoleName=role, PolicyName="more", PolicyDocument='{"Statement": []}'
            ),
        }

    def assume(self, role: str) -> dict[str, str]:
        session = self.client("sts").assume_role(RoleArn=role, RoleSessionName="permissions")
        return session["Credentials"]

    def simulated(self, role: str, action: str, resource: str) -> bool:
        """Whether IAM's simulation allows an action to a role."""
        asked = {"PolicySourceArn": role, "ActionNames": [action], "ResourceArns": [resource]}
        (result,) = self.client("iam").simulate_principal_policy(**asked)["EvaluationResults"]
        return result["EvalDecision"] == "allowed"

    def test_the_table_lists_every_function(self):
        self.assertEqual(self.functions.keys(), ALLOWED.keys())

    def test_each_function_has_exactly_the_listed_permissions(self):
        table = self.client("dynamodb").describe_table(
            TableName=self.deployment.outputs["TableName"]
        )
        stream = dict.fromkeys(STREAM_ACTIONS, table["Table"]["LatestStreamArn"])
        check = {CHECK_ACTION: table["Table"]["TableArn"]}
        for name, function in self.functions.items():
            attempts = self.attempts(self.assume(function["Role"]))
            may = {action for action, attempt in attempts.items() if is_allowed(attempt)}
            simulated = SIMULATED | stream | check
            may |= {it for it in simulated if self.simulated(function["Role"], it, simulated[it])}
            with self.subTest(name):
                self.assertEqual(may, ALLOWED.get(name))

    def test_roles_of_aws_elemental_reach_only_their_part_of_each_bucket(self):
        clips, uploads = (
            f"arn:aws:s3:::{self.deployment.outputs[name]}"
            for name in ("ClipsBucketName", "UploadsBucketName")
        )
        clip, thumbnail = f"{clips}/clips/a/b/index.m3u8", f"{clips}/thumbnails/a/b/a.jpg"
        export = f"{clips}/exports/a/b/c.mp4"
        original = f"{uploads}/a/b"
        asked = {
            f"{action} {resource}": (action, resource)
            for action in ("s3:PutObject", "s3:GetObject", "s3:DeleteObject", "s3:ListBucket")
            for resource in (clips, clip, thumbnail, export, uploads, original)
        }
        for role, allowed in {
            "HARVEST_ROLE_ARN": {f"s3:PutObject {clip}", f"s3:ListBucket {clips}"},
            "ASSET_ROLE_ARN": {f"s3:GetObject {clip}", f"s3:ListBucket {clips}"},
            "TRANSCODE_ROLE_ARN": {
                f"s3:GetObject {original}",
                f"s3:GetObject {clip}",
                f"s3:PutObject {export}",
                f"s3:PutObject {clip}",
                f"s3:PutObject {thumbnail}",
            },
        }.items():
            arn = self.environment[role]
            may = {it for it, pair in asked.items() if self.simulated(arn, *pair)}
            with self.subTest(role):
                self.assertEqual(may, allowed)
                # The role trusts only a service. The emulator checks the conditions of a trust and
                # not its principal, so the root user may take a role without a condition.
                (trust,) = self.client("iam").get_role(RoleName=arn.rsplit("/", 1)[1])["Role"][
                    "AssumeRolePolicyDocument"
                ]["Statement"]
                self.assertEqual(trust["Principal"].keys(), {"Service"})
                if "Condition" in trust:
                    self.assertFalse(is_allowed(partial(self.assume, arn)))

    def test_the_bucket_refuses_requests_without_tls_or_credentials(self):
        bucket = self.deployment.outputs["ClipsBucketName"]
        asked = {"Bucket": bucket, "Key": "clips/a/b/index.m3u8"}
        # The emulator does not apply bucket policies to the root user.
        iam, user = self.client("iam"), {"UserName": "may-all-of-s3"}
        iam.create_user(**user)
        statement = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        iam.put_user_policy(**user, PolicyName="all", PolicyDocument=document)
        key = iam.create_access_key(**user)["AccessKey"]
        plain, tls = self.deployment.emulator.plain_url, self.deployment.emulator.url
        self.assertFalse(is_allowed(lambda: self.client("s3", key, plain).put_object(**asked)))
        self.assertTrue(is_allowed(lambda: self.client("s3", key, tls).put_object(**asked)))
        url = f"{self.deployment.emulator.url}/{bucket}/{asked['Key']}"
        self.assertEqual(ask("GET", url, opener=self.deployment.opener)[0], 403)
        self.client("s3").delete_object(**asked)


def is_allowed(attempt: Callable) -> bool:
    """Whether an attempt succeeded, or failed for another reason than access denied."""
    try:
        attempt()
    except ClientError as error:
        return error.response["Error"]["Code"] not in ("AccessDenied", "AccessDeniedException")
    return True
