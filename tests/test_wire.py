"""Tests the stand-in with boto3: MediaPackage, MediaPackage VOD, MediaLive and DynamoDB."""

import json
import tempfile
from datetime import UTC, datetime, timedelta, timezone
from functools import partial
from pathlib import Path
from unittest import mock
from urllib.parse import urljoin, urlsplit

from botocore.exceptions import ClientError

from stand_in import (
    CHANNEL,
    RENDITIONS,
    ROLE,
    ROOT,
    WireTest,
    eventually,
    get,
    seconds_within,
    segments,
    unused_id,
    uris,
)


class TestClip(WireTest):
    def test_a_job_writes_whole_segments_and_manifests_to_one_prefix(self):
        window = self.window(3)
        start, end = window[0].start + timedelta(seconds=0.7), window[-1].end - timedelta(seconds=1)
        job = self.ended_job(StartTime=start.isoformat(), EndTime=end.isoformat())
        self.assertEqual(job["Status"], "SUCCEEDED")

        key = job["S3Destination"]["ManifestKey"]
        prefix = key.removesuffix("parent.m3u8")
        asked = {"Bucket": self.bucket, "Prefix": prefix}
        found = self.paged(self.s3.list_objects_v2, "Contents", size=5, **asked)
        children = {f"index_{number + 1}.m3u8": [] for number in range(RENDITIONS)}
        for child, names in children.items():
            stem = child.removesuffix(".m3u8")
            names += [segment.name.replace("index_1", stem) for segment in window]
        manifests = ["parent.m3u8", "index_iframes.m3u8", *children]
        expected = [prefix + name for name in sum(children.values(), manifests)]
        self.assertCountEqual([item["Key"] for item in found], expected)

        live, _ = self.live_manifest()
        self.assertEqual(uris(self.read(key).decode()), list(children))
        for child, names in children.items():
            text = self.read(prefix + child).decode()
            self.assertEqual(uris(text), names)
            self.assertTrue(text.endswith("#EXT-X-ENDLIST\n"), text)
            for name in names:
                self.assertEqual(self.read(prefix + name), get(urljoin(live, name))[1], name)

    def test_a_job_accepts_epoch_seconds_and_iso_8601_with_any_offset(self):
        window = self.window()
        times = seconds_within(window)
        offsets = [UTC, timezone(timedelta(hours=5.5)), timezone(-timedelta(hours=8))]
        forms = [
            [datetime.fromtimestamp(at, offset).isoformat() for at in times] for offset in offsets
        ]
        forms += [list(map(str, times)), [text.replace("+00:00", "Z") for text in forms[0]]]
        for start, end in forms:
            with self.subTest(start=start, end=end):
                job = self.ended_job(StartTime=start, EndTime=end)
                self.assertEqual((job["StartTime"], job["EndTime"]), (start, end))
                child = job["S3Destination"]["ManifestKey"].replace("parent", "index_1")
                self.assertEqual(segments(self.read(child).decode()), window)

    def test_an_invalid_job_is_refused_and_not_listed(self):
        start, end = seconds_within(self.window())
        hour, day = 3600, 86_400
        wrong = [{"Id": job_id} for job_id in ("", "goal 1", "goal/1", "göal", "goal.1")]
        wrong += [{"StartTime": at} for at in ("soon", str(start - hour), str(end), str(end + 1))]
        wrong += [{"EndTime": at} for at in ("", str(end + hour), str(start), str(start + 2 * day))]
        for other in [*wrong, {"OriginEndpointId": "another"}]:
            with self.subTest(other):
                asked = self.job(**{"StartTime": str(start), "EndTime": str(end)} | other)
                call = self.live.create_harvest_job
                self.assert_refused("UnprocessableEntityException", call, **asked)
                kept = self.live.list_harvest_jobs()["HarvestJobs"]
                self.assertNotIn(asked["Id"], [job["Id"] for job in kept])

    def test_a_job_id_can_be_used_once(self):
        job = self.ended_job()
        asked = self.job(Id=job["Id"])
        self.assert_refused("UnprocessableEntityException", self.live.create_harvest_job, **asked)
        kept = self.live.describe_harvest_job(Id=job["Id"]) | {"ResponseMetadata": mock.ANY}
        self.assertEqual(job, kept)

    def test_an_unknown_job_is_not_found(self):
        self.assert_refused("NotFoundException", self.live.describe_harvest_job, Id=unused_id())

    def test_jobs_are_listed_by_status_and_channel_and_in_pages(self):
        good = [self.ended_job()["Id"] for _ in range(3)]
        destination = {"BucketName": "Not_A_Bucket", "ManifestKey": "x.m3u8", "RoleArn": ROLE}
        bad = [self.ended_job(S3Destination=destination)["Id"]]
        call = self.live.list_harvest_jobs
        for asked, expected in [
            ({}, good + bad),
            ({"IncludeStatus": "SUCCEEDED", "IncludeChannelId": "main"}, good),
            ({"IncludeStatus": "FAILED"}, bad),
            ({"IncludeStatus": "IN_PROGRESS"}, []),
            ({"IncludeChannelId": "another"}, []),
        ]:
            for size in (1, 3, 1000):
                with self.subTest(asked, size=size):
                    listed = [job["Id"] for job in self.paged(call, "HarvestJobs", size, **asked)]
                    mine = [job_id for job_id in listed if job_id in good + bad]
                    self.assertCountEqual(mine, expected)
        self.assert_refused("UnprocessableEntityException", call, IncludeStatus="DONE")

    def test_a_conditional_write_of_an_existing_row_fails(self):
        (table,) = self.dynamodb.list_tables()["TableNames"]
        key = {"competition": {"S": "wire"}, "clip": {"S": unused_id()}}
        once = {"Item": key, "ConditionExpression": "attribute_not_exists(clip)"}
        self.dynamodb.put_item(TableName=table, **once)
        self.addCleanup(self.dynamodb.delete_item, TableName=table, Key=key)
        call = self.dynamodb.put_item
        self.assert_refused("ConditionalCheckFailedException", call, TableName=table, **once)
        self.assertEqual(self.dynamodb.get_item(TableName=table, Key=key)["Item"], key)


