"""The stand-in's S3: tags, uploads in parts and presigned requests."""

import hashlib
import uuid
from urllib.request import Request

from botocore.config import Config
from botocore.exceptions import ClientError

from stand_in import WireTest, eventually, get, unused_id

SMALLEST_PART = 5 << 20


class TestObjects(WireTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # An older kind of signature binds no headers.
        url, config = cls.s3.meta.endpoint_url, Config(signature_version="s3v4")
        cls.signer = cls.session.client("s3", endpoint_url=url, config=config)

    def new(self):
        """A name for an object."""
        return {"Bucket": self.bucket, "Key": unused_id()}

    def tags(self, named):
        tags = self.s3.get_object_tagging(**named)["TagSet"]
        return {tag["Key"]: tag["Value"] for tag in tags}

    def tag(self, named, **tags):
        tag_set = [{"Key": key, "Value": value} for key, value in tags.items()]
        self.s3.put_object_tagging(**named, Tagging={"TagSet": tag_set})

    def assert_code(self, code, call, *rest, **asked):
        with self.assertRaises(ClientError, msg=code) as refusal:
            call(*rest, **asked)
        self.assertEqual(refusal.exception.response["Error"]["Code"], code)

    def test_an_object_has_the_tags_it_was_last_given(self):
        named = self.new()
        put = lambda **other: self.s3.put_object(**named, Body=b"film", **other)
        put()
        self.assertEqual(self.tags(named), {})
        put(Tagging="state=new&who=home+team%20%26%20guests&none=")
        self.assertEqual(
            self.tags(named), {"state": "new", "who": "home team & guests", "none": ""}
        )
        self.tag(named, state="done")
        self.assertEqual(self.tags(named), {"state": "done"})
        self.assert_code("InvalidTag", self.tag, named, **{f"tag{at}": "x" for at in range(11)})
        self.assertEqual(self.tags(named), {"state": "done"})
        self.s3.delete_object_tagging(**named)
        self.assertEqual(self.tags(named), {})
        put(Tagging="state=again")
        put()
        self.assertEqual(self.tags(named), {})

    def test_uploads_in_parts_are_listed_by_prefix_until_they_are_ended(self):
        prefix = unused_id()
        begin = self.s3.create_multipart_upload
        begun = [
            (key, begin(Bucket=self.bucket, Key=key)["UploadId"])
            for key in (f"{prefix}/b", f"{prefix}/a", f"{prefix}/b", f"{prefix}-other")
        ]
        call = self.s3.list_multipart_uploads

        def listed(size):
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

    def test_an_object_that_is_removed_loses_its_tags(self):
        named = self.new()
        for remove in (
            lambda: self.s3.delete_object(**named),
            lambda: self.s3.delete_objects(
                Bucket=named["Bucket"], Delete={"Objects": [{"Key": named["Key"]}]}
            ),
        ):
            self.s3.put_object(**named, Body=b"film", Tagging="state=new")
            remove()
            remove()
            self.assert_code("NoSuchKey", self.tags, named)

    def test_what_is_not_there_has_no_tags(self):
        for call in (self.tags, self.tag):
            self.assert_code("NoSuchKey", call, self.new())
        named = self.new()
        self.s3.put_object(**named, Body=b"film", Tagging="state=new")
        self.s3.delete_object(**named)
        self.assert_code("NoSuchKey", self.tags, named)

    def begun(self, **other):
        """The name of a new multipart upload."""
        named = self.new()
        return named | {"UploadId": self.s3.create_multipart_upload(**named, **other)["UploadId"]}

    def parts(self, upload, *bodies):
        """What completing an upload says of its parts."""
        put = lambda at, body: self.s3.upload_part(**upload, PartNumber=at, Body=body)["ETag"]
        etags = {at + 1: put(at + 1, body) for at, body in enumerate(bodies)}
        return [{"PartNumber": number, "ETag": etag} for number, etag in etags.items()]

    def complete(self, upload, parts):
        return self.s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": parts})

    def test_an_upload_in_parts_is_joined_once_its_parts_are_named_right(self):
        upload = self.begun(Tagging="state=new")
        named = {"Bucket": upload["Bucket"], "Key": upload["Key"]}
        bodies = b"1" * SMALLEST_PART, b"2" * SMALLEST_PART, b"the rest"
        parts = self.parts(upload, *bodies)
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
        self.assertEqual(self.tags(named), {"state": "new"})

    def test_only_the_last_part_is_small(self):
        upload = self.begun()
        parts = self.parts(upload, b"1" * (SMALLEST_PART - 1), b"the rest")
        self.assert_code("EntityTooSmall", self.complete, upload, parts)
        self.complete(upload, parts[:1])

    def test_an_upload_that_was_aborted_or_never_begun_takes_nothing(self):
        aborted = self.begun()
        parts = self.parts(aborted, b"the rest")
        self.s3.abort_multipart_upload(**aborted)
        for upload in (aborted, self.new() | {"UploadId": str(uuid.uuid4())}):
            with self.subTest(upload):
                # With a body under way, the refusal might close the connection.
                self.assert_code("NoSuchUpload", self.parts, upload, b"")
                self.assert_code("NoSuchUpload", self.complete, upload, parts)
                self.assert_code("NoSuchUpload", self.s3.abort_multipart_upload, **upload)

    def test_a_presigned_url_is_good_until_it_expires(self):
        named = self.new()
        self.s3.put_object(**named, Body=b"film")
        presign = lambda seconds: self.signer.generate_presigned_url(
            "get_object", Params=named, ExpiresIn=seconds
        )
        self.assertEqual(get(presign(60)), (200, b"film"))
        url = presign(1)
        eventually(10, lambda: get(url)[0] == 403, "the URL did not expire")
        self.assertIn(b"expired", get(url)[1])

    def test_a_presigned_url_takes_the_length_it_was_signed_for(self):
        upload = self.begun()
        film = b"the whole film"
        for operation, named in [
            ("put_object", self.new()),
            ("upload_part", upload | {"PartNumber": 1}),
        ]:
            asked = named | {"ContentLength": len(film)}
            url = self.signer.generate_presigned_url(operation, Params=asked, ExpiresIn=60)
            send = lambda body: get(Request(url, data=body, method="PUT"))
            for body in (b"", film[1:], film + b"!"):
                with self.subTest(operation, body=body):
                    status, said = send(body)
                    self.assertEqual(status, 403, said)
                    self.assertIn(b"SignatureDoesNotMatch", said)
            self.assertEqual(send(film)[0], 200)
        etag = {"PartNumber": 1, "ETag": f'"{hashlib.md5(film).hexdigest()}"'}
        self.complete(upload, [etag])
        self.assertEqual(self.read(upload["Key"]), film)
