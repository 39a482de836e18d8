"""Uploads in the deployed service, from the editor's file to the viewer's player."""

from authorization import ask
from deployment import deployed
from uploads import UploadTest


class TestUpload(UploadTest):
    @classmethod
    def setUpClass(cls):
        cls.use(deployed())

    def assert_becomes_ready(self, clip: dict):
        listed = self.wait_until_listed(clip, 150)
        self.assertEqual(listed["meta"]["title"], "Video")
        self.assertEqual(listed["actual"]["durationSeconds"], 2)
        for manifest in listed["manifests"].values():
            self.assert_plays(manifest, 2)
        for thumbnail in listed["thumbnails"]:
            self.assertTrue(thumbnail.startswith(self.deployment.outputs["VodBaseUrl"]), thumbnail)
            status, headers, picture = ask("GET", thumbnail, opener=self.deployment.opener)
            self.assertEqual(
                (status, headers["Content-Type"], picture[:2]), (200, "image/jpeg", b"\xff\xd8")
            )

    def test_a_small_file_is_uploaded_in_one_request(self):
        data = self.create_video("-c:v", "mpeg4", "-q:v", "2")
        clip = self.create_upload(data)
        self.put(clip["upload"]["url"], data, clip["upload"]["headers"])
        self.assert_becomes_ready(clip)

    def test_a_large_file_is_uploaded_in_parts(self):
        data = self.create_video("-c:v", "rawvideo", "-pix_fmt", "yuv420p")
        clip = self.create_upload(data)
        upload, parts = clip["upload"], []
        for number, part in enumerate(upload["parts"]):
            begin = number * upload["partSize"]
            sent = self.put(part["url"], data[begin : begin + upload["partSize"]])
            parts.append({"partNumber": part["partNumber"], "etag": sent["ETag"]})
        status, reply, _ = self.deployment.ask(
            "POST", upload["complete"], self.operator, {"parts": parts}
        )
        self.assertEqual(status, 202, reply)
        self.assert_becomes_ready(clip)
