/** The one Trusted Types policy of our own: workers may only be our own files. */

interface PolicyFactory {
  createPolicy(name: string, rules: { createScriptURL(url: string): string }): unknown;
}

/**
 * Installs the policy `default`. hls.js starts its worker by a text; under
 * `require-trusted-types-for 'script'` the browser asks this policy about the text.
 */
export function installTrustedTypes(): void {
  const factory = (globalThis as { trustedTypes?: PolicyFactory }).trustedTypes;
  factory?.createPolicy('default', { createScriptURL: ownScript });
}

function ownScript(text: string): string {
  const url = new URL(text, location.href);
  if (url.origin === location.origin && /^\/(assets|src|node_modules|@)/.test(url.pathname))
    return text;
  throw new TypeError(`refused to run ${url.href}`);
}
