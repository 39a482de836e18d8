// Runs in CloudFront, on each request for public media: /live/<channel>/out/…, /vod/out/… and, of
// further packaging groups, /vod/<number>/out/… are /out/… at their origins, and /vod/thumbnails/…
// is /thumbnails/… in the bucket.
function handler(event) {
  const request = event.request;
  request.uri = request.uri.replace(/^\/(live\/[^/]+|vod(\/[2-9])?)\//, '/');
  return request;
}
