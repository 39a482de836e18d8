"""Tests the product's CreateJob requests against AWS's model, and the stand-in's MediaConvert."""

import json
import subprocess
import tempfile
import unittest
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import botocore.parsers
import botocore.session

from stand_in import ROOT, WireTest, eventually, find_violations, unused_id, uris

GOLDENS = {file.stem: file for file in ROOT.glob("functions/src/*/goldens/*.snap")}
MODEL = botocore.session.get_session().get_service_model("mediaconvert")
CREATE_JOB = MODEL.operation_model("CreateJob").input_shape


def golden(name: str) -> dict:
    """Reads the body of a CreateJob request of the product, which follows insta's header."""
    return json.loads(GOLDENS[name].read_text().split("---\n", 2)[2])


def parameters(body: dict) -> dict:
    """Converts a body to boto3's parameters: boto3 has other names than the wire."""
    response = {"status_code": 200, "headers": {}, "body": json.dumps(body).encode()}
    parsed = botocore.parsers.create_parser("rest-json").parse(response, CREATE_JOB)
    del parsed["ResponseMetadata"]
    return parsed


def change(value: Any, path: list, new: object):
    """Sets the value at a path, or deletes it if the new value is an ellipsis."""
    *parents, last = path
    for parent in parents:
        value = value[parent]
    if new is ...:
        del value[last]
    else:
        value[last] = new


def video(seconds: int, sound: Sequence[str] = ("-c:a", "aac")) -> bytes:
    """Makes a small video with sound."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / ("video.mp4" if "aac" in sound else "video.mkv")
        picture = f"testsrc=size=320x180:rate=10:duration={seconds}"
        tone = f"sine=sample_rate=48000:duration={seconds}"
        command = ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", tone]
        encoders = ["-c:v", "libx264", "-pix_fmt", "yuv420p", *sound, "-ac", "2"]
        subprocess.run([*command, *encoders, file], check=True)
        return file.read_bytes()


class TestGoldens(unittest.TestCase):
    def test_each_request_of_the_product_fits_the_model(self):
        self.assertTrue(GOLDENS)
        for name in GOLDENS:
            with self.subTest(name):
                self.assertEqual(list(find_violations(CREATE_JOB, golden(name), "CreateJob")), [])

    def test_a_request_that_does_not_fit_the_model_is_found(self):
        source = ["settings", "inputs", 0]
        hls = ["settings", "outputGroups", 0, "outputGroupSettings", "hlsGroupSettings"]
        output = ["settings", "outputGroups", 0, "outputs", 0]
        picture = [*output, "videoDescription"]
        h264 = [*picture, "codecSettings", "h264Settings"]
        sound = [*source, "audioSelectors", "Audio Selector 1", "remixSettings"]
        for path, new, reason in [
            (["settings", "encoder"], "x264", "unknown"),
            ([*hls, "segmentSeconds"], 4, "unknown"),
            ([*output, "NameModifier"], "_1", "unknown"),
            ([*h264, "rateControlMode"], "CRF", "expected one of"),
            (["statusUpdateInterval"], "SECONDS_11", "expected one of"),
            ([*h264, "qvbrSettings", "qvbrQualityLevel"], 11, "expected 1 to 10"),
            ([*h264, "maxBitrate"], 999, "expected 1000 to"),
            ([*picture, "width"], 8194, "expected 32 to 8192"),
            (
                [*sound, "channelMapping", "outputChannels", 0, "inputChannels", 0],
                7,
                "expected -60 to",
            ),
            ([*output, "nameModifier"], "", "expected 1 to"),
            ([*h264, "maxBitrate"], "6000000", "expected a integer"),
            ([*h264, "maxBitrate"], 6e6, "expected a integer"),
            ([*h264, "gopSize"], None, "expected a double"),
            ([*source, "fileInput"], "original.mp4", "expected the pattern ^s3:"),
            ([*hls, "destination"], "file:///clips/index", "expected the pattern ^s3:"),
            (["role"], ..., "missing"),
            (["settings"], ..., "missing"),
        ]:
            with self.subTest(path, new=new):
                body = golden("broadcast-eight-mono-tracks")
                change(body, path, new)
                (violation,) = find_violations(CREATE_JOB, body, "CreateJob")
                self.assertIn(reason, violation)


class JobTest(WireTest):
    """A stand-in with a video in its bucket."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.film = cls.put("film.mp4", video(seconds=5))

    @classmethod
    def put(cls, name: str, body: bytes) -> str:
        """Puts an object. Returns its URL."""
        key = f"{unused_id()}/{name}"
        cls.s3.put_object(Bucket=cls.bucket, Key=key, Body=body)
        return f"s3://{cls.bucket}/{key}"

    @classmethod
    def missing(cls) -> str:
        """Returns the URL of an object that does not exist."""
        return f"s3://{cls.bucket}/{unused_id()}/nothing.mp4"

    @classmethod
    def asked(
        cls,
        source: str,
        name: str = "small-silent",
        folder: str = "transcoded",
        **other: object,
    ) -> dict:
        """Returns a request of the product with another source and another folder."""
        body = golden(name)
        del body["clientRequestToken"]
        change(body, ["settings", "inputs", 0, "fileInput"], source)
        text = json.dumps(body).replace("s3://clips/", f"s3://{cls.bucket}/{folder}/")
        return parameters(json.loads(text)) | other

    @classmethod
    def create(cls, source: str, *rest: str, **other: object) -> dict:
        """Creates a job. Returns its description."""
        return cls.media_convert.create_job(**cls.asked(source, *rest, **other))["Job"]

    def probe(self, url: str) -> dict:
        return self.media_convert.probe(InputFiles=[{"FileUrl": url}])

    def describe(self, job: dict) -> dict:
        return self.media_convert.get_job(Id=job["Id"])["Job"]

    def await_status(self, job: dict, *statuses: str) -> dict:
        """Waits until a job has one of these statuses. Returns its description."""

        def reached() -> dict | None:
            described = self.describe(job)
            return described if described["Status"] in statuses else None

        return eventually(reached, f"job {job['Id']} was in none of {statuses}")

    def await_end(self, job: dict) -> dict:
        return self.await_status(job, "COMPLETE", "CANCELED", "ERROR")


