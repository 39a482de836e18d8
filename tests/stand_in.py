"""Starts a stand-in for tests, and checks its replies to boto3 against AWS's models."""

import json
import math
import os
import re
import subprocess
import tempfile
import time
import unittest
import uuid
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock
from urllib.error import HTTPError
from urllib.parse import urljoin
from urllib.request import Request, urlopen

import boto3
from botocore.config import Config
from botocore.model import OperationModel, Shape

SERVICES = (
    "mediapackage",
    "mediapackage-vod",
    "medialive",
    "mediaconvert",
    "s3",
    "dynamodb",
    "secretsmanager",
    "sqs",
    "events",
)
ROOT = Path(__file__).parent.parent
PROGRAM = ROOT / "target/debug/local"
CHANNEL = "1000001"
ENDPOINT = "main-hls"
RENDITIONS = 3
ROLE = "arn:aws:iam::000000000000:role/test"

# Members that the models do not require but that AWS always sends, by shape. A name without its
# verb stands for the shapes of all operations.
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
    "OutputDetail": "durationInMs",
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


def check_reply(http_response: Any, parsed: dict, model: OperationModel, **_: object):
    """Fails if the body of a reply does not fit the service's model.

    botocore itself accepts missing members and drops unknown ones.
    """
    if model.service_model.metadata["protocol"] != "rest-json":
        return
    error, violations = parsed.get("Error"), []
    if error is None:
        expected = model.http["responseCode"]
        body = json.loads(http_response.content)
        violations += find_violations(model.output_shape, body, model.name)
    else:
        documented = {shape.name: shape.metadata["error"] for shape in model.error_shapes}
        documented["NotImplementedException"] = {"httpStatusCode": 501}
        expected = documented.get(error["Code"], {}).get("httpStatusCode")
        violations += [] if error["Message"] else ["the error has no message"]
    if violations or http_response.status_code != expected:
        answer = f"{http_response.status_code} {http_response.content}, expected {expected}"
        raise AssertionError(f"{model.name} returned {answer}: {violations}")


def find_violations(shape: Shape, value: object, where: str) -> Iterator[str]:
    """Yields a sentence about each part of a value that does not fit its shape."""
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


def eventually(
    condition: Callable[[], Any], message: str, *, timeout: float = 60, every: float = 0.1
) -> Any:
    """Waits until a condition is true, for up to `timeout` seconds. Returns its value."""
    deadline = time.monotonic() + timeout
    while not (result := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"{message} within {timeout} s")
        time.sleep(every)
    return result


def get(request: str | Request) -> tuple[int, bytes]:
    """Requests a URL. Returns the status and the body."""
    try:
        with urlopen(request, timeout=10) as response:
            return response.status, response.read()
    except HTTPError as error:
        with error:
            return error.code, error.read()


def uris(manifest: str) -> list[str]:
    """Reads the URIs of a manifest."""
    return [line for line in manifest.splitlines() if line and not line.startswith("#")]


class Segment(NamedTuple):
    name: str
    start: datetime
    end: datetime


def segments(manifest: str) -> list[Segment]:
    """Reads the segments of a manifest with their times."""
    found = []
    tags = r"#EXT-X-PROGRAM-DATE-TIME:(\S+)Z\n#EXTINF:([\d.]+),\n(\S+)"
    for date_time, seconds, name in re.findall(tags, manifest):
        start = datetime.fromisoformat(f"{date_time}+00:00")
        found.append(Segment(name, start, start + timedelta(seconds=float(seconds))))
    return found


def seconds_within(window: list[Segment]) -> tuple[int, int]:
    """Returns whole seconds, in epoch time, in the first and in the last segment of a window."""
    return math.ceil(window[0].start.timestamp()), math.floor(window[-1].end.timestamp())


def unused_id() -> str:
    return f"wire-{uuid.uuid4()}"


