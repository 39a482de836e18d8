"""Live clips in the deployed service, from the operator's request to the viewer's player."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from urllib.parse import urljoin

from clips import ClipTest
from deployment import deployed


class TestClip(ClipTest):
    @classmethod
    def setUpClass(cls):
        cls.use(deployed())

    def media(self, manifest: str) -> str:
        """The first media playlist of a manifest."""
        parent = self.get(manifest)[1]
        uri = next(line for line in parent.splitlines() if line and not line.startswith("#"))
        return self.get(urljoin(manifest, uri))[1]

    def test_a_clip_has_a_preview_at_once_and_becomes_ready_by_events(self):
        clip = self.create_clip(lastSeconds=7, title="First race")
        seconds = clip["actual"]["durationSeconds"]
        self.assert_plays(clip["preview"], seconds)

        listed = self.wait_until_listed(clip, 50)
        self.assertEqual(listed["status"], "ready")
        self.assertEqual(listed["meta"]["title"], "First race")
        self.assertEqual(listed["actual"], clip["actual"])
        path = f"/api/competitions/{clip['competition']}/clips/{clip['clip']}"
        self.assertEqual(self.deployment.ask("GET", path)[1], listed)
        for manifest in listed["manifests"].values():
            self.assertTrue(manifest.startswith(self.deployment.outputs["VodBaseUrl"]), manifest)
            self.assert_plays(manifest, seconds)

    def test_a_clip_whose_events_were_lost_becomes_ready_by_the_sweep(self):
        with self.disabled_rules("harvest-complete", "asset-playable"):
            clip = self.create_clip(lastSeconds=4)
            # The sweep runs every minute. The clip needs two runs: for the harvest and the asset.
            self.assertEqual(self.wait_until_listed(clip, 200)["status"], "ready")

    def test_a_clip_that_ends_in_the_future_is_harvested_without_the_sweep(self):
        with self.disabled_rules("sweep-library"):
            end = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=8)
            start = end - timedelta(seconds=16)
            clip = self.create_clip(start=start.isoformat(), end=end.isoformat())
            self.assertEqual(clip["status"], "scheduled")
            self.assertNotIn(
                "EXT-X-ENDLIST", self.media(clip["preview"]), "the preview must still grow"
            )
            ready = self.wait_until(clip, "ready", 60)
            self.assert_plays(ready["manifest"], ready["actual"]["durationSeconds"])
            self.assertLessEqual(datetime.fromisoformat(ready["actual"]["start"]), start)
            self.assertGreaterEqual(datetime.fromisoformat(ready["actual"]["end"]), end)

    def test_a_repeated_request_creates_one_clip(self):
        def create(body: dict) -> tuple:
            return self.deployment.send(
                "POST", "/api/clip", self.operator, body, Idempotency_Key="the-one-key"
            )

        with ThreadPoolExecutor() as pool:
            sent = list(pool.map(create, [{"lastSeconds": 4}] * 4))
        self.assertEqual({status for status, _, _ in sent}, {202}, sent)
        self.assertEqual(len({clip["clip"] for _, _, clip in sent}), 1)
        status, _, problem = create({"lastSeconds": 5})
        self.assertEqual(
            (status, problem["type"]), (422, "urn:matchcut:problem:idempotency-key-reused")
        )

    def test_an_edit_needs_the_current_etag(self):
        clip = self.create_clip(lastSeconds=4, title="Before")

        def edit(title: str, **headers: str) -> tuple:
            return self.deployment.send(
                "PATCH", self.path(clip), self.operator, {"title": title}, **headers
            )

        self.assertEqual(edit("Blindly")[0], 428)
        etag = self.deployment.send("GET", self.path(clip))[1]["ETag"]
        status, headers, edited = edit("After", If_Match=etag)
        self.assertEqual((status, edited["meta"]["title"]), (200, "After"))
        self.assertEqual(edit("Too late", If_Match=etag)[0], 412)
        self.assertEqual(edit("At last", If_Match=headers["ETag"])[0], 200)
        self.assertEqual(self.wait_until_listed(clip, 50)["meta"]["title"], "At last")
