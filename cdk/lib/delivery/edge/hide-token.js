// Runs in CloudFront, on each request for one clip. The response is shared, so it must not depend on who
// reads it. Requests that change the clip keep their token.
function handler(event) {
  const request = event.request;
  if (request.method === 'GET' || request.method === 'HEAD') delete request.headers.authorization;
  return request;
}