class TestClipQuota(WireTest):
    OPTIONS = ("--faults", "slow=5")

    def test_the_eleventh_concurrent_job_is_refused(self):
        create, describe = self.live.create_harvest_job, self.live.describe_harvest_job
        running = [create(**self.job())["Id"] for _ in range(10)]

        def list_running() -> list[str]:
            jobs = self.live.list_harvest_jobs(IncludeStatus="IN_PROGRESS")["HarvestJobs"]
            return [job["Id"] for job in jobs]

        self.assertCountEqual(list_running(), running)
        asked = self.job()
        self.assert_refused("TooManyRequestsException", create, **asked)
        self.assert_refused("NotFoundException", describe, Id=asked["Id"])
        eventually(lambda: not list_running(), "the ten jobs did not end", every=0.5)
        self.assertEqual(create(**asked)["Status"], "IN_PROGRESS")


class TestAsset(WireTest):
    # An ingest takes 2 s longer, so that the tests see the statuses before PLAYABLE.
    OPTIONS = ("--faults", "slow=2")

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        (cls.group,) = cls.vod.list_packaging_groups()["PackagingGroups"]
        cls.source_key = cls.ended_job()["S3Destination"]["ManifestKey"]

    def asset(self, **other: object) -> dict:
        """Returns a valid request for an asset, with these changes."""
        source = f"arn:aws:s3:::{self.bucket}/{self.source_key}"
        asked = {"Id": unused_id(), "PackagingGroupId": self.group["Id"]}
        return asked | {"SourceArn": source, "SourceRoleArn": ROLE} | other

    def await_status(self, asset: dict, status: str):
        def statuses() -> set[str]:
            endpoints = self.vod.describe_asset(Id=asset["Id"])["EgressEndpoints"]
            return {endpoint["Status"] for endpoint in endpoints}

        eventually(lambda: statuses() == {status}, f"{asset['Id']} was not {status}", every=0.5)

    def bodies(self, asset: dict, status: int) -> dict[str, bytes]:
        """Requests an asset's URLs. Fails unless all have this status. Returns their bodies."""
        answers = {it["Url"]: get(it["Url"]) for it in asset["EgressEndpoints"]}
        self.assertEqual({answer[0] for answer in answers.values()}, {status}, answers)
        return {url: body for url, (_, body) in answers.items()}

    def test_urls_are_known_at_once_and_answer_when_playable(self):
        asset = self.vod.create_asset(**self.asset(ResourceId="content", Tags={"team": "home"}))
        self.assertEqual((asset["ResourceId"], asset["Tags"]), ("content", {"team": "home"}))
        self.assertEqual({it["Status"] for it in asset["EgressEndpoints"]}, {"QUEUED"})
        self.bodies(asset, 404)
        self.await_status(asset, "PROCESSING")
        self.await_status(asset, "PLAYABLE")
        described = self.vod.describe_asset(Id=asset["Id"])
        manifests = self.bodies(described, 200)
        self.assertEqual(set(manifests), {it["Url"] for it in asset["EgressEndpoints"]})
        dash, hls = (next(it for it in manifests if it.endswith(end)) for end in ("mpd", "m3u8"))
        self.assertIn(b"<MPD", manifests[dash])
        children = uris(manifests[hls].decode())
        self.assertEqual(len(children), RENDITIONS)
        for child in children:
            for name in uris(get(urljoin(hls, child))[1].decode()):
                status, media = get(urljoin(hls, name))
                self.assertEqual((status, media[:1]), (200, b"G"), name)

    def test_assets_are_listed_in_pages_without_egress_endpoints(self):
        created = [self.vod.create_asset(**self.asset())["Id"] for _ in range(3)]
        listed = self.paged(self.vod.list_assets, "Assets", PackagingGroupId=self.group["Id"])
        self.assertCountEqual([it["Id"] for it in listed if it["Id"] in created], created)
        self.assertFalse([asset for asset in listed if "EgressEndpoints" in asset])
        group = self.vod.describe_packaging_group(Id=self.group["Id"])
        self.assertEqual(group["ApproximateAssetCount"], len(listed))

    def test_deleting_an_asset_removes_its_urls_and_keeps_its_source(self):
        asset = self.vod.create_asset(**self.asset())
        self.await_status(asset, "PLAYABLE")
        self.vod.delete_asset(Id=asset["Id"])
        self.bodies(asset, 404)
        for call in (self.vod.describe_asset, self.vod.delete_asset):
            self.assert_refused("NotFoundException", call, Id=asset["Id"])
        self.assertNotIn(asset["Id"], [it["Id"] for it in self.vod.list_assets()["Assets"]])
        self.s3.head_object(Bucket=self.bucket, Key=self.source_key)

    def test_the_id_of_an_asset_deleted_during_ingest_can_be_used_again(self):
        asset = self.vod.create_asset(**self.asset())
        self.await_status(asset, "PROCESSING")
        self.vod.delete_asset(Id=asset["Id"])
        again = self.vod.create_asset(**self.asset(Id=asset["Id"]))
        self.await_status(again, "PLAYABLE")
        self.bodies(again, 200)
        self.bodies(asset, 404)

    def test_an_invalid_asset_is_refused(self):
        taken = self.vod.create_asset(**self.asset())["Id"]
        wrong = [{"Id": taken}, {"Id": "goal 1"}, {"PackagingGroupId": "another"}]
        wrong += [{"SourceArn": arn} for arn in ("index.m3u8", "arn:aws:s3:::bucket/clip.mp4")]
        for other in wrong:
            with self.subTest(other):
                call, asked = self.vod.create_asset, self.asset(**other)
                self.assert_refused("UnprocessableEntityException", call, **asked)

    def test_an_asset_without_its_source_fails(self):
        source = f"arn:aws:s3:::{self.bucket}/nothing/index.m3u8"
        asset = self.vod.create_asset(**self.asset(SourceArn=source))
        self.await_status(asset, "FAILED")
        self.bodies(asset, 404)

    def test_packaging_groups_and_configurations_match_their_files(self):
        vod, expected, found = self.vod, {}, {}
        for file in ROOT.glob("packaging-groups/*.json"):
            group = json.loads(file.read_text())
            expected[group["id"]] = sorted(
                f"matchcut-{it['id']}" for it in group["packagingConfigurations"]
            )
        for group in self.paged(vod.list_packaging_groups, "PackagingGroups"):
            self.assertEqual(vod.describe_packaging_group(Id=group["Id"])["Arn"], group["Arn"])
            call, asked = vod.list_packaging_configurations, {"PackagingGroupId": group["Id"]}
            listed = self.paged(call, "PackagingConfigurations", **asked)
            for configuration in listed:
                described = vod.describe_packaging_configuration(Id=configuration["Id"])
                self.assertEqual(described | configuration, described)
            found[group["Id"]] = sorted(configuration["Id"] for configuration in listed)
        self.assertEqual(found, expected)
        for call in (vod.describe_packaging_group, vod.describe_packaging_configuration):
            self.assert_refused("NotFoundException", call, Id="another")


