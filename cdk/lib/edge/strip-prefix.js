// Runs in CloudFront, on each request for public media: /live/<channel>/out/… and /vod/out/… are
// /out/… at their origins, and /vod/thumbnails/… is /thumbnails/… in the bucket.
function handler(event) {
  const request = event.request;
  request.uri = request.uri.replace(/^\/(live\/[^/]+|vod)\//, '/');
  return request;
}
