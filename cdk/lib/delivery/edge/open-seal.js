// Runs in CloudFront, on each request for media of a private library. CloudFront has checked the
// cookies by then: they open /vod/private/<competition>/*. The seal proves that the asset belongs
// to that competition, for its own path does not tell. Of further packaging groups, their number
// stands behind it: the behavior of that number has brought the request here.
const crypto = require('crypto');

const SEAL_KEY = '<seal key>';
const MEDIA = /^\/vod\/private\/([A-Za-z0-9-]{1,64})\/([0-9a-f]{32})(?:\/[2-9])?(\/out\/v1\/([A-Za-z0-9_-]+)\/[^%]+)$/;
const IMAGE = /^\/vod\/private\/([A-Za-z0-9-]{1,64})(\/thumbnails\/([A-Za-z0-9-]{1,64})\/[^%]+)$/;

function seal(competition, asset) {
  return crypto.createHmac('sha256', SEAL_KEY).update(competition + '/' + asset).digest('hex').slice(0, 32);
}

function handler(event) {
  const request = event.request;
  const media = MEDIA.exec(request.uri);
  const image = IMAGE.exec(request.uri);
  if (request.uri.indexOf('/..') !== -1) return { statusCode: 403, statusDescription: 'Forbidden' };
  if (media && media[2] === seal(media[1], media[4])) request.uri = media[3];
  else if (image && image[1] === image[3]) request.uri = image[2];
  else return { statusCode: 403, statusDescription: 'Forbidden' };
  return request;
}
