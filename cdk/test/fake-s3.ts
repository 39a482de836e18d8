/** A local server with one bucket, for the tests of the tools. */

import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after } from 'node:test';

import { type Aws, connect } from '../tools/aws.ts';

export interface Stored {
  readonly body: string;
  readonly headers: IncomingMessage['headers'];
}

/** Serves an empty bucket `site`. Returns its objects, and the keys in the order of their upload. */
export async function fakeS3(): Promise<{
  s3: Aws['s3'];
  objects: Map<string, Stored>;
  puts: string[];
}> {
  const objects = new Map<string, Stored>();
  const puts: string[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { pathname, searchParams } = new URL(request.url ?? '', 'http://s3');
      const key = decodeURIComponent(pathname.replace('/site/', '')).replace(/^\/site$/, '');
      const body = Buffer.concat(chunks).toString();
      if (request.method === 'PUT') {
        objects.set(key, { body, headers: request.headers });
        puts.push(key);
        return response.end();
      }
      if (request.method === 'POST' && searchParams.has('delete')) {
        for (const [, gone = ''] of body.matchAll(/<Key>(.*?)<\/Key>/g)) objects.delete(gone);
        return response.end('<DeleteResult/>');
      }
      if (searchParams.has('list-type')) {
        const items = [...objects.keys()].map((it) => `<Contents><Key>${it}</Key></Contents>`);
        return response.end(`<ListBucketResult>${items.join('')}</ListBucketResult>`);
      }
      const found = objects.get(key);
      if (found !== undefined) return response.end(found.body);
      return response.writeHead(404).end('<Error><Code>NoSuchKey</Code></Error>');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  process.env['AWS_ACCESS_KEY_ID'] = 'test';
  process.env['AWS_SECRET_ACCESS_KEY'] = 'test';
  const { s3 } = connect({ region: 'eu-central-1', endpoint: `http://127.0.0.1:${port}` });
  after(() => {
    s3.destroy();
    server.closeAllConnections();
    server.close();
  });
  return { s3, objects, puts };
}
