// Runs in CloudFront, on each request for a page or file of the site, and finds the page's file:
// /console and /console/… are console.html. Other paths are files of the bucket.
const PAGES = '<pages>';

function handler(event) {
  const request = event.request;
  if (request.uri === '/') {
    return { statusCode: 302, statusDescription: 'Found', headers: { location: { value: '/console' } } };
  }
  for (const path in PAGES) {
    if (request.uri === path || request.uri.indexOf(path + '/') === 0) request.uri = '/' + PAGES[path];
  }
  return request;
}
