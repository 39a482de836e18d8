"""Tests the retry of a failed clip in the deployed service."""

from deployment import deployed
from uploads import UploadTest


class TestRetry(UploadTest):
    @classmethod
    def setUpClass(cls):
        cls.use(deployed())

    def test_a_retry_makes_a_failed_clip_ready_when_its_file_is_repaired(self):
        data = self.make_film("-c:v", "mpeg4", "-q:v", "2")
        clip = self.begin_upload(data)
        self.put(clip["upload"]["url"], bytes(len(data)), clip["upload"]["headers"])
        failed = self.wait_until(clip, "failed", 60)
        self.assertEqual(failed["failure"]["code"], "unreadable-file")
        self.assertEqual(self.retry(clip, "viewer"), 403)

        self.repair(clip, data)
        self.assertEqual(self.retry(clip, "operator"), 202)
        # The file is in S3 already, so no event comes. The sweep finds it, every minute.
        ready = self.wait_until(clip, "ready", 200)
        self.assertEqual(ready["attempt"], 2)
        self.assertNotIn("failure", ready)
        self.assert_plays(ready["manifest"], 2)
        self.assertEqual(self.retry(clip, "operator"), 409)

    def retry(self, clip: dict, group: str) -> int:
        token = self.deployment.sign_in(group)["AccessToken"]
        return self.deployment.ask("POST", f"{self.path(clip)}/retry", token)[0]

    def repair(self, clip: dict, data: bytes):
        """Replaces the broken file of a clip."""
        s3, bucket = self.deployment.client("s3"), self.deployment.outputs["UploadsBucketName"]
        (found,) = [
            it["Key"]
            for it in s3.list_objects_v2(Bucket=bucket)["Contents"]
            if clip["clip"] in it["Key"]
        ]
        s3.put_object(Bucket=bucket, Key=found, Body=data)
