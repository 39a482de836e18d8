"""Tests the range requests that players and the console's timeline send for media."""

from urllib.parse import urljoin

from authorization import ask
from stand_in import ROLE, WireTest, eventually, get, segments, unused_id, uris


class TestRanges(WireTest):
    def check_ranges(self, url: str, media_type: str):
        """Fails unless a URL is served whole and in ranges, as CloudFront does it."""
        status, headers, whole = ask("GET", url)
        self.assertEqual((status, headers["accept-ranges"]), (200, "bytes"))
        size = len(whole)
        for asked, first, last in (
            ("bytes=0-187", 0, 187),
            ("bytes=188-", 188, size - 1),
            ("bytes=-188", size - 188, size - 1),
            (f"bytes=100-{size + 100}", 100, size - 1),
        ):
            status, headers, part = ask("GET", url, headers={"Range": asked})
            expected = (206, f"bytes {first}-{last}/{size}", media_type)
            answered = (status, headers["content-range"], headers.get_content_type())
            self.assertEqual(answered, expected, asked)
            self.assertEqual(part, whole[first : last + 1], asked)
        status, headers, _ = ask("GET", url, headers={"Range": f"bytes={size}-"})
        self.assertEqual(status, 416)
        # S3 does not name the size, MediaPackage does.
        self.assertIn(headers["content-range"], (None, f"bytes */{size}"))
        # Several ranges at once are answered with everything, which every client must accept.
        status, _, body = ask("GET", url, headers={"Range": "bytes=0-1,4-5"})
        self.assertEqual((status, body), (200, whole))

    def test_a_live_segment_is_served_in_ranges(self):
        manifest, _ = self.live_manifest()
        segment = eventually(lambda: segments(self.live_manifest()[1]), "no segment on air")[0]
        self.check_ranges(urljoin(manifest, segment.name), "video/mp2t")

    def test_a_segment_of_a_clip_is_served_in_ranges(self):
        (group,) = self.vod.list_packaging_groups()["PackagingGroups"]
        key = self.ended_job()["S3Destination"]["ManifestKey"]
        asset = self.vod.create_asset(
            Id=unused_id(),
            PackagingGroupId=group["Id"],
            SourceArn=f"arn:aws:s3:::{self.bucket}/{key}",
            SourceRoleArn=ROLE,
        )
        origin = next(it["Url"] for it in asset["EgressEndpoints"] if it["Url"].endswith("m3u8"))
        manifest = f"{self.stand_in.origin}/vod/out/v1/{origin.split('/out/v1/')[1]}"
        eventually(lambda: get(manifest)[0] == 200, "the asset was not playable")
        child = urljoin(manifest, uris(get(manifest)[1].decode())[0])
        self.check_ranges(urljoin(child, uris(get(child)[1].decode())[0]), "video/mp2t")

    def test_a_thumbnail_is_served_in_ranges(self):
        picture = bytes(range(256)) * 4
        self.s3.put_object(Bucket=self.bucket, Key="thumbnails/demo/a/0.jpg", Body=picture)
        self.check_ranges(f"{self.stand_in.origin}/vod/thumbnails/demo/a/0.jpg", "image/jpeg")
