"""Checks which functions each event starts."""

import json
import unittest

from deployment import ACCOUNT, REGION, deployed
from stand_in import ENDPOINT

HARVEST, INPUT = "MediaPackage HarvestJob Notification", "MediaPackage Input Notification"
TRANSCODE, MEDIACONVERT = "MediaConvert Job State Change", "standin.mediaconvert"


def event(detail_type: str, detail: dict, source: str = "standin.mediapackage") -> dict:
    asset = f"arn:aws:mediapackage-vod:{REGION}:{ACCOUNT}:assets/a_b"
    return {
        "id": "1",
        "version": "0",
        "account": ACCOUNT,
        "region": REGION,
        "time": "2026-01-01T00:00:00Z",
        "source": source,
        "detail-type": detail_type,
        "resources": [asset],
        "detail": detail,
    }


def transcode(queue: str) -> dict:
    return {
        "status": "COMPLETE",
        "queue": f"arn:aws:mediaconvert:{REGION}:{ACCOUNT}:queues/{queue}",
    }


def harvest(bucket: str | None = None, status: str = "SUCCEEDED") -> dict:
    destination = {"bucket_name": bucket or deployed().outputs["ClipsBucketName"]}
    job = {"id": "a_b", "status": status, "s3_destination": destination}
    return {"harvest_job": job | {"origin_endpoint_id": ENDPOINT}}


def target_name(arn: str) -> str:
    """The name of a function, or `webhook` for a subscriber's queue."""
    name = arn.rsplit(":matchcut-", 1)[1]
    return "webhook" if name.startswith("vod-WebhooknewsroomChanges") else name


class TestEvents(unittest.TestCase):
    def test_rules_match_only_our_own_events(self):
        events = deployed().client("events")
        rules = [rule for rule in events.list_rules()["Rules"] if "EventPattern" in rule]
        playable = {"event": "VodAssetPlayable", "packaging_configuration_id": "matchcut-hls"}
        for expected, sent in {
            "harvest-complete": event(HARVEST, harvest()),
            "harvest-complete for a failure": event(HARVEST, harvest(status="FAILED")),
            "asset-playable": event(INPUT, playable),
            "asset-playable for a failure": event(INPUT, {"event": "IngestError"}),
            "transcode-complete": event(TRANSCODE, transcode("Default"), MEDIACONVERT),
            "webhook": event("Clip State Changed", {"status": "ready"}, "matchcut"),
            "none: another detail type": event("Clip Viewed", {}, "matchcut"),
            "none: another source of change events": event(
                "Clip State Changed", {"status": "ready"}, "third-party"
            ),
            "none: another queue": event(TRANSCODE, transcode("another"), MEDIACONVERT),
            "none: another bucket": event(HARVEST, harvest("another")),
            "none: not finished": event(HARVEST, harvest(status="IN_PROGRESS")),
            "none: another configuration": event(
                INPUT, playable | {"packaging_configuration_id": "x"}
            ),
            "none: another notification": event(INPUT, {"event": "MaxIngestStreamsError"}),
            "none: another source": event(HARVEST, harvest(), "third-party"),
        }.items():
            started = []
            for rule in rules:
                asked = {"EventPattern": rule["EventPattern"], "Event": json.dumps(sent)}
                if events.test_event_pattern(**asked)["Result"]:
                    targets = events.list_targets_by_rule(Rule=rule["Name"])["Targets"]
                    started += [target_name(target["Arn"]) for target in targets]
            with self.subTest(expected):
                self.assertEqual(started, [it for it in [expected.split(" ")[0]] if it != "none:"])
