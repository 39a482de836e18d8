/** A local server that answers the AWS SDK for the tests of the tools. Each test defines the responses. */

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after } from 'node:test';

import { type Aws, connect } from '../tools/aws.ts';

/** The response of an operation: an object for JSON, a text for XML. */
export type Answer = (asked: Record<string, unknown>, path: string) => unknown;

/** An error response in each protocol. */
export class Refusal {
  constructor(
    readonly code: string,
    readonly status = 400,
    readonly message = 'refused',
  ) {}
}

/**
 * Serves operations by name: `GetParameter` if the request contains the name, `GET /assets` for REST.
 * Answers all other operations with access denied.
 */
export async function fakeAws(
  answers: Record<string, Answer>,
): Promise<{ aws: Aws; calls: string[] }> {
  const calls: string[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const text = Buffer.concat(chunks).toString();
      const [path = '', query = ''] = (request.url ?? '').split('?');
      const target = String(request.headers['x-amz-target'] ?? '')
        .split('.')
        .at(-1);
      const form = new URLSearchParams(text).get('Action');
      const names = [
        target || form || `${request.method} ${path}`,
        `${request.method} ${path.replace(/\/[^/]+$/, '/*')}`,
      ];
      const name = names.find((it) => it in answers) ?? names[0] ?? '';
      const asked = target
        ? JSON.parse(text)
        : Object.fromEntries(new URLSearchParams(form ? text : query));
      const answer =
        answers[name]?.(asked, path) ??
        new Refusal('AccessDeniedException', 403, `not permitted: ${name}`);
      calls.push(form || target ? name : `${request.method} ${path}`);
      response.setHeader('content-type', form ? 'text/xml' : 'application/x-amz-json-1.1');
      if (answer instanceof Refusal) {
        response.writeHead(answer.status, { 'x-amzn-errortype': answer.code });
        const { code, message } = answer;
        response.end(
          form
            ? `<ErrorResponse><Error><Code>${code}</Code><Message>${message}</Message></Error></ErrorResponse>`
            : JSON.stringify({ __type: code, message }),
        );
        return;
      }
      response.end(
        form ? `<R><${form}Result>${answer}</${form}Result></R>` : JSON.stringify(answer),
      );
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  process.env['AWS_ACCESS_KEY_ID'] = 'test';
  process.env['AWS_SECRET_ACCESS_KEY'] = 'test';
  const aws = connect({ region: 'eu-central-1', endpoint: `http://127.0.0.1:${port}` });
  after(() => {
    for (const client of Object.values(aws)) client.destroy();
    server.closeAllConnections();
    server.close();
  });
  return { aws, calls };
}
