"""Tests the stand-in's S3 with boto3: tags, multipart uploads and presigned URLs."""

import hashlib
import uuid
from collections.abc import Callable
from urllib.request import Request

from botocore.config import Config
from botocore.exceptions import ClientError

from stand_in import WireTest, eventually, get, unused_id

MIN_PART = 5 << 20


class TestObjects(WireTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # Signature version 2 does not sign headers.
        url, config = cls.s3.meta.endpoint_url, Config(signature_version="s3v4")
        cls.signer = cls.session.client("s3", endpoint_url=url, config=config)

    def new_object(self) -> dict:
        """Returns the bucket and an unused key."""
        return {"Bucket": self.bucket, "Key": unused_id()}

    def read_tags(self, named: dict) -> dict[str, str]:
        tags = self.s3.get_object_tagging(**named)["TagSet"]
        return {tag["Key"]: tag["Value"] for tag in tags}

    def write_tags(self, named: dict, **tags: str):
        tag_set = [{"Key": key, "Value": value} for key, value in tags.items()]
        self.s3.put_object_tagging(**named, Tagging={"TagSet": tag_set})

    def assert_code(self, code: str, call: Callable, *rest: object, **asked: object):
        with self.assertRaises(ClientError, msg=code) as refusal:
            call(*rest, **asked)
        self.assertEqual(refusal.exception.response["Error"]["Code"], code)

    def test_an_object_has_the_tags_that_were_set_last(self):
        named = self.new_object()

        def put(**other: str):
            self.s3.put_object(**named, Body=b"film", **other)

        put()
        self.assertEqual(self.read_tags(named), {})
        put(Tagging="state=new&who=home+team%20%26%20guests&none=")
        self.assertEqual(
            self.read_tags(named), {"state": "new", "who": "home team & guests", "none": ""}
        )
        self.write_tags(named, state="done")
        self.assertEqual(self.read_tags(named), {"state": "done"})
        self.assert_code(
            "InvalidTag", self.write_tags, named, **{f"tag{at}": "x" for at in range(11)}
        )
        self.assertEqual(self.read_tags(named), {"state": "done"})
        self.s3.delete_object_tagging(**named)
        self.assertEqual(self.read_tags(named), {})
        put(Tagging="state=again")
        put()
        self.assertEqual(self.read_tags(named), {})

    def test_objects_are_listed_by_prefix_page_by_page(self):
        top = unused_id()
        names = ["a/b/1", "a/b/10", "a/b/2", "a/bc/1", "a/c", "b/1"]
        keys = [f"{top}/{name}" for name in names]
        for key in reversed(keys):
            self.s3.put_object(Bucket=self.bucket, Key=key, Body=key.encode())
        paginator = self.s3.get_paginator("list_objects_v2")

        def listed(prefix: str, size: int, **other: str) -> tuple[list[str], list[str]]:
            pages = paginator.paginate(
                Bucket=self.bucket,
                Prefix=f"{top}/{prefix}",
                PaginationConfig={"PageSize": size},
                **other,
            )
            found, folders = [], []
            for page in pages:
                contents, prefixes = page.get("Contents", []), page.get("CommonPrefixes", [])
                self.assertEqual(page["Prefix"], f"{top}/{prefix}")
                self.assertLessEqual(len(contents) + len(prefixes), size)
                found += [(it["Key"], it["Size"]) for it in contents]
                folders += [it["Prefix"] for it in prefixes]
            self.assertEqual([size for _, size in found], [len(key) for key, _ in found])
            return [key for key, _ in found], folders

        for prefix in ("", "a", "a/", "a/b", "a/b/", "a/b/1", "b/1", "none/", "a/c/", "../"):
            expected = [key for key in keys if key.startswith(f"{top}/{prefix}")]
            for size in (1, 2, 1000):
                with self.subTest(prefix, size=size):
                    self.assertEqual(listed(prefix, size), (expected, []))
        self.assertEqual(
            listed("a/", 2, Delimiter="/"), ([f"{top}/a/c"], [f"{top}/a/b/", f"{top}/a/bc/"])
        )
        for after, expected in (("a/b/10", keys[2:3]), ("a/a", keys[:3]), ("b", [])):
            self.assertEqual(listed("a/b/", 2, StartAfter=f"{top}/{after}"), (expected, []))
        refused = {"Bucket": "no-such-bucket", "Prefix": "a/b/"}
        self.assert_code("NoSuchBucket", self.s3.list_objects_v2, **refused)

    def test_multipart_uploads_are_listed_by_prefix_until_they_end(self):
        prefix = unused_id()
        begin = self.s3.create_multipart_upload
        begun = [
            (key, begin(Bucket=self.bucket, Key=key)["UploadId"])
            for key in (f"{prefix}/b", f"{prefix}/a", f"{prefix}/b", f"{prefix}-other")
        ]
        call = self.s3.list_multipart_uploads

        def listed(size: int) -> list[tuple[str, str]]:
            found = self.paged(call, "Uploads", size, Bucket=self.bucket, Prefix=f"{prefix}/")
            return [(upload["Key"], upload["UploadId"]) for upload in found]

        expected = [begun[1], begun[0], begun[2]]
        for size in (1, 2, 1000):
            with self.subTest(size=size):
                self.assertEqual(listed(size), expected)
        key, upload = begun[0]
        self.s3.abort_multipart_upload(Bucket=self.bucket, Key=key, UploadId=upload)
        self.assertEqual(listed(1000), [begun[1], begun[2]])
        for key, upload in (begun[1], begun[2], begun[3]):
            self.s3.abort_multipart_upload(Bucket=self.bucket, Key=key, UploadId=upload)
        empty = call(Bucket=self.bucket, Prefix=prefix)
        self.assertNotIn("Uploads", empty)

    def test_the_parts_of_an_upload_are_listed_in_the_order_of_their_numbers(self):
        upload = self.begin_upload()
        sent = {}
        for number in (7, 2, 10, 3):
            part = self.s3.upload_part(**upload, PartNumber=number, Body=b"film %d" % number)
            sent[number] = part["ETag"]
        expected = sorted(sent.items())

        def listed(**asked: int) -> tuple[list[tuple[int, str]], int | None]:
            found = self.s3.list_parts(**upload, **asked)
            parts = [(part["PartNumber"], part["ETag"]) for part in found.get("Parts", [])]
            return parts, found["NextPartNumberMarker"] if found["IsTruncated"] else None

        self.assertEqual(listed(), (expected, None))
        self.assertEqual(listed(MaxParts=3), (expected[:3], 7))
        self.assertEqual(listed(MaxParts=3, PartNumberMarker=7), (expected[3:], None))
        self.assertEqual(listed(PartNumberMarker=2), (expected[1:], None))
        self.assertEqual(listed(PartNumberMarker=10), ([], None))
        self.s3.abort_multipart_upload(**upload)
        self.assert_code("NoSuchUpload", self.s3.list_parts, **upload)

    def test_a_deleted_object_has_no_tags(self):
        named = self.new_object()
        for remove in (
            lambda: self.s3.delete_object(**named),
            lambda: self.s3.delete_objects(
                Bucket=named["Bucket"], Delete={"Objects": [{"Key": named["Key"]}]}
            ),
        ):
            self.s3.put_object(**named, Body=b"film", Tagging="state=new")
            remove()
            remove()
            self.assert_code("NoSuchKey", self.read_tags, named)

    def test_tags_of_a_missing_object_are_not_found(self):
        for call in (self.read_tags, self.write_tags):
            self.assert_code("NoSuchKey", call, self.new_object())
        named = self.new_object()
        self.s3.put_object(**named, Body=b"film", Tagging="state=new")
        self.s3.delete_object(**named)
        self.assert_code("NoSuchKey", self.read_tags, named)

    def begin_upload(self, **other: str) -> dict:
        """Begins a multipart upload. Returns its bucket, key and id."""
        named = self.new_object()
        return named | {"UploadId": self.s3.create_multipart_upload(**named, **other)["UploadId"]}

    def send_parts(self, upload: dict, *bodies: bytes) -> list[dict]:
        """Sends the parts of an upload. Returns the list that completes it."""
        parts = []
        for number, body in enumerate(bodies, start=1):
            sent = self.s3.upload_part(**upload, PartNumber=number, Body=body)
            parts.append({"PartNumber": number, "ETag": sent["ETag"]})
        return parts

    def complete(self, upload: dict, parts: list[dict]):
        self.s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": parts})

    def test_a_multipart_upload_completes_only_with_the_right_parts(self):
        upload = self.begin_upload(Tagging="state=new")
        named = {"Bucket": upload["Bucket"], "Key": upload["Key"]}
        bodies = b"1" * MIN_PART, b"2" * MIN_PART, b"the rest"
        parts = self.send_parts(upload, *bodies)
        first, second, last = parts
        for code, wrong in [
            ("InvalidPart", [first, second | {"ETag": last["ETag"]}, last]),
            ("InvalidPart", [first, second, last | {"PartNumber": 4}]),
            ("InvalidPartOrder", [second, first, last]),
            ("InvalidPartOrder", [first, first, last]),
        ]:
            with self.subTest(code, wrong=wrong):
                self.assert_code(code, self.complete, upload, wrong)
                self.assert_code("404", self.s3.head_object, **named)
        self.complete(upload, parts)
        self.assertEqual(self.read(upload["Key"]), b"".join(bodies))
        self.assertEqual(self.read_tags(named), {"state": "new"})

    def test_only_the_last_part_may_be_small(self):
        upload = self.begin_upload()
        parts = self.send_parts(upload, b"1" * (MIN_PART - 1), b"the rest")
        self.assert_code("EntityTooSmall", self.complete, upload, parts)
        self.complete(upload, parts[:1])

    def test_an_aborted_or_unknown_upload_takes_no_parts(self):
        aborted = self.begin_upload()
        parts = self.send_parts(aborted, b"the rest")
        self.s3.abort_multipart_upload(**aborted)
        for upload in (aborted, self.new_object() | {"UploadId": str(uuid.uuid4())}):
            with self.subTest(upload):
                # Empty: a refusal may close the connection while boto3 sends a body.
                self.assert_code("NoSuchUpload", self.send_parts, upload, b"")
                self.assert_code("NoSuchUpload", self.complete, upload, parts)
                self.assert_code("NoSuchUpload", self.s3.abort_multipart_upload, **upload)

    def test_a_presigned_url_works_until_it_expires(self):
        named = self.new_object()
        self.s3.put_object(**named, Body=b"film")

        def presign(seconds: int) -> str:
            return self.signer.generate_presigned_url("get_object", Params=named, ExpiresIn=seconds)

        self.assertEqual(get(presign(60)), (200, b"film"))
        url = presign(1)
        eventually(lambda: get(url)[0] == 403, "the URL did not expire")
        self.assertIn(b"expired", get(url)[1])

    def test_a_presigned_url_takes_only_the_signed_length(self):
        upload = self.begin_upload()
        film = b"the whole film"
        for operation, named in [
            ("put_object", self.new_object()),
            ("upload_part", upload | {"PartNumber": 1}),
        ]:
            asked = named | {"ContentLength": len(film)}
            url = self.signer.generate_presigned_url(operation, Params=asked, ExpiresIn=60)
            for body in (b"", film[1:], film + b"!"):
                with self.subTest(operation, body=body):
                    status, reply = get(Request(url, data=body, method="PUT"))
                    self.assertEqual(status, 403, reply)
                    self.assertIn(b"SignatureDoesNotMatch", reply)
            self.assertEqual(get(Request(url, data=film, method="PUT"))[0], 200)
        etag = {"PartNumber": 1, "ETag": f'"{hashlib.md5(film).hexdigest()}"'}
        self.complete(upload, [etag])
        self.assertEqual(self.read(upload["Key"]), film)
