"""Transcodes and uploads: the requests the product makes, and the stand-in's answers to others."""

import copy
import hashlib
import json
import re
import subprocess
import tempfile
import unittest
import uuid
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import Request

import botocore.parsers
import botocore.session
from botocore.exceptions import ClientError

from stand_in import ROLE, ROOT, WireTest, departures, eventually, get, unused_id, uris

GOLDENS = {file.stem: file for file in ROOT.glob("functions/src/upload/goldens/*.snap")}
MODEL = botocore.session.get_session().get_service_model("mediaconvert")
CREATE_JOB = MODEL.operation_model("CreateJob").input_shape
MEBIBYTE = 1 << 20


def golden(name):
    """The body of a CreateJob of the product, below the header that insta gives it."""
    return json.loads(GOLDENS[name].read_text().split("---\n", 2)[2])


def parameters(body):
    """The same as boto3 takes it, by the names of members and not by those on the wire."""
    response = {"status_code": 200, "headers": {}, "body": json.dumps(body).encode()}
    parsed = botocore.parsers.create_parser("rest-json").parse(response, CREATE_JOB)
    del parsed["ResponseMetadata"]
    return parsed


class TestGoldens(unittest.TestCase):
    def test_every_request_of_the_product_is_one_that_the_model_knows(self):
        self.assertTrue(GOLDENS)
        for name in GOLDENS:
            with self.subTest(name):
                self.assertEqual(list(departures(CREATE_JOB, golden(name), "CreateJob")), [])

    def test_a_request_that_the_model_does_not_know_is_found_out(self):
        source = ["settings", "inputs", 0]
        hls = ["settings", "outputGroups", 0, "outputGroupSettings", "hlsGroupSettings"]
        output = ["settings", "outputGroups", 0, "outputs", 0]
        h264 = [*output, "videoDescription", "codecSettings", "h264Settings"]
        gain = ["remixSettings", "channelMapping", "outputChannels", 0, "inputChannels", 0]
        for path, value in [
            (["settings", "encoder"], "x264"),
            ([*hls, "segmentSeconds"], 4),
            ([*output, "NameModifier"], "_1"),
            ([*h264, "rateControlMode"], "CRF"),
            (["statusUpdateInterval"], "SECONDS_11"),
            ([*h264, "qvbrSettings", "qvbrQualityLevel"], 11),
            ([*h264, "maxBitrate"], 999),
            ([*h264, "gopSize"], -0.5),
            ([*output, "videoDescription", "width"], 8194),
            ([*source, "audioSelectors", "Audio Selector 1", *gain], 7),
            ([*output, "nameModifier"], ""),
            ([*h264, "maxBitrate"], "6000000"),
            ([*h264, "maxBitrate"], 6e6),
            ([*h264, "maxBitrate"], None),
            ([*source, "fileInput"], "original.mp4"),
            ([*hls, "destination"], "file:///clips/index"),
            (["role"], ...),
            (["settings"], ...),
        ]:
            with self.subTest(path, value=value):
                body = golden("broadcast-eight-mono-tracks")
                parent = body
                for member in path[:-1]:
                    parent = parent[member]
                parent.pop(path[-1]) if value is ... else parent.update({path[-1]: value}) if (
                    isinstance(parent, dict)
                ) else parent.__setitem__(path[-1], value)
                (found,) = departures(CREATE_JOB, body, "CreateJob")
                self.assertIn(str(path[-1]), found)


class JobTest(WireTest):
    """A stand-in with a video in its bucket."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.video = cls.put("video.mp4", video(seconds=5))

    @classmethod
    def put(cls, name, body):
        """The URL of a new object."""
        key = f"{unused_id()}/{name}"
        cls.s3.put_object(Bucket=cls.bucket, Key=key, Body=body)
        return f"s3://{cls.bucket}/{key}"

    @classmethod
    def missing(cls):
        return f"s3://{cls.bucket}/{unused_id()}/missing.mp4"

    def asked(self, source, name="small-silent", folder="wire", **other):
        """The product's request for a transcode of another source to another folder."""
        body = golden(name)
        del body["clientRequestToken"]
        body["settings"]["inputs"][0]["fileInput"] = source
        text = json.dumps(body).replace("s3://clips/", f"s3://{self.bucket}/{folder}/")
        return parameters(json.loads(text)) | other

    def create(self, source, **other):
        return self.media_convert.create_job(**self.asked(source, **other))["Job"]

    def job_of(self, job):
        return self.media_convert.get_job(Id=job["Id"])["Job"]

    def ended(self, job):
        """A job that is over."""
        over = lambda: (it := self.job_of(job))["Status"] not in UNFINISHED and it
        return eventually(30, over, f"job {job['Id']} did not end")


class TestJobs(JobTest):
    pass
