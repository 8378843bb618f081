import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Host } from '../sim/verilator-bin/src/host.js';

/** One call of a fake tool. */
export interface Call {
  readonly tool: string;
  readonly args: readonly string[];
}

const DEBIAN = 'ID=debian\nVERSION_ID="12"\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n';

/** Answers --version; writes a model of one class for --cc. */
export const FAKE_VERILATOR = `
if (args.includes('--version')) console.log('Verilator 5.006 2023-01-22 rev (fake)');
else if (args.includes('--cc')) {
  if (process.env.FAKE_VERILATOR_FAILS) { console.error("%Error: v0/top.v:3: syntax error"); process.exit(1); }
  const prefix = args[args.indexOf('--prefix') + 1];
  fs.mkdirSync('obj');
  fs.writeFileSync('obj/' + prefix + '.cpp', 'class');
  fs.writeFileSync('obj/' + prefix + '_classes.mk', 'VM_TIMING = 0\\nVM_CLASSES_FAST += \\\\\\n\\t' + prefix + ' \\\\\\n\\nVM_GLOBAL_FAST += \\\\\\n\\tverilated \\\\\\n');
}`;

/** Answers --version; every output file is a script that succeeds. */
export const FAKE_CXX = `
if (args.includes('--version')) console.log('g++ (fake) 12.2.0');
else {
  if (process.env.FAKE_CXX_SLEEP && args.includes('-c')) await new Promise((r) => setTimeout(r, Number(process.env.FAKE_CXX_SLEEP)));
  if (process.env.FAKE_CXX_FAILS) { console.error('main.cpp:1: fatal error: x.h: No such file or directory'); process.exit(1); }
  const output = args[args.indexOf('-o') + 1];
  fs.writeFileSync(output, '#!/bin/sh\\nexit 0\\n', { mode: 0o755 });
}`;

/** A machine made of a temporary folder: PATH, home, os-release and fake tools that record how they were called. */
export class FakeMachine {
  readonly folder = mkdtempSync(join(tmpdir(), 'verilator-bin-test-'));
  readonly bin = join(this.folder, 'path');
  readonly root = join(this.folder, 'root');
  readonly home = join(this.folder, 'home');
  private readonly journal = join(this.folder, 'calls.jsonl');

  constructor() {
    for (const folder of [this.bin, this.root, this.home]) mkdirSync(folder);
    this.osRelease(DEBIAN);
  }

  host(overrides: Partial<Host> = {}, env: Record<string, string> = {}): Host {
    return {
      platform: 'linux',
      arch: 'x64',
      uid: 1000,
      root: this.root,
      ...overrides,
      env: { PATH: this.bin, HOME: this.home, ...env },
    };
  }

  osRelease(text: string): void {
    this.write('root/etc/os-release', text);
  }

  write(path: string, text: string): string {
    const full = join(this.folder, path);
    mkdirSync(dirname(full), { recursive: true });
    writeFileSync(full, text);
    return full;
  }

  /** Puts a fake tool on PATH. `code` sees `args`, `fs` and `path`. */
  tool(name: string, code: string, folder = this.bin): void {
    const file = join(folder, name);
    mkdirSync(folder, { recursive: true });
    writeFileSync(file, this.script(name, code));
    chmodSync(file, 0o755);
  }

  /** The text of a fake tool, for fakes that install other fakes. */
  script(name: string, code: string): string {
    return `#!${process.execPath}
const fs = require('node:fs');
const path = require('node:path');
const args = process.argv.slice(2);
fs.appendFileSync(${JSON.stringify(this.journal)}, JSON.stringify({ tool: ${JSON.stringify(name)}, args }) + '\\n');
(async () => {${code}
})();
`;
  }

  /** Verilator with its library and a compiler, as if the system had them. */
  installTools(): void {
    this.tool('verilator_bin', FAKE_VERILATOR);
    this.tool('g++', FAKE_CXX);
    this.write('root/usr/share/verilator/include/verilated.cpp', '// library\n');
  }

  calls(tool?: string): Call[] {
    if (!existsSync(this.journal)) return [];
    const all = readFileSync(this.journal, 'utf8').trim().split('\n');
    return all.map((line) => JSON.parse(line) as Call).filter((call) => tool === undefined || call.tool === tool);
  }

  /** Calls that compile or link, without the probe. */
  compilations(): Call[] {
    return this.calls('g++').filter((call) => !call.args.includes('--version') && !call.args.includes('probe.cpp'));
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
