"""Runs a stand-in for a test class, with boto3 clients that check every reply against its model."""

import json
import math
import os
import re
import subprocess
import sys
import tempfile
import time
import unittest
import uuid
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple
from unittest import mock
from urllib.error import HTTPError
from urllib.parse import urljoin
from urllib.request import urlopen

import boto3
from botocore.config import Config

SERVICES = (
    "mediapackage", "mediapackage-vod", "medialive", "mediaconvert", "s3", "dynamodb",
    "secretsmanager", "sqs", "events",
)
ROOT = Path(__file__).parent.parent
PROGRAM = ROOT / "target/debug/local"
CHANNEL = "1000001"
ENDPOINT = "main-hls"
RENDITIONS = 3
ROLE = "arn:aws:iam::000000000000:role/test"

# The members that replies must have although the models do not require them, by shape.
REQUIRED = {
    "HarvestJob": "arn channelId createdAt endTime id originEndpointId s3Destination startTime"
    " status",
    "Asset": "arn createdAt id packagingGroupId sourceArn sourceRoleArn",
    "EgressEndpoint": "packagingConfigurationId status url",
    "PackagingGroup": "approximateAssetCount arn domainName id",
    "PackagingConfiguration": "arn id packagingGroupId",
    "Channel": "arn channelClass id name pipelinesRunningCount state",
    "CreateJobResponse": "job",
    "GetJobResponse": "job",
    "ListJobsResponse": "jobs",
    "SearchJobsResponse": "jobs",
    "Job": "arn createdAt id jobPercentComplete outputGroupDetails queue role settings status"
    " userMetadata",
    "OutputGroupDetail": "outputDetails",
    "OutputDetail": "durationInMs videoDetails",
    "VideoDetail": "heightInPx widthInPx",
    "ProbeResponse": "probeResults",
    "ProbeResult": "container metadata trackMappings",
    "Container": "format tracks",
    "Track": "codec index trackType",
    "VideoProperties": "height width",
}
NUMBER = int, float
SCALARS = {
    "string": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "long": (int,),
    "float": NUMBER,
    "double": NUMBER,
    "timestamp": NUMBER,
}


def check_reply(http_response, parsed, model, **_):
    """Checks a reply, as it was sent, against the service's model.

    botocore does not report missing members, and it drops unknown ones.
    """
    if model.service_model.metadata["protocol"] != "rest-json":
        return
    error, violations = parsed.get("Error"), []
    if error is None:
        expected = model.http["responseCode"]
        violations += find_violations(model.output_shape, json.loads(http_response.content), model.name)
    else:
        documented = {shape.name: shape.metadata["error"] for shape in model.error_shapes}
        documented["NotImplementedException"] = {"httpStatusCode": 501}
        expected = documented.get(error["Code"], {}).get("httpStatusCode")
        violations += [] if error["Message"] else ["the error has no message"]
    if violations or http_response.status_code != expected:
        answer = f"{http_response.status_code} {http_response.content}, expected {expected}"
        raise AssertionError(f"{model.name} returned {answer}: {violations}")


def find_violations(shape, value, where):
    """Yields each place where a value does not match its shape."""
    if shape.type_name == "structure" and isinstance(value, dict):
        members, required = {}, []
        for name, member in shape.members.items():
            wire_name = member.serialization.get("name", name)
            members[wire_name] = member
            required += [wire_name] if name in shape.required_members else []
        noun = re.sub("^(Create|Describe|Start|Stop)|(Response|Shallow)$", "", shape.name)
        required += REQUIRED.get(shape.name, REQUIRED.get(noun, "")).split()
        yield from (f"{where}.{name} is missing" for name in required if name not in value)
        for name, member in value.items():
            if name in members:
                yield from find_violations(members[name], member, f"{where}.{name}")
            else:
                yield f"{where}.{name} is unknown"
    elif shape.type_name == "list" and isinstance(value, list):
        for at, member in enumerate(value):
            yield from find_violations(shape.member, member, f"{where}[{at}]")
    elif shape.type_name == "map" and isinstance(value, dict):
        for name, member in value.items():
            yield from find_violations(shape.value, member, f"{where}[{name!r}]")
    elif type(value) not in SCALARS.get(shape.type_name, ()):
        yield f"{where} is {value!r}, expected a {shape.type_name}"
    else:
        rules, size = shape.metadata, len(value) if isinstance(value, str) else value
        minimum, maximum = rules.get("min", size), rules.get("max", size)
        if value not in rules.get("enum", [value]):
            yield f"{where} is {value!r}, expected one of {rules['enum']}"
        if not minimum <= size <= maximum:
            yield f"{where} is {value!r}, expected {minimum} to {maximum}"
        if not re.search(rules.get("pattern", ""), str(value)):
            yield f"{where} is {value!r}, expected the pattern {rules['pattern']}"


def eventually(timeout, condition, message):
    """Waits until a condition is true, and returns its value."""
    deadline = time.monotonic() + timeout
    while not (result := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"{message} within {timeout} s")
        time.sleep(0.1)
    return result


def get(request):
    """Requests a URL, and returns the status and the body."""
    try:
        with urlopen(request, timeout=10) as response:
            return response.status, response.read()
    except HTTPError as error:
        with error:
            return error.code, error.read()


