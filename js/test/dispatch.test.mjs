/* SPDX-License-Identifier: MIT */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { chooseTier, fileOf, load } from 'lanewise/runtime';
import { tests } from './dispatch.mjs';

for (const [name, body] of Object.entries(tests)) test(name, body);

test('a real server: streamed, of another type, missing, broken', async () => {
  const { tier } = chooseTier();
  const bytes = readFileSync(fileURLToPath(new URL(`../dist/${fileOf(tier)}`, import.meta.url)));
  const server = createServer((request, response) => {
    if (request.url.startsWith('/lost/')) response.writeHead(404).end('lost');
    else if (request.url.startsWith('/broken/')) {
      response.writeHead(200, { 'content-type': 'application/wasm' }).end(bytes.subarray(0, bytes.length / 2));
    } else {
      const type = request.url.startsWith('/plain/') ? 'text/plain' : 'application/wasm';
      response.writeHead(200, { 'content-type': type }).end(bytes);
    }
  });
  await new Promise(resolve => server.listen(0, '127.0.0.1', resolve));
  const host = `http://127.0.0.1:${server.address().port}`;
  try {
    assert.equal((await load({ wasmPaths: host })).tier, tier);
    assert.equal((await load({ wasmPaths: `${host}/plain/` })).tier, tier);
    await assert.rejects(load({ wasmPaths: `${host}/lost` }), error =>
      error.message.includes(`${host}/lost/${fileOf(tier)}`) && error.message.includes('404 Not Found'));
    await assert.rejects(load({ wasmPaths: `${host}/broken` }), /broken\/lanewise-.*can't be compiled/);
  } finally {
    server.close();
    server.closeAllConnections();
  }
  await assert.rejects(load({ wasmPaths: host }), error => error.message.includes(`can't load ${host}`));
});