class TestJobs(JobTest):
    def test_a_job_writes_renditions_and_thumbnails_to_its_destinations(self):
        folder = unused_id()
        asked = self.asked(self.film, "landscape-stereo", folder)
        self.assertEqual(self.media_convert.create_job(**asked)["Job"]["Status"], "SUBMITTED")
        (job,) = self.media_convert.search_jobs(InputFile=self.film)["Jobs"]
        job = self.await_end(job)
        self.assertEqual((job["Status"], job["JobPercentComplete"]), ("COMPLETE", 100), job)
        self.assertEqual(job["UserMetadata"], asked["UserMetadata"])

        # The model has no members for paths: only the event has them.
        hls, thumbnails = asked["Settings"]["OutputGroups"]
        for group, details in zip((hls, thumbnails), job["OutputGroupDetails"], strict=True):
            pictures = [output["VideoDescription"] for output in group["Outputs"]]
            sizes = [{"WidthInPx": it["Width"], "HeightInPx": it["Height"]} for it in pictures]
            self.assertEqual([it["VideoDetails"] for it in details["OutputDetails"]], sizes)
        for details in job["OutputGroupDetails"][0]["OutputDetails"]:
            self.assertAlmostEqual(details["DurationInMs"], 5000, delta=100)

        clip = "100m/20200203133058_20200203133058_k7Qx2f/1"
        stems = [f"index_{number + 1}" for number in range(len(hls["Outputs"]))]
        segments = {stem: [f"{stem}_00001.ts", f"{stem}_00002.ts"] for stem in stems}
        media = [f"{stem}.m3u8" for stem in stems] + sum(segments.values(), ["index.m3u8"])
        names = [f"clips/{clip}/{name}" for name in media]
        # The first frame, then one frame for each interval of the frame rate.
        (output,) = thumbnails["Outputs"]
        capture = output["VideoDescription"]["CodecSettings"]["FrameCaptureSettings"]
        rate = capture["FramerateNumerator"] / capture["FramerateDenominator"]
        count = min(1 + int(5 * rate), capture["MaxCaptures"])
        names += [f"thumbnails/{clip}/thumbnail.{number:07}.jpg" for number in range(count)]
        found = self.s3.list_objects_v2(Bucket=self.bucket, Prefix=f"{folder}/")["Contents"]
        self.assertCountEqual([it["Key"] for it in found], [f"{folder}/{it}" for it in names])

        def read_manifest(name: str) -> str:
            return self.read(f"{folder}/clips/{clip}/{name}").decode()

        self.assertEqual(uris(read_manifest("index.m3u8")), [f"{stem}.m3u8" for stem in stems])
        for stem in stems:
            self.assertEqual(uris(read_manifest(f"{stem}.m3u8")), segments[stem])
            self.assertTrue(read_manifest(f"{stem}.m3u8").endswith("#EXT-X-ENDLIST\n"))
        head = self.s3.head_object(Bucket=self.bucket, Key=f"{folder}/{names[-1]}")
        self.assertEqual(head["ContentType"], "image/jpeg")

    def test_each_request_of_the_product_is_accepted_and_described_unchanged(self):
        for name in GOLDENS:
            with self.subTest(name):
                asked = self.asked(self.missing(), name)
                job = self.media_convert.create_job(**asked)["Job"]
                for shown in (job, self.describe(job)):
                    self.assertEqual(shown["Role"], asked["Role"])
                    self.assertEqual(shown["UserMetadata"], asked["UserMetadata"])
                    self.assertEqual(shown["Settings"], asked["Settings"])

    def test_a_job_with_an_unreadable_source_fails_with_code_1404(self):
        for source in (self.missing(), self.put("notes.mp4", b"no film\n" * 1000)):
            with self.subTest(source):
                job = self.await_end(self.create(source))
                self.assertEqual((job["Status"], job["ErrorCode"]), ("ERROR", 1404))
                self.assertTrue(job["ErrorMessage"])
                self.assertEqual(job["OutputGroupDetails"], [])

    def test_a_job_whose_input_cannot_be_decoded_fails_with_code_1030(self):
        source = self.put("dts.mkv", video(seconds=1, sound=["-c:a", "dca", "-strict", "-2"]))
        (result,) = self.probe(source)["ProbeResults"]
        self.assertEqual([it["Codec"] for it in result["Container"]["Tracks"]], ["AVC", "UNKNOWN"])
        job = self.await_end(self.create(source, "landscape-stereo"))
        self.assertEqual((job["Status"], job["ErrorCode"]), ("ERROR", 1030))
        self.assertIn("audio codec of stream 2", job["ErrorMessage"])

    def test_an_unknown_or_invalid_setting_is_refused_by_name(self):
        source = ["Settings", "Inputs", 0]
        groups = ["Settings", "OutputGroups"]
        output = [*groups, 0, "Outputs", 0]
        picture, sound = [*output, "VideoDescription"], [*output, "AudioDescriptions", 0]
        h264, aac = [*picture, "CodecSettings", "H264Settings"], [*sound, "CodecSettings"]
        hls = [*groups, 0, "OutputGroupSettings", "HlsGroupSettings"]
        clipping = {"StartTimecode": "00:00:00:00", "EndTimecode": "00:00:01:00"}
        url, api = self.missing(), self.media_convert
        good = self.asked(url, "landscape-stereo")
        captures, film = good["Settings"]["OutputGroups"][1], good["Settings"]["Inputs"][0]
        for path, new, name in [
            (["Queue"], "Default", "queue"),
            (["AccelerationSettings"], {"Mode": "PREFERRED"}, "accelerationSettings"),
            (["StatusUpdateInterval"], "SECONDS_11", "SECONDS_11"),
            (["Role"], "transcode", "/role"),
            (["Settings", "TimecodeConfig"], {"Source": "EMBEDDED"}, "EMBEDDED"),
            (["Settings", "Inputs"], [film] * 151, "/inputs"),
            (["Settings", "Inputs"], [], "/inputs"),
            ([*source, "InputClippings"], [clipping, clipping], "inputClippings"),
            ([*source, "InputClippings"], [{}], "inputClippings"),
            ([*source, "InputClippings"], [{"EndTimecode": "00:00:01;00"}], "timecode"),
            ([*source, "TimecodeSource"], "EMBEDDED", "EMBEDDED"),
            ([*source, "VideoSelector", "Rotate"], "DEGREES_90", "DEGREES_90"),
            ([*groups, 0, "OutputGroupSettings", "Type"], "CMAF_GROUP_SETTINGS", "CMAF_GROUP"),
            (groups, [captures], "frame capture"),
            ([*groups, 0, "Outputs"], [], "/outputGroups/0"),
            ([*groups, 0, "Outputs", 1, "NameModifier"], "_1", "nameModifier"),
            ([*output, "ContainerSettings", "Container"], "MP4", "/outputGroups/0"),
            ([*output, "ContainerSettings", "Container"], "MOV", "MOV"),
            ([*output, "ContainerSettings", "Mp4Settings"], {}, "mp4Settings"),
            ([*output, "ContainerSettings", "Container"], "RAW", "/outputGroups/0"),
            ([*sound, "AudioSourceName"], "Audio Selector 2", "Audio Selector 2"),
            ([*aac, "Codec"], "AC3", "AC3"),
            ([*picture, "Sharpness"], 50, "sharpness"),
            ([*picture, "Width"], 1001, "1001"),
            ([*picture, "Height"], 8194, "8194"),
            ([*picture, "CodecSettings", "Codec"], "H_265", "H_265"),
            ([*h264, "RateControlMode"], "CBR", "CBR"),
            ([*h264, "Bitrate"], 5_000_000, "bitrate"),
            ([*h264, "QualityTuningLevel"], "MULTI_PASS_HQ", "MULTI_PASS_HQ"),
            ([*h264, "QvbrSettings", "QvbrQualityLevel"], 11, "qvbrQualityLevel"),
            ([*h264, "MaxBitrate"], 1_152_000_001, "maxBitrate"),
            ([*h264, "FramerateControl"], "SPECIFIED", "framerateNumerator"),
            ([*source, "AudioSelectors", "Audio Selector 1", "SelectorType"], "STREAM", "streams"),
            ([*aac, "AacSettings", "SampleRate"], 96_001, "sampleRate"),
            ([*source, "FileInput"], "film.mp4", "fileInput"),
            ([*hls, "MinSegmentLength"], 2**31, "minSegmentLength"),
        ]:
            with self.subTest(path, new=new):
                asked = self.asked(url, "landscape-stereo")
                change(asked, path, new)
                with self.assertRaises(api.exceptions.BadRequestException) as refusal:
                    api.create_job(**asked)
                self.assertIn(name, refusal.exception.response["Error"]["Message"])
        self.assertEqual(api.search_jobs(InputFile=url)["Jobs"], [])

    def test_a_client_request_token_makes_one_job(self):
        create, token = self.media_convert.create_job, uuid.uuid4().hex
        asked = self.asked(self.missing(), ClientRequestToken=token)
        job = create(**asked)["Job"]
        self.await_end(job)
        self.assertEqual(create(**asked)["Job"]["Id"], job["Id"])
        other = asked | {"UserMetadata": {"clip": "another"}}
        self.assert_refused("ConflictException", create, **other)
        new = asked | {"ClientRequestToken": uuid.uuid4().hex}
        self.assertNotEqual(create(**new)["Job"]["Id"], job["Id"])

    def test_jobs_are_listed_and_searched_in_both_orders_and_in_pages(self):
        api, url = self.media_convert, self.missing()
        # One more than the largest page.
        created = [self.create(url)["Id"] for _ in range(21)]
        for job_id in created:
            self.await_end({"Id": job_id})
        name = url.removeprefix("s3://")
        for call, asked, expected in [
            (api.list_jobs, {}, created),
            (api.list_jobs, {"Status": "ERROR"}, created),
            (api.list_jobs, {"Status": "CANCELED"}, []),
            (api.search_jobs, {"InputFile": url}, created),
            (api.search_jobs, {"InputFile": name}, created),
            (api.search_jobs, {"InputFile": url, "Status": "ERROR"}, created),
            (api.search_jobs, {"InputFile": url, "Status": "COMPLETE"}, []),
            (api.search_jobs, {"InputFile": f"{url}/more"}, []),
        ]:
            for order, in_order in [("ASCENDING", expected), ("DESCENDING", expected[::-1])]:
                for size in (6, 20):
                    with self.subTest(asked, call=call.__name__, order=order, size=size):
                        jobs = self.paged(call, "Jobs", size, Order=order, **asked)
                        found = [job["Id"] for job in jobs]
                        self.assertEqual([it for it in found if it in created], in_order)
        page = api.search_jobs(InputFile=url)
        self.assertEqual(len(page["Jobs"]), 20)
        rest = api.search_jobs(InputFile=url, NextToken=page["NextToken"])
        self.assertEqual((len(rest["Jobs"]), "NextToken" in rest), (1, False))
        for wrong in ({"Order": "RANDOM"}, {"Status": "DONE"}, {"MaxResults": 21}):
            with self.subTest(wrong):
                self.assert_refused("BadRequestException", api.list_jobs, **wrong)

    def test_an_ended_job_cannot_be_canceled(self):
        job = self.await_end(self.create(self.missing()))
        self.assert_refused("ConflictException", self.media_convert.cancel_job, Id=job["Id"])
        self.assertEqual(self.describe(job), job)

    def test_an_unknown_job_is_not_found(self):
        for call in (self.media_convert.get_job, self.media_convert.cancel_job):
            self.assert_refused("NotFoundException", call, Id=unused_id())

    def test_a_probe_describes_a_file(self):
        (result,) = self.probe(self.film)["ProbeResults"]
        container = result["Container"]
        self.assertEqual(container["Format"], "mp4")
        self.assertAlmostEqual(container["Duration"], 5, delta=0.1)
        picture, sound = container["Tracks"]
        self.assertEqual((picture["TrackType"], picture["Codec"]), ("video", "AVC"))
        size = {"Width": 320, "Height": 180, "FrameRate": {"Numerator": 10, "Denominator": 1}}
        self.assertEqual(picture["VideoProperties"] | size, picture["VideoProperties"])
        self.assertEqual((sound["TrackType"], sound["Codec"]), ("audio", "AAC"))
        heard = {"Channels": 2, "ChannelLayout": "stereo", "SampleRate": 48_000}
        self.assertEqual(sound["AudioProperties"] | heard, sound["AudioProperties"])
        self.assertEqual([picture["Index"], sound["Index"]], [1, 2])
        (mapping,) = result["TrackMappings"]
        self.assertEqual(mapping["VideoTrackIndexes"], [picture["Index"]])
        self.assertEqual(mapping["AudioTrackIndexes"], [sound["Index"]])
        bucket, key = self.film.removeprefix("s3://").split("/", 1)
        head = self.s3.head_object(Bucket=bucket, Key=key)
        self.assertEqual(result["Metadata"]["FileSize"], head["ContentLength"])

    def test_a_probe_of_an_unreadable_file_fails(self):
        text = self.put("notes.mp4", b"no film\n" * 1000)
        exceptions = self.media_convert.exceptions
        for url, error in [
            (text, exceptions.UnprocessableEntityException),
            (self.missing(), exceptions.NotFoundException),
            (f"s3://{unused_id()}/film.mp4", exceptions.NotFoundException),
            ("film.mp4", exceptions.BadRequestException),
        ]:
            with self.subTest(url), self.assertRaises(error):
                self.probe(url)


