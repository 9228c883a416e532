/* SPDX-License-Identifier: MIT */
/*
 * A static file server on 127.0.0.1, for the demo page. It makes pages cross-origin isolated, which gives them precise
 * timers. `node browser/serve.mjs [port]` serves browser/dist.
 */
import { createReadStream, existsSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { dirname, extname, join, normalize, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const TYPES = {
  '.html': 'text/html; charset=utf-8', '.js': 'text/javascript; charset=utf-8', '.json': 'application/json',
  '.wasm': 'application/wasm', '.bin': 'application/octet-stream', '.jpg': 'image/jpeg', '.png': 'image/png',
};

/*
 * port: 0 takes a free one. wasmType: the Content-Type of .wasm files, to test with a wrong one. headers: of every
 * answer. delays: milliseconds by path. Returns { url, requests, outcomes, close }; requests has the paths that were asked for, outcomes what pages have
 * posted to /outcome as JSON.
 */
export async function serve(folder, { port = 0, wasmType = TYPES['.wasm'], headers = {}, delays = {} } = {}) {
  const types = { ...TYPES, '.wasm': wasmType }, requests = [], outcomes = [];
  const server = createServer((request, response) => {
    const isolation = {
      'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp',
      'Cross-Origin-Resource-Policy': 'same-origin', 'Cache-Control': 'no-store',
      ...headers,
    };
    if (request.method === 'POST' && request.url === '/outcome') {
      let text = '';
      request.setEncoding('utf8').on('data', part => { text += part; }).on('end', () => {
        response.writeHead(204, isolation).end();
        outcomes.push(JSON.parse(text));
      });
      return undefined;
    }
    requests.push(request.url);
    const refuse = (status) => {
      response.writeHead(status, { ...isolation, 'Content-Type': 'text/plain' }).end(`${status}\n`);
    };
    if (request.method !== 'GET' && request.method !== 'HEAD') return refuse(405);
    let path;
    try {
      path = decodeURIComponent(new URL(request.url, 'http://localhost').pathname);
    } catch {
      return refuse(400);
    }
    const file = normalize(join(folder, path.endsWith('/') ? `${path}index.html` : path));
    if (path.includes('\0') || !file.startsWith(folder + sep)) return refuse(404);
    if (!existsSync(file) || !statSync(file).isFile()) return refuse(404);
    response.writeHead(200, {
      ...isolation, 'Content-Length': statSync(file).size,
      'Content-Type': types[extname(file)] ?? 'application/octet-stream',
    });
    if (request.method === 'HEAD') return response.end();
    const send = () => createReadStream(file).on('error', () => response.destroy()).pipe(response);
    return path in delays ? setTimeout(send, delays[path]) : send();
  });
  await new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  const close = () => new Promise((resolve) => {
    server.close(resolve);
    server.closeAllConnections();
  });
  return { url: `http://127.0.0.1:${server.address().port}/`, requests, outcomes, close };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const folder = join(dirname(fileURLToPath(import.meta.url)), 'dist');
  if (!existsSync(join(folder, 'index.html'))) {
    console.error('serve: there is no page in browser/dist; build it first: npm run build:browser');
    process.exit(1);
  }
  try {
    const { url } = await serve(folder, { port: Number(process.argv[2] ?? 8080) });
    console.log(`serving the demo on ${url} (Ctrl-C stops)`);
  } catch (error) {
    console.error(`serve: ${error.message}`);
    process.exit(1);
  }
}
