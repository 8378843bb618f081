import { readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { type RunningServer, serveSite } from '../firmware/serve/node/server.js';
import { pageSite } from '../firmware/serve/node/site.js';
import { boardNames } from '../generator/boards/node/load.js';
import { startServer } from './support/browser.js';
import { jsonOf, listing, outcomeOf, refusalOf, sdq, spawnSdq, writeSmallModel } from './support/cli.js';
import { encodeLlama2cTokenizer } from './support/llama2c-tokenizer.js';
import { tempDirectory } from './support/temp.js';

const folder = tempDirectory();
const model = writeSmallModel(join(folder, 'model'));

describe('the server', () => {
  let server: RunningServer;
  beforeAll(async () => {
    const tokenizer = join(folder, 'tok512.bin');
    writeFileSync(
      tokenizer,
      encodeLlama2cTokenizer(Array.from({ length: 259 }, (_, i) => ({ bytes: `<${i}>`, score: 0 }))),
    );
    server = await serveSite(pageSite({ weights: null, tokenizer: [tokenizer], config: null }), '127.0.0.1', 0);
  });
  afterAll(() => server.stop());

  it('gives out each file with its type', async () => {
    const types: Record<string, string> = {
      '': 'text/html; charset=utf-8',
      'page.js': 'text/javascript; charset=utf-8',
      'worker.js': 'text/javascript; charset=utf-8',
      'page.css': 'text/css; charset=utf-8',
      'icon.svg': 'image/svg+xml',
      'boards.json': 'application/json; charset=utf-8',
      'model.json': 'application/json; charset=utf-8',
      'model/tokenizer.bin': 'application/octet-stream',
    };
    for (const [address, type] of Object.entries(types)) {
      const response = await fetch(server.url + address);
      expect(response.status, address).toBe(200);
      expect(response.headers.get('content-type'), address).toBe(type);
      expect((await response.arrayBuffer()).byteLength).toBe(Number(response.headers.get('content-length')));
    }
    expect(await (await fetch(`${server.url}model.json`)).json()).toEqual({ files: ['model/tokenizer.bin'] });
    const boards = (await (await fetch(`${server.url}boards.json`)).json()) as object;
    expect(Object.keys(boards).sort()).toEqual(boardNames());
  });

  it('allows the page nothing from elsewhere, in the answer and in the page', async () => {
    const response = await fetch(server.url);
    const policy = response.headers.get('content-security-policy')!;
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toMatch(/unsafe-inline|'unsafe-eval'|\*|http/);
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    const page = await response.text();
    expect(page).toContain(`content="${policy.replace("; frame-ancestors 'none'", '')}"`);
    expect(page).not.toMatch(/ (style|on\w+)=|<script(?! type="module" src=)/);
  });

  /** Asks with a path that fetch would tidy up. */
  const rawStatus = (path: string, method = 'GET', headers = {}): Promise<number> =>
    new Promise((resolve, reject) => {
      request({ port: server.port, path, method, headers }, (response) => resolve(response.resume().statusCode!))
        .on('error', reject)
        .end();
    });

  it('answers to its address alone, so that no name that points here passes for it', async () => {
    for (const name of ['evil.example', 'localhost.evil.example:80', '127.0.0.1.nip.io']) {
      expect(await rawStatus('/model.json', 'GET', { Host: name }), name).toBe(421);
    }
    for (const name of ['127.0.0.1', 'localhost:8000', '[::1]:8000']) {
      expect(await rawStatus('/model.json', 'GET', { Host: name }), name).toBe(200);
    }
  });

  it('gives out nothing else', async () => {
    const outside = ['package.json', 'etc/passwd', 'dist/page/page.js'];
    const ways = ['../', '../../', '%2e%2e/', '..%2f', '....//', 'model/../../', '/', './', '..\\', '\0'];
    for (const name of outside) {
      for (const way of ways.filter((text) => text !== '\0')) expect(await rawStatus(`/${way}${name}`), way).toBe(404);
    }
    for (const path of ['/page', '/constructor', '/__proto__', '/model', '/model/', '/%', '//', '/index.html/']) {
      expect(await rawStatus(path), path).toBe(404);
    }
    expect(await rawStatus('/?x=../../package.json')).toBe(200);
    expect(await rawStatus('/page.js', 'HEAD')).toBe(200);
    for (const method of ['POST', 'PUT', 'DELETE']) expect(await rawStatus('/', method)).toBe(405);
  });

  it('goes on after nonsense and after a reader that leaves', async () => {
    for (const said of ['\x16\x03\x01', 'GET / HTTP/9.9\r\n\r\n', 'GET /worker.js HTTP/1.1\r\nHost: x\r\n\r\n']) {
      await new Promise<void>((resolve) => {
        const socket = createConnection(server.port, '127.0.0.1', () => socket.write(said, () => socket.destroy()));
        socket.on('close', () => resolve());
      });
    }
    expect((await fetch(server.url)).status).toBe(200);
  });
});

describe('sdq serve', () => {
  it('prints where the page is, with the model in it, and ends on Ctrl-C', async () => {
    const { server, url } = await startServer([model]);
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/$/);
    expect(await (await fetch(`${url}model.json`)).json()).toEqual({
      files: ['model/tokenizer.json', 'model/config.json'],
    });
    const served = await (await fetch(`${url}model/tokenizer.json`)).text();
    expect(served).toBe(readFileSync(join(model, 'tokenizer.json'), 'utf8'));
    const ended = new Promise((resolve) => server.once('close', resolve));
    server.kill('SIGINT');
    expect(await ended).toBe(0);
  });

  it('prints one JSON object, and says that a port is in use', async () => {
    const child = spawnSdq(['serve', '--port', '0', '--json']);
    const outcome = outcomeOf(child);
    await new Promise((resolve) => child.stdout!.once('data', resolve));
    child.kill('SIGTERM');
    const json = jsonOf<{ url: string; port: number }>(await outcome);
    expect(json).toEqual({ url: `http://127.0.0.1:${json.port}/`, host: '127.0.0.1', port: json.port });
    expect(json.port).toBeGreaterThan(0);
    expect((await outcome).code).toBe(0);

    const { server, url } = await startServer([]);
    onTestFinished(() => void server.kill('SIGINT'));
    const port = new URL(url).port;
    const refusal = refusalOf(await sdq(['serve', '--port', port]));
    expect(refusal).toBe(
      `port ${port} of 127.0.0.1 is in use; take another one with --port, or any free one with --port 0`,
    );
  });

  it('writes the page for any static host', async () => {
    const out = join(folder, 'public');
    const { code, stdout, stderr } = await sdq(['serve', model, '--export', out, '--json']);
    expect(code, stderr).toBe(0);
    const { files, bytes } = JSON.parse(stdout) as { files: string[]; bytes: number };
    const written = Object.entries(listing(out)).filter(([, digest]) => digest !== 'no file');
    expect(written.map(([name]) => name).sort()).toEqual(files);
    expect(files).toContain('model/tokenizer.json');
    expect(bytes).toBeGreaterThan(100_000);
    for (const name of files.filter((file) => /\.(html|css|js)$/.test(file))) {
      // Addresses are relative: the folder may be hosted below any path.
      expect(readFileSync(join(out, name), 'utf8'), name).not.toMatch(
        /(src|href)="\/|https?:\/\/(?!json-schema\.org|www\.w3\.org)/,
      );
    }
  });

  // Most of a refusal's time is that of starting Node.
  it.concurrent.each([
    ['a model that is none', ['serve', folder], /config\.json/],
    ['weights that are none', ['serve', model, '--weights', join(model, 'config.json')], /config\.json/],
    ['a tokenizer without a model', ['serve', '--tokenizer', join(model, 'tokenizer.json')], /name the model too/],
    [
      'a host of another machine',
      ['serve', '--host', '192.0.2.1', '--port', '0'],
      /192\.0\.2\.1 is no address of this machine/,
    ],
    ['a port that does not exist', ['serve', '--port', '70000'], /from 0 to 65535/],
    ['a folder that is a file', ['serve', '--export', join(model, 'config.json')], /config\.json/],
  ])('refuses %s', async (_, args, says) => {
    expect(refusalOf(await sdq(args))).toMatch(says);
  });
});
