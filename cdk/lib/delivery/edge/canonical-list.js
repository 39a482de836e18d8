// Runs in CloudFront, on each request for a list, and gives requests for the same list the same query:
// the known parameters, each once, sorted by name, and without those that mean the same as none.
// CloudFront caches each query of a list by itself.
const PARAMETERS = ['<parameters>'];
const DEFAULTS = { limit: '50', order: 'newest' };

function handler(event) {
  const request = event.request;
  const query = {};
  for (const name of PARAMETERS) {
    const given = request.querystring[name];
    if (given && given.value !== DEFAULTS[name]) query[name] = { value: given.value };
  }
  request.querystring = query;
  return request;
}