class StandIn:
    """A running stand-in with a data folder of its own."""

    def __init__(self, *options: str | Path):
        if not PROGRAM.exists():
            raise AssertionError(
                f"{PROGRAM} is missing. Build it with `cargo build -p matchcut-local`."
            )
        # The jobs for the files of clips would take the processor from every other test.
        has_files = "--clip-files" in options or "--elemental-only" in options
        self.options = options if has_files else (*options, "--clip-files", "none")
        self.folder = tempfile.TemporaryDirectory()
        self.data = Path(self.folder.name) / "data"
        self.log = Path(self.folder.name) / "output"
        self.port = 0
        try:
            self.start()
        except BaseException:
            self.stop()
            raise

    def start(self):
        """Starts the program and waits until it answers. A later start has the same port."""
        command = [PROGRAM, "--data-dir", self.data, "--port", str(self.port), *self.options]
        with self.log.open("w") as log:
            self.process = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log)
        eventually(lambda: self.printed("ready"), "the stand-in was not ready")
        for api in self.printed("api"):
            self.origin = api.removesuffix("/api")
            self.port = int(self.origin.rpartition(":")[2])

    def kill(self):
        """Ends the program as `kill -9` does. `start` starts it again."""
        self.process.kill()
        self.process.wait()

    def stop(self):
        """Ends the program and deletes its data folder."""
        self.process.terminate()
        try:
            self.process.wait(timeout=20)
        finally:
            self.kill()
            self.folder.cleanup()

    def environment(self) -> dict[str, str]:
        """The environment of the functions. The stand-in needs the option `--print-env`."""
        return dict(line.split("=", 1) for line in self.printed("env"))

    def open_table(self) -> Any:
        """The table of the clips for boto3. The stand-in needs the option `--print-env`."""
        environment = self.environment()
        with mock.patch.dict(os.environ, environment, clear=True):
            session = boto3.session.Session(region_name=environment["AWS_REGION"])
            return session.resource("dynamodb").Table(environment["CLIPS_TABLE"])

    def printed(self, name: str) -> list[str]:
        """The printed lines of a name, as long as the program runs."""
        text = self.log.read_text()
        if self.process.poll() is not None:
            raise AssertionError(f"the stand-in ended: {text}")
        return re.findall(rf"^{name}\b *(.*)\n", text, re.MULTILINE)


class WireTest(unittest.TestCase):
    """A stand-in for the tests of a class, and a boto3 client for each of its services."""

    OPTIONS = ()
    # Tests call MediaPackage more often than AWS accepts.
    RATES = ("--media-package-rate", "1000", "--media-package-burst", "1000")

    @classmethod
    def setUpClass(cls):
        options = (*cls.RATES, *cls.OPTIONS)
        cls.stand_in = StandIn("--small-picture", "--startover", "300", "--print-env", *options)
        cls.addClassCleanup(cls.stand_in.stop)
        cls.log, cls.printed = cls.stand_in.log, cls.stand_in.printed
        environment = cls.stand_in.environment()
        # The clients find their services by the environment alone, as the functions do.
        with mock.patch.dict(os.environ, environment, clear=True):
            cls.session = boto3.session.Session(region_name=environment["AWS_REGION"])
            config = Config(retries={"max_attempts": 0})
            clients = [cls.session.client(service, config=config) for service in SERVICES]
        for client in clients:
            client.meta.events.register("after-call", check_reply)
        cls.live, cls.vod, cls.media_live, cls.media_convert, cls.s3, *others = clients
        cls.dynamodb, cls.secrets, cls.sqs, cls.events = others
        # The second bucket is for uploads.
        cls.bucket, _ = sorted(bucket["Name"] for bucket in cls.s3.list_buckets()["Buckets"])

    def run(self, result: unittest.TestResult):
        self.logged = len(self.log.read_text())
        super().run(result)

    def explain_failure(self) -> dict[str, str]:
        """Returns what the stand-in logged during the test."""
        return {"stand-in": self.log.read_text()[self.logged :]}

    @classmethod
    def live_manifest(cls) -> tuple[str, str]:
        """Returns the URL and the text of the first rendition's live manifest."""
        (parent,) = eventually(lambda: cls.printed("on air"), "nothing was on air")
        child = urljoin(parent, uris(get(parent)[1].decode())[0])
        return child, get(child)[1].decode()

    @classmethod
    def window(cls, count: int = 2) -> list[Segment]:
        """Returns the newest segments of the stream."""

        def newest() -> list[Segment] | None:
            found = segments(cls.live_manifest()[1])[-count:]
            return found if len(found) == count else None

        return eventually(newest, f"{count} segments were not on air")

    @classmethod
    def job(cls, **other: object) -> dict:
        """Returns a valid request for a harvest job, with these changes."""
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
    def ended_job(cls, **other: object) -> dict:
        """Creates a harvest job and waits until it ends. Returns its description."""
        job_id = cls.live.create_harvest_job(**cls.job(**other))["Id"]

        def ended() -> dict | None:
            job = cls.live.describe_harvest_job(Id=job_id)
            return job if job["Status"] != "IN_PROGRESS" else None

        return eventually(ended, f"harvest job {job_id} did not end", every=0.5)

    def read(self, key: str) -> bytes:
        """Reads an object of the clips' bucket."""
        return self.s3.get_object(Bucket=self.bucket, Key=key)["Body"].read()

    def assert_refused(self, error: str, call: Callable, **asked: object):
        """Fails unless a call fails with this error."""
        with self.assertRaises(getattr(call.__self__.exceptions, error), msg=asked):
            call(**asked)

    def paged(self, call: Callable, member: str, size: int = 1, **asked: object) -> list:
        """Reads all items of a list, page by page."""
        pages = call.__self__.get_paginator(call.__name__).paginate(
            PaginationConfig={"PageSize": size}, **asked
        )
        pages = [page[member] for page in pages]
        self.assertTrue(all(len(page) <= size for page in pages), pages)
        return [item for page in pages for item in page]
