"""Deletes a clip in the deployed service: it is hidden at once, and its data is deleted soon."""

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

    def test_a_deleted_clip_is_hidden_and_the_sweep_deletes_its_data(self):
        clip, another = self.create_clip(lastSeconds=4), self.create_clip(lastSeconds=4)
        manifest = self.wait_until(clip, "ready", 60)["manifest"]
        self.wait_until(another, "ready", 60)
        self.assertTrue(self.remaining_data(clip))
        self.assertEqual(self.delete(clip), 204)
        self.assertEqual(self.deployment.ask("GET", self.path(clip))[0], 404)
        listed = self.deployment.ask("GET", "/api/competitions/demo/clips?limit=100")[1]["clips"]
        self.assertNotIn(clip["clip"], [it["clip"] for it in listed])

        eventually(
            lambda: self.remaining_data(clip) == ["row"],
            "the sweep did not delete the media",
            timeout=150,
            every=2,
        )
        self.assertNotEqual(self.get(manifest)[0], 200)
        # The sweep keeps the row while functions may still be running.
        # Pretend that this time is over.
        self.backdate_deletion(clip, 300)
        eventually(
            lambda: not self.remaining_data(clip),
            "the sweep did not delete the row",
            timeout=150,
            every=2,
        )
        self.assertEqual(self.delete(clip), 204)
        self.assertEqual(self.deployment.ask("GET", self.path(another))[1]["status"], "ready")
        self.assert_plays(self.deployment.ask("GET", self.path(another))[1]["manifest"], 4)

    def row_key(self, clip: dict) -> dict:
        table = {"TableName": self.deployment.outputs["TableName"]}
        return table | {"Key": {name: {"S": clip[name]} for name in ("competition", "clip")}}

    def remaining_data(self, clip: dict) -> list[str]:
        """Lists the kinds of data that a clip still has in AWS."""
        bucket = self.deployment.outputs["ClipsBucketName"]
        name = f"{clip['competition']}/{clip['clip']}/"
        vod = self.deployment.client("mediapackage-vod", url=self.deployment.elemental.origin)
        assets = [it["Id"] for it in vod.list_assets()["Assets"] if clip["clip"] in it["Id"]]
        media = self.deployment.client("s3").list_objects_v2(Bucket=bucket, Prefix=f"clips/{name}")
        row = self.deployment.client("dynamodb").get_item(**self.row_key(clip))
        found = {"assets": assets, "media": media["KeyCount"], "row": "Item" in row}
        return [what for what, there in found.items() if there]

    def backdate_deletion(self, clip: dict, seconds: float):
        """Changes the row as if the clip had been deleted some seconds earlier."""
        dynamodb = self.deployment.client("dynamodb")
        earlier = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - seconds))
        dynamodb.update_item(
            **self.row_key(clip),
            UpdateExpression="SET deletedAt = :earlier, nextCheckAt = :now",
            ExpressionAttributeValues={":earlier": {"S": earlier}, ":now": {"N": "0"}},
        )
