// Runs in CloudFront, on each request for media of a private library. CloudFront has already checked
// the cookies, which open /vod/private/<competition>/*. The path of an asset does not contain its
// competition, so the seal proves that the asset belongs to it. In the paths of further packaging
// groups, the number of the group follows the seal.
const crypto = require('crypto');

const SEAL_KEY = '<seal key>';
const MEDIA = /^\/vod\/private\/([A-Za-z0-9-]{1,64})\/([0-9a-f]{32})(?:\/[2-9])?(\/out\/v1\/([A-Za-z0-9_-]+)\/[^%]+)$/;
const OBJECT = /^\/vod\/private\/([A-Za-z0-9-]{1,64})(\/(?:thumbnails|clips)\/([A-Za-z0-9-]{1,64})\/[^%]+)$/;

function seal(competition, asset) {
  return crypto.createHmac('sha256', SEAL_KEY).update(competition + '/' + asset).digest('hex').slice(0, 32);
}

function handler(event) {
  const request = event.request;
  const media = MEDIA.exec(request.uri);
  const object = OBJECT.exec(request.uri);
  if (request.uri.indexOf('/..') !== -1) return { statusCode: 403, statusDescription: 'Forbidden' };
  if (media && media[2] === seal(media[1], media[4])) request.uri = media[3];
  else if (object && object[1] === object[3]) request.uri = object[2];
  else return { statusCode: 403, statusDescription: 'Forbidden' };
  return request;
}