def uris(manifest):
    return [line for line in manifest.splitlines() if line and not line.startswith("#")]


class Segment(NamedTuple):
    name: str
    start: datetime
    end: datetime


def segments(manifest):
    found = []
    tags = r"#EXT-X-PROGRAM-DATE-TIME:(\S+)Z\n#EXTINF:([\d.]+),\n(\S+)"
    for date_time, seconds, name in re.findall(tags, manifest):
        start = datetime.fromisoformat(f"{date_time}+00:00")
        found.append(Segment(name, start, start + timedelta(seconds=float(seconds))))
    return found


def seconds_within(window):
    """The first whole second in the first segment, and the last one in the last segment."""
    return math.ceil(window[0].start.timestamp()), math.floor(window[-1].end.timestamp())


def unused_id():
    return f"wire-{uuid.uuid4()}"


class WireTest(unittest.TestCase):
    """A test class with a running stand-in and a client for each of its services."""

    OPTIONS = ()

    @classmethod
    def setUpClass(cls):
        if not PROGRAM.exists():
            raise AssertionError(f"{PROGRAM} is missing; build it with `cargo build -p matchcut-local`")
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.log = Path(folder.name) / "output"
        options = ["--port", "0", "--data-dir", Path(folder.name) / "data", "--startover", "300", "--print-env"]
        with cls.log.open("w") as log:
            command = [PROGRAM, *options, *cls.OPTIONS]
            cls.process = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log)
        # Cleanups run from the last to the first, even if one of them raises.
        cls.addClassCleanup(cls.process.wait)
        cls.addClassCleanup(cls.process.kill)
        cls.addClassCleanup(cls.process.wait, timeout=20)
        cls.addClassCleanup(cls.process.terminate)
        eventually(30, lambda: cls.printed("ready"), "the stand-in was not ready")
        environment = dict(line.split("=", 1) for line in cls.printed("env"))
        # Like the functions, the clients find their services by the environment alone.
        with mock.patch.dict(os.environ, environment, clear=True):
            cls.session = boto3.session.Session(region_name=environment["AWS_REGION"])
            once = Config(retries={"max_attempts": 0})
            clients = [cls.session.client(service, config=once) for service in SERVICES]
        for client in clients:
            client.meta.events.register("after-call", check_reply)
        cls.live, cls.vod, cls.media_live, cls.media_convert, cls.s3, cls.dynamodb, *others = clients
        cls.secrets, cls.sqs, cls.events = others
        # The other bucket is for uploads.
        cls.bucket, _ = sorted(bucket["Name"] for bucket in cls.s3.list_buckets()["Buckets"])

    @classmethod
    def printed(cls, name):
        """The values of the printed lines with a name. Fails if the stand-in has ended."""
        text = cls.log.read_text()
        if cls.process.poll() is not None:
            raise AssertionError(f"the stand-in ended: {text}")
        return re.findall(rf"^{name}\b *(.*)\n", text, re.MULTILINE)

    def run(self, result):
        offset, failed = len(self.log.read_text()), len(result.failures) + len(result.errors)
        super().run(result)
        if failed < len(result.failures) + len(result.errors):
            print(self.log.read_text()[offset:], file=sys.stderr)

    @classmethod
    def live_manifest(cls):
        """The URL and the text of the first rendition's live manifest."""
        (parent,) = eventually(30, lambda: cls.printed("on air"), "nothing was on air")
        child = urljoin(parent, uris(get(parent)[1].decode())[0])
        return child, get(child)[1].decode()

    @classmethod
    def window(cls, count=2):
        """The newest segments of the stream."""
        aired = lambda: segments(cls.live_manifest()[1])
        enough = lambda: (newest := aired()[-count:]) and len(newest) == count and newest
        return eventually(30, enough, f"{count} segments were not on air")

    @classmethod
    def job(cls, **other):
        """A valid request for a harvest job, changed by the given members."""
        start, end = seconds_within(cls.window())
        key = f"clips/{unused_id()}/parent.m3u8"
        return {
            "Id": unused_id(),
            "OriginEndpointId": ENDPOINT,
            "StartTime": str(start),
            "EndTime": str(end),
            "S3Destination": {"BucketName": cls.bucket, "ManifestKey": key, "RoleArn": ROLE},
        } | other

    @classmethod
    def ended_job(cls, **other):
        """Creates a harvest job, and returns it when it has ended."""
        job_id = cls.live.create_harvest_job(**cls.job(**other))["Id"]
        describe = lambda: cls.live.describe_harvest_job(Id=job_id)
        ended = lambda: (job := describe())["Status"] != "IN_PROGRESS" and job
        return eventually(30, ended, f"harvest job {job_id} did not end")

    def read(self, key):
        return self.s3.get_object(Bucket=self.bucket, Key=key)["Body"].read()

    def assert_refused(self, error, call, **asked):
        with self.assertRaises(getattr(call.__self__.exceptions, error), msg=asked):
            call(**asked)

    def paged(self, call, member, size=1, **asked):
        """All items of a list, read in pages by boto3."""
        pages = call.__self__.get_paginator(call.__name__).paginate(
            PaginationConfig={"PageSize": size}, **asked
        )
        pages = [page[member] for page in pages]
        self.assertTrue(all(len(page) <= size for page in pages), pages)
        return sum(pages, [])
