import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Host } from '../sim/verilator-bin/src/host.js';

/** One call of a fake tool. */
export interface Call {
  readonly tool: string;
  readonly args: readonly string[];
}

/** The unit separator of ASCII. */
const SEPARATOR = '\x1f';

function callOf(line: string): Call {
  const [tool, ...args] = line.split(SEPARATOR);
  return { tool: tool!, args };
}

const DEBIAN = 'ID=debian\nVERSION_ID="12"\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n';

/** What every shell script begins with: it starts forty times as fast as Node. PATH has nothing but fakes. */
const SHELL = '#!/bin/sh\n';

/** Answers --version; writes a model of one class for --cc. */
export const FAKE_VERILATOR = `${SHELL}
case " $* " in
*' --version '*) echo 'Verilator 5.006 2023-01-22 rev (fake)' ;;
*' --cc '*)
  if [ "$FAKE_VERILATOR_FAILS" ]; then echo '%Error: v0/top.v:3: syntax error' >&2; exit 1; fi
  while [ "$1" != --prefix ]; do shift; done
  /bin/mkdir obj
  echo class > "obj/$2.cpp"
  printf 'VM_TIMING = 0\\nVM_CLASSES_FAST += \\\\\\n\\t%s \\\\\\n\\nVM_GLOBAL_FAST += \\\\\\n\\tverilated \\\\\\n' "$2" > "obj/$2_classes.mk"
esac`;

/** Answers --version; every output file is a script that succeeds. */
export const FAKE_CXX = `${SHELL}
case " $* " in
*' --version '*) echo 'g++ (fake) 12.2.0'; exit ;;
*' -c '*) if [ "$FAKE_CXX_SLEEP" ]; then exec /bin/sleep "$FAKE_CXX_SLEEP"; fi ;;
esac
if [ "$FAKE_CXX_FAILS" ]; then echo 'main.cpp:1: fatal error: x.h: No such file or directory' >&2; exit 1; fi
while [ "$1" != -o ]; do shift; done
printf '#!/bin/sh\\nexit 0\\n' > "$2"
/bin/chmod +x "$2"`;

/** A machine made of a temporary folder: PATH, home, os-release and fake tools that record how they were called. */
export class FakeMachine {
  readonly folder = mkdtempSync(join(tmpdir(), 'verilator-bin-test-'));
  readonly bin = join(this.folder, 'path');
  readonly root = join(this.folder, 'root');
  readonly home = join(this.folder, 'home');
  /** A line per call: the tool and its arguments, with SEPARATOR between them. */
  private readonly journal = join(this.folder, 'calls');

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

  /** Puts a fake tool on PATH. `code` is a shell script, or JavaScript that sees `args`, `fs` and `path`. */
  tool(name: string, code: string, folder = this.bin): void {
    const file = join(folder, name);
    mkdirSync(folder, { recursive: true });
    writeFileSync(file, this.script(name, code));
    chmodSync(file, 0o755);
  }

  /** The text of a fake tool, for fakes that install other fakes. */
  script(name: string, code: string): string {
    if (code.startsWith(SHELL)) {
      const log = `(IFS='${SEPARATOR}'; printf '%s\\n' "${name}${SEPARATOR}$*" >> '${this.journal}')\n`;
      return `${SHELL}${log}${code.slice(SHELL.length)}\n`;
    }
    return `#!${process.execPath}
const fs = require('node:fs');
const path = require('node:path');
const args = process.argv.slice(2);
fs.appendFileSync(${JSON.stringify(this.journal)}, [${JSON.stringify(name)}, ...args].join('${SEPARATOR}') + '\\n');
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
    return all.map(callOf).filter((call) => tool === undefined || call.tool === tool);
  }

  /** Calls that compile or link, without the probe. */
  compilations(): Call[] {
    return this.calls('g++').filter((call) => !call.args.includes('--version') && !call.args.includes('probe.cpp'));
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
