import { spawn } from 'node:child_process';
import { symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { rolldown } from 'rolldown';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Outcome, outcomeOf, ROOT } from '../support/cli.js';
import { installPacked } from '../support/installed.js';
import { tempDirectory } from '../support/temp.js';

/** A program of a user who has installed the package. */
const user = tempDirectory();

function run(program: string, args: readonly string[], cwd = user): Promise<Outcome> {
  const kept = Object.entries(process.env).filter(([name]) => !/^(npm_|INIT_CWD$|NODE_OPTIONS$)/i.test(name));
  return outcomeOf(spawn(program, args, { cwd, env: Object.fromEntries(kept), stdio: ['ignore', 'pipe', 'pipe'] }));
}

async function succeed(program: string, args: readonly string[], cwd?: string): Promise<void> {
  const { code, stderr } = await run(program, args, cwd);
  expect(code, stderr).toBe(0);
}

/** Type-checks a file in the user's folder. @returns what the compiler says */
async function typeCheck(name: string, source: string, options: Readonly<Record<string, unknown>>): Promise<string> {
  writeFileSync(join(user, name), source);
  const base = { module: 'NodeNext', target: 'ES2022', strict: true, exactOptionalPropertyTypes: true, noEmit: true };
  const config = { compilerOptions: { ...base, skipLibCheck: false, ...options }, files: [name] };
  writeFileSync(join(user, 'tsconfig.json'), JSON.stringify(config));
  const { stdout, stderr } = await run(process.execPath, [join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', '.']);
  return stdout + stderr;
}

const PORTABLE = `
import { Device, DeviceError, GoldenModel, InProcessTransport, parseTokenizer, readWeights } from 'sdq-forge';
import type { DeviceErrorCode, GeneratedToken, SessionOptions, Transport } from 'sdq-forge';

export async function text(transport: Transport, bytes: Uint8Array, signal: AbortSignal): Promise<string> {
  const tokenizer = parseTokenizer([{ name: 'tokenizer.json', bytes }]);
  const weights = readWeights(bytes);
  const options: SessionOptions = { tokenizer, prompt: 'Once', maxTokens: 8, temperature: 0.8, topP: 0.9, topK: 40, seed: 1, signal };
  await using device = await Device.open(transport, { planHash: weights.planHash, signal });
  await device.upload(weights, { onProgress: (done: number, total: number) => void (done / total), signal });
  let all = '';
  for await (const { token, text } of device.session({ ...options, compare: true })) all += token.toFixed() + text;
  for await (const { agreement } of new GoldenModel(weights).session(options)) all += agreement?.mismatches ?? 0;
  return all;
}
export const nextStep = (error: unknown): string => (error instanceof DeviceError ? error.nextStep : '');
export const busy: DeviceErrorCode = 'port-busy';
export const soft = new InProcessTransport({ receive: (bytes) => bytes });
export const token: GeneratedToken = { token: 1, text: '' };

// @ts-expect-error no such code
export const wrongCode: DeviceErrorCode = 'port-lazy';
// @ts-expect-error weights are opened first
export const path = (device: Device) => device.upload('weights.sdq');
// @ts-expect-error a tokenizer is needed
export const untold = (device: Device) => device.session({ prompt: '' });
// @ts-expect-error the golden model has nothing to compare with
export const alone = (golden: GoldenModel, options: SessionOptions) => golden.session({ ...options, compare: true });
// @ts-expect-error a transport can also be closed
export const half: Transport = { name: '', start() {}, async write() {} };
`;

const NODE = `
import { Device, loadTokenizer, openPort, openSerial, openTcp, openWeights } from 'sdq-forge/node';

const weights = openWeights('weights.sdq');
const device = await Device.open(await openSerial('/dev/ttyUSB0', { baudRate: 1_000_000 }));
await device.upload(weights);
for await (const { text } of device.session({ tokenizer: loadTokenizer('model'), prompt: '' })) process.stdout.write(text);
await device[Symbol.asyncDispose]();
export const others = () => [openPort('usb:'), openTcp('localhost', 4000)];
weights.close();
`;

const WEB = `
import { Device } from 'sdq-forge';
import { openUsb, openWebSerial } from 'sdq-forge/web';

const port = await (navigator as any).serial.requestPort();
export const device = await Device.open(await openWebSerial(port, { baudRate: 1_000_000 }), { timeoutMs: 1000 });
export const usb = async (found: Parameters<typeof openUsb>[0]) => Device.open(await openUsb(found));
`;

beforeAll(async () => {
  await installPacked(user, succeed);
  symlinkSync(join(ROOT, 'node_modules/@types'), join(user, 'node_modules/@types'));
});

describe('the packed package', () => {
  it.each([
    ['portable, with the types of Node', 'portable.mts', PORTABLE, { types: ['node'], lib: ['ES2022'] }],
    ['portable, with the types of browsers', 'portable.mts', PORTABLE, { types: [], lib: ['ES2022', 'DOM'] }],
    ['Node', 'node.mts', NODE, { types: ['node'], lib: ['ES2022'] }],
    ['browsers', 'web.mts', WEB, { types: [], lib: ['ES2022', 'DOM'] }],
  ])('has types: %s', async (_, name, source, options) => {
    expect(await typeCheck(name, source, options)).toBe('');
  });

  it('is imported by its name, and shows nothing but its entries', async () => {
    const script = `
      const { Device, GoldenModel } = await import('sdq-forge');
      const node = await import('sdq-forge/node');
      console.log(typeof Device.open, node.Device === Device, node.GoldenModel === GoldenModel, typeof node.openSerial);
      const inner = await import('sdq-forge/dist/firmware/index.js').catch(({ code }) => code);
      console.log(inner);`;
    writeFileSync(join(user, 'main.mjs'), script);
    const { code, stdout, stderr } = await run(process.execPath, ['main.mjs']);
    expect(code, stderr).toBe(0);
    expect(stdout).toBe('function true true function\nERR_PACKAGE_PATH_NOT_EXPORTED\n');
  });

  it('is bundled for a browser into one file that needs nothing of Node', async () => {
    writeFileSync(
      join(user, 'page.js'),
      "export { Device, GoldenModel } from 'sdq-forge';\nexport * from 'sdq-forge/web';\n",
    );
    const logs: string[] = [];
    const bundle = await rolldown({
      input: join(user, 'page.js'),
      platform: 'browser',
      onLog: (_, { message }) => void logs.push(message),
    });
    const { output } = await bundle.generate({ format: 'esm' });
    expect(logs).toEqual([]);
    expect(output).toHaveLength(1);
    expect(output[0].imports).toEqual([]);
    expect(output[0].code).not.toMatch(/\bprocess\.|\brequire\(|node:/);
    expect(output[0].exports.sort()).toEqual(['Device', 'GoldenModel', 'openUsb', 'openWebSerial']);
  });
});
