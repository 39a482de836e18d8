"""A clip in the deployed service, from the operator's key to the viewer's player."""

from clips import ClipTest
from deployment import deployed


class TestClip(ClipTest):
    @classmethod
    def setUpClass(cls):
        cls.use(deployed())

    def test_a_clip_plays_at_once_and_is_made_ready_by_events(self):
        clip = self.cut(lastSeconds=7, title="First race")
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

    def test_a_clip_whose_events_were_lost_is_found_by_the_sweep(self):
        events = self.deployment.client("events")
        rules = [
            rule["Name"]
            for rule in events.list_rules()["Rules"]
            if "standin.mediapackage" in rule.get("EventPattern", "")
        ]
        self.assertEqual(len(rules), 3)
        for rule in rules:
            events.disable_rule(Name=rule)
        try:
            clip = self.cut(lastSeconds=4)
            # It runs every minute, and the clip takes two runs: harvest, then asset.
            self.assertEqual(self.wait_until_listed(clip, 200)["status"], "ready")
        finally:
            for rule in rules:
                events.enable_rule(Name=rule)