class TestPackagingGroups(WireTest):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        text = (ROOT / "packaging-groups/default.json").read_text()
        for name in ("default", "another"):
            group = json.loads(text)
            group["id"] = name
            if name != "default":
                for configuration in group["packagingConfigurations"]:
                    configuration["id"] += "-2"
            (Path(folder.name) / f"{name}.json").write_text(json.dumps(group))
        cls.OPTIONS = ("--packaging-groups", folder.name, "--assets-per-group", "1")
        super().setUpClass()

    def test_a_full_group_refuses_assets_and_each_group_has_its_own_path(self):
        key = self.ended_job()["S3Destination"]["ManifestKey"]
        source = f"arn:aws:s3:::{self.bucket}/{key}"

        def asked(group: str) -> dict:
            asset = {"Id": unused_id(), "PackagingGroupId": group}
            return asset | {"SourceArn": source, "SourceRoleArn": ROLE}

        def have_status(status: int, prefix: str, paths: list[str]) -> bool:
            urls = [api.removesuffix("/api") + prefix + path for path in paths]
            return [get(url)[0] for url in urls] == [status, status]

        create, describe = self.vod.create_asset, self.vod.describe_packaging_group
        (api,) = self.printed("api")
        for group, own, other in [("default", "/vod", "/vod/2"), ("another", "/vod/2", "/vod")]:
            with self.subTest(group):
                self.assertEqual(describe(Id=group)["ApproximateAssetCount"], 0)
                asset = create(**asked(group))
                self.assert_refused("TooManyRequestsException", create, **asked(group))
                self.assertEqual(describe(Id=group)["ApproximateAssetCount"], 1)
                paths = [urlsplit(it["Url"]).path for it in asset["EgressEndpoints"]]
                eventually(partial(have_status, 200, own, paths), "the asset was not playable")
                self.assertTrue(have_status(404, other, paths))


