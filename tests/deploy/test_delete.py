"""Tests that a deleted clip is hidden at once, and that the sweep removes all of it."""

import time

from clips import ClipTest
from deployment import deployed
from stand_in import eventually


class TestDelete(ClipTest):
    @classmethod
    def setUpClass(cls):
        cls.use(deployed())

    def delete(self, clip: dict) -> int:
        return self.deployment.send("DELETE", self.path(clip), self.operator)[0]

    def test_a_deleted_clip_is_hidden_and_the_sweep_removes_all_of_it(self):
        clip, another = self.cut(lastSeconds=4), self.cut(lastSeconds=4)
        manifest = self.wait_until(clip, "ready", 60)["manifest"]
        self.wait_until(another, "ready", 60)
        self.assertTrue(self.remains(clip))
        self.assertEqual(self.delete(clip), 204)
        self.assertEqual(self.deployment.ask("GET", self.path(clip))[0], 404)
        listed = self.deployment.ask("GET", "/api/competitions/demo/clips?limit=100")[1]["clips"]
        self.assertNotIn(clip["clip"], [it["clip"] for it in listed])

        eventually(150, lambda: self.remains(clip) == ["row"], "the sweep did not remove the media")
        self.assertNotEqual(self.get(manifest)[0], 200)
        # The row stays for some minutes, while functions that had started may still write.
        self.let_time_pass(clip, 300)
        eventually(150, lambda: not self.remains(clip), "the sweep did not remove the row")
        self.assertEqual(self.delete(clip), 204)
        self.assertEqual(self.deployment.ask("GET", self.path(another))[1]["status"], "ready")
        self.assert_plays(self.deployment.ask("GET", self.path(another))[1]["manifest"], 4)

    def row(self, clip: dict) -> dict:
        table = {"TableName": self.deployment.outputs["TableName"]}
        return table | {"Key": {name: {"S": clip[name]} for name in ("competition", "clip")}}

    def remains(self, clip: dict) -> list[str]:
        """Returns the kinds of things that AWS still has of a clip."""
        bucket = self.deployment.outputs["ClipsBucketName"]
        name = f"{clip['competition']}/{clip['clip']}/"
        vod = self.deployment.client("mediapackage-vod", url=self.deployment.elemental.origin)
        assets = [it["Id"] for it in vod.list_assets()["Assets"] if clip["clip"] in it["Id"]]
        media = self.deployment.client("s3").list_objects_v2(Bucket=bucket, Prefix=f"clips/{name}")
        row = self.deployment.client("dynamodb").get_item(**self.row(clip))
        found = {"assets": assets, "media": media["KeyCount"], "row": "Item" in row}
        return [kind for kind, exists in found.items() if exists]

    def let_time_pass(self, clip: dict, seconds: float):
        """Changes the row as if the clip had been deleted earlier."""
        dynamodb = self.deployment.client("dynamodb")
        earlier = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - seconds))
        dynamodb.update_item(
            **self.row(clip),
            UpdateExpression="SET deletedAt = :earlier, nextCheckAt = :now",
            ExpressionAttributeValues={":earlier": {"S": earlier}, ":now": {"N": "0"}},
        )
