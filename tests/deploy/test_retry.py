"""Retries a failed clip in the deployed service."""

from deployment import deployed
from uploads import UploadTest


class TestRetry(UploadTest):
    @classmethod
    def setUpClass(cls):
        cls.use(deployed())

    def test_a_failed_clip_becomes_ready_after_its_cause_is_fixed(self):
        data = self.create_video("-c:v", "mpeg4", "-q:v", "2")
        clip = self.create_upload(data)
        self.put(clip["upload"]["url"], bytes(len(data)), clip["upload"]["headers"])
        failed = self.wait_until(clip, "failed", 60)
        self.assertEqual(failed["failure"]["code"], "unreadable-file")
        self.assertEqual(self.retry(clip, "viewer"), 403)

        self.repair(clip, data)
        self.assertEqual(self.retry(clip, "operator"), 202)
        # The sweep, which runs every minute, starts the transcode of the file.
        ready = self.wait_until(clip, "ready", 200)
        self.assertEqual(ready["attempt"], 2)
        self.assertNotIn("failure", ready)
        self.assert_plays(ready["manifest"], 2)
        self.assertEqual(self.retry(clip, "operator"), 409)

    def retry(self, clip: dict, group: str) -> int:
        token = self.deployment.sign_in(group)["AccessToken"]
        return self.deployment.ask("POST", f"{self.path(clip)}/retry", token)[0]

    def repair(self, clip: dict, data: bytes):
        """Replaces the broken file with the right one."""
        s3, bucket = self.deployment.client("s3"), self.deployment.outputs["UploadsBucketName"]
        (found,) = [
            it["Key"]
            for it in s3.list_objects_v2(Bucket=bucket)["Contents"]
            if clip["clip"] in it["Key"]
        ]
        s3.put_object(Bucket=bucket, Key=found, Body=data)