class TestServerErrors(WireTest):
    OPTIONS = ("--faults", "error=1,seed=1")

    def test_calls_that_fail_with_500_or_503_may_still_take_effect(self):
        codes, prefixes = set(), []
        for _ in range(20):
            job = self.job()
            with self.assertRaises(ClientError) as refusal:
                self.live.create_harvest_job(**job)
            codes.add(refusal.exception.response["ResponseMetadata"]["HTTPStatusCode"])
            prefixes.append(job["S3Destination"]["ManifestKey"].removesuffix("parent.m3u8"))
        self.assertEqual(codes, {500, 503})

        def harvested() -> list[bool]:
            lists = [self.s3.list_objects_v2(Bucket=self.bucket, Prefix=it) for it in prefixes]
            return [found["KeyCount"] > 0 for found in lists]

        eventually(lambda: any(harvested()), "no job was done", every=0.5)
        self.assertFalse(all(harvested()))


class TestLive(WireTest):
    def await_channel(self, state: str):
        waiter = self.media_live.get_waiter(f"channel_{state}")
        waiter.wait(ChannelId=CHANNEL, WaiterConfig={"Delay": 1, "MaxAttempts": 30})

    def state(self) -> tuple[str, int]:
        channel = self.media_live.describe_channel(ChannelId=CHANNEL)
        return channel["State"], channel["PipelinesRunningCount"]

    def test_a_stopped_channel_resumes_after_a_discontinuity(self):
        start, stop = self.media_live.start_channel, self.media_live.stop_channel

        def live_edge() -> datetime:
            return self.window(1)[0].end

        # A running channel is on air a few seconds later.
        self.window(1)
        self.assertEqual(self.state(), ("RUNNING", 1))
        self.assertEqual(self.media_live.list_alerts(ChannelId=CHANNEL)["Alerts"], [])
        self.assert_refused("ConflictException", start, ChannelId=CHANNEL)

        self.assertEqual(stop(ChannelId=CHANNEL)["State"], "STOPPING")
        self.await_channel("stopped")
        self.assertEqual(self.state(), ("IDLE", 0))
        self.assert_refused("ConflictException", stop, ChannelId=CHANNEL)
        end = live_edge()

        def is_past() -> bool:
            return datetime.now(UTC) > end + timedelta(seconds=8)

        eventually(is_past, "the clock did not pass the live edge")
        self.assertEqual(live_edge(), end)

        self.assertEqual(start(ChannelId=CHANNEL)["State"], "STARTING")
        self.assert_refused("ConflictException", stop, ChannelId=CHANNEL)
        self.await_channel("running")

        def is_on_air_again() -> bool:
            return "#EXT-X-DISCONTINUITY\n" in self.live_manifest()[1]

        eventually(is_on_air_again, "the channel did not go on air again")
        before, after = self.live_manifest()[1].split("#EXT-X-DISCONTINUITY\n")
        self.assertEqual(segments(before)[-1].end, end)
        self.assertLess(end, segments(after)[0].start)

    def test_an_unknown_channel_is_not_found(self):
        api = self.media_live
        for call in (api.describe_channel, api.start_channel, api.stop_channel, api.list_alerts):
            self.assert_refused("NotFoundException", call, ChannelId="1")

    def test_an_unknown_secret_is_not_found(self):
        read = self.secrets.get_secret_value
        self.assert_refused("ResourceNotFoundException", read, SecretId="playback")

    def test_an_operation_that_is_not_implemented_answers_501_and_its_name(self):
        for name, call, asked in [
            ("GET /channels", self.live.list_channels, {}),
            ("POST /packaging_groups", self.vod.create_packaging_group, {"Id": "new"}),
            ("DELETE /packaging_groups/new", self.vod.delete_packaging_group, {"Id": "new"}),
            ("GET /prod/channels", self.media_live.list_channels, {}),
            ("secretsmanager.ListSecrets", self.secrets.list_secrets, {}),
            ("AmazonSQS.ListQueues", self.sqs.list_queues, {}),
            ("AWSEvents.ListRules", self.events.list_rules, {}),
            ("DELETE /prod/channels/1", self.media_live.delete_channel, {"ChannelId": "1"}),
        ]:
            with self.subTest(name):
                with self.assertRaises(ClientError) as refusal:
                    call(**asked)
                error = refusal.exception.response["Error"]
                self.assertEqual(error["Code"], "NotImplementedException")
                self.assertIn(name, error["Message"])


class TestRates(WireTest):
    RATES = ("--media-package-rate", "1", "--media-package-burst", "5")

    def test_live_and_vod_accept_a_burst_each_and_then_throttle(self):
        for call in (self.live.list_harvest_jobs, self.vod.list_assets):
            call()
            with self.assertRaises(ClientError) as refusal:
                for _ in range(20):
                    call()
            error = refusal.exception.response["Error"]
            self.assertEqual(error["Code"], "TooManyRequestsException")
            self.assertEqual(error["Message"], "Too Many Requests")