class TestRunningJobs(JobTest):
    # Jobs take longer than the test.
    OPTIONS = ("--faults", "slow=300")

    def test_two_jobs_run_at_once_and_each_can_be_canceled(self):
        jobs = [self.create(self.film) for _ in range(4)]

        def list_ids(status: str) -> list[str]:
            page = self.media_convert.list_jobs(Status=status, Order="ASCENDING")
            return [job["Id"] for job in page["Jobs"]]

        eventually(lambda: len(list_ids("PROGRESSING")) == 2, "two jobs were not running")
        (first, second), (third, fourth) = list_ids("PROGRESSING"), list_ids("SUBMITTED")
        self.assertCountEqual([first, second, third, fourth], [job["Id"] for job in jobs])
        for job_id in (third, first):
            self.assertLess(self.describe({"Id": job_id})["JobPercentComplete"], 100)
            self.media_convert.cancel_job(Id=job_id)
            self.await_status({"Id": job_id}, "CANCELED")
            self.assert_refused("ConflictException", self.media_convert.cancel_job, Id=job_id)
        self.await_status({"Id": fourth}, "PROGRESSING")
        self.assertEqual(list_ids("PROGRESSING"), sorted([second, fourth]))
        self.assertEqual(list_ids("CANCELED"), sorted([first, third]))
