// Runs in CloudFront, on each request for public media, and removes the prefix of the path.
// /live/<channel>/out/… and /vod/out/… become /out/…, as at their origins. So does /vod/<number>/out/…
// for further packaging groups. /vod/thumbnails/… and /vod/clips/… become /thumbnails/… and
// /clips/…, as in the bucket.
function handler(event) {
  const request = event.request;
  request.uri = request.uri.replace(/^\/(live\/[^/]+|vod(\/[2-9])?)\//, '/');
  return request;
}
