import { existsSync, readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { aptProgress } from '../sim/verilator-bin/src/debian-system.js';
import { ensure, locate, survey } from '../sim/verilator-bin/src/ensure.js';
import { VerilatorError } from '../sim/verilator-bin/src/errors.js';
import { FAKE_CXX, FAKE_VERILATOR, FakeMachine } from './verilator-bin-fakes.js';

let machine: FakeMachine;
beforeEach(() => {
  machine = new FakeMachine();
});
afterEach(() => machine.remove());

/** A fake distribution: apt-get "downloads" files whose names say what they hold, dpkg-deb "unpacks" them. */
function installFakeDebian(): void {
  const make = (file: string, name: string, code: string) =>
    `fs.mkdirSync(path.dirname(${file}), { recursive: true }); fs.writeFileSync(${file}, ${JSON.stringify(machine.script(name, code))}, { mode: 0o755 });`;
  const library = (file: string) =>
    `fs.mkdirSync(path.dirname(${file}), { recursive: true }); fs.writeFileSync(${file}, '');`;
  machine.tool('dpkg', "console.log('amd64');");
  machine.tool(
    'apt-get',
    `
    const setting = (name) => args.find((arg) => arg.startsWith(name + '='))?.slice(name.length + 1);
    const archives = setting('Dir::Cache::archives');
    if (args.includes('update')) process.exit(process.env.FAKE_UPDATE_CODE ?? 0);
    if (process.env.FAKE_APT_FAILS) { console.error('E: Unable to locate package verilator'); process.exit(100); }
    if (archives) {
      const wanted = args.at(-1);
      const debs = wanted === 'verilator' ? ['verilator_5_amd64.deb'] : ['g++_12_amd64.deb', 'libc6_2_amd64.deb', 'libmpc3_1_amd64.deb'];
      for (const deb of debs) fs.writeFileSync(path.join(archives, deb), deb);
      process.exit(0);
    }
    const bin = ${JSON.stringify(machine.bin)}, share = ${JSON.stringify(join(machine.root, 'usr/share/verilator/include/verilated.cpp'))};
    if (args.includes('verilator')) { ${make("path.join(bin, 'verilator_bin')", 'verilator_bin', FAKE_VERILATOR)} ${library('share')} }
    if (args.includes('g++')) { ${make("path.join(bin, 'g++')", 'g++', FAKE_CXX)} }`,
  );
  machine.tool(
    'dpkg-deb',
    `
    const [, deb, target] = args;
    const name = path.basename(deb).split('_')[0];
    if (process.env.FAKE_UNPACK_FAILS === name) { console.error('dpkg-deb: error: no space left'); process.exit(2); }
    const at = (file) => path.join(target, file);
    if (name === 'verilator') {
      ${make("at('usr/bin/verilator_bin')", 'verilator_bin', FAKE_VERILATOR)}
      ${library("at('usr/share/verilator/include/verilated.cpp')")}
    } else if (name === 'g++') {
      ${make("at('usr/bin/g++-12')", 'g++', FAKE_CXX)}
      fs.symlinkSync('/usr/bin/g++-12', at('usr/bin/g++'));
    } else if (name === 'libc6') {
      ${library("at('lib/x86_64-linux-gnu/libc.so.6')")}
      ${library("at('lib64/ld-linux-x86-64.so.2')")}
    } else { ${library("at('usr/lib/x86_64-linux-gnu/libmpc.so.3')")} }`,
  );
}

describe('ensure on Debian', () => {
  it('installs both packages with apt-get as root', async () => {
    installFakeDebian();
    const lines: string[] = [];
    const tool = await ensure({ host: machine.host({ uid: 0 }), log: (line) => lines.push(line) });
    expect(tool.origin).toBe('system');
    expect(tool.binary).toBe(join(machine.bin, 'verilator_bin'));
    expect(tool.cxx.path).toBe(join(machine.bin, 'g++'));
    const [update, install] = machine.calls('apt-get');
    expect(update?.args).toContain('update');
    expect(install?.args).toEqual(
      expect.arrayContaining(['install', '-y', '--no-install-recommends', 'verilator', 'g++']),
    );
    expect(lines.join('\n')).toContain('as root, system-wide');
  });

  it('installs only what is missing', async () => {
    installFakeDebian();
    machine.tool('g++', FAKE_CXX);
    await ensure({ host: machine.host({ uid: 0 }) });
    expect(machine.calls('apt-get').at(-1)?.args).not.toContain('g++');
  });

  it('installs although a package source cannot be updated', async () => {
    installFakeDebian();
    await expect(ensure({ host: machine.host({ uid: 0 }, { FAKE_UPDATE_CODE: '100' }) })).resolves.toBeDefined();
  });

  it('says why when apt-get fails as root, and tries nothing else', async () => {
    installFakeDebian();
    const failing = ensure({ host: machine.host({ uid: 0 }, { FAKE_APT_FAILS: '1' }) });
    await expect(failing).rejects.toThrow(/Unable to locate package verilator.*apt-get install verilator g\+\+/s);
    await expect(failing).rejects.toMatchObject({ code: 'INSTALL_FAILED' });
    expect(machine.calls('dpkg-deb')).toEqual([]);
  });

  it('unpacks the packages for a user who is not root, through a private apt state', async () => {
    installFakeDebian();
    const host = machine.host();
    const tool = await ensure({ host });
    const base = join(machine.home, '.local/share/fpga-verilator-bin/debian-12-x64');
    expect(tool.origin).toBe('local');
    expect(tool.binary).toBe(join(base, 'verilator/usr/bin/verilator_bin'));
    expect(tool.env).toMatchObject({ VERILATOR_ROOT: join(base, 'verilator/usr/share/verilator') });
    expect(tool.cxx.args).toContain(`--sysroot=${join(base, 'cxx')}`);
    expect(tool.cxx.linkArgs).toContain('-static-libstdc++');
    for (const { args } of machine.calls('apt-get')) {
      for (const setting of [
        'Dir::State',
        'Dir::State::status',
        'Dir::State::lists',
        'Dir::Cache',
        'Dir::Cache::archives',
      ]) {
        expect(args.find((arg) => arg.startsWith(`${setting}=`))).toContain(machine.home);
      }
    }
    // Nothing temporary is left, and a second call finds it without asking apt.
    expect(readdirSync(base).sort()).toEqual(['cxx', 'verilator']);
    const before = machine.calls('apt-get').length;
    expect(await locate({ host })).toEqual(tool);
    expect(machine.calls('apt-get')).toHaveLength(before);
  });

  it('relocates the unpacked tree: merged /usr, no absolute links, no C library on the private path', async () => {
    installFakeDebian();
    const tree = join((await ensure({ host: machine.host() })).cxx.path, '../../..');
    expect(readlinkSync(join(tree, 'lib'))).toBe('usr/lib');
    expect(readlinkSync(join(tree, 'lib64'))).toBe('usr/lib64');
    expect(readlinkSync(join(tree, 'usr/bin/g++'))).toBe('g++-12');
    expect(existsSync(join(tree, 'usr/lib/x86_64-linux-gnu/libc.so.6'))).toBe(true);
    expect(readdirSync(join(tree, 'private-lib'))).toEqual(['libmpc.so.3']);
  });

  it('leaves nothing that counts as installed when unpacking fails, and recovers', async () => {
    installFakeDebian();
    const failing = ensure({ host: machine.host({}, { FAKE_UNPACK_FAILS: 'libc6' }) });
    await expect(failing).rejects.toThrow(/libc6_2_amd64.deb could not be unpacked.*no space left/);
    expect((await survey({ host: machine.host() })).cxx).toBeUndefined();
    await expect(ensure({ host: machine.host() })).resolves.toMatchObject({ cxx: { origin: 'local' } });
  });

  it('installs once when two processes ask at the same time', async () => {
    installFakeDebian();
    const [a, b] = await Promise.all([ensure({ host: machine.host() }), ensure({ host: machine.host() })]);
    expect(a).toEqual(b);
    expect(machine.calls('apt-get').filter((call) => call.args.includes('update'))).toHaveLength(1);
  });

  it('honours FPGA_VERILATOR_HOME', async () => {
    installFakeDebian();
    const elsewhere = join(machine.folder, 'my tools');
    const tool = await ensure({ host: machine.host({}, { FPGA_VERILATOR_HOME: elsewhere }) });
    expect(tool.binary.startsWith(elsewhere)).toBe(true);
  });
});

describe('ensure elsewhere', () => {
  const cases: [string, string, NodeJS.Platform, RegExp][] = [
    ['Fedora', 'ID=fedora\nPRETTY_NAME="Fedora 42"\n', 'linux', /Fedora 42.*"dnf install verilator gcc-c\+\+"/],
    ['a Fedora derivative', 'ID=nobara\nID_LIKE="fedora"\n', 'linux', /dnf install/],
    ['Alpine', 'ID=alpine\n', 'linux', /"apk add verilator g\+\+"/],
    ['macOS', '', 'darwin', /"brew install verilator" and "xcode-select --install"/],
    ['Windows', '', 'win32', /Windows Subsystem for Linux/],
    ['an unknown system', 'ID=mylinux\n', 'linux', /with your system's package manager/],
  ];
  it.each(cases)('says in one message what to install on %s', async (_name, osRelease, platform, message) => {
    machine.osRelease(osRelease);
    const failing = ensure({ host: machine.host({ platform }) });
    await expect(failing).rejects.toThrow(message);
    await expect(failing).rejects.toMatchObject({ code: 'VERILATOR_NOT_FOUND' });
  });

  it('asks for a compiler alone when only that is missing', async () => {
    machine.osRelease('ID=fedora\n');
    machine.installTools();
    machine.tool('g++', 'process.exit(1);');
    const failing = ensure({ host: machine.host() });
    await expect(failing).rejects.toThrow(
      /a C\+\+17 compiler not found.*does not answer --version.*"dnf install gcc-c\+\+"/s,
    );
    await expect(failing).rejects.toMatchObject({ code: 'CXX_NOT_FOUND' });
  });

  it('names the version when the system has a Verilator that is too old', async () => {
    machine.osRelease('ID=fedora\n');
    machine.installTools();
    machine.tool('verilator_bin', "console.log('Verilator 4.038 2020-07-11 rev v4.036-114-g0cd4a57ad');");
    const failing = ensure({ host: machine.host() });
    await expect(failing).rejects.toMatchObject({ code: 'VERILATOR_TOO_OLD' });
    await expect(failing).rejects.toThrow(/4\.038, which is older than 5\.002/);
  });
});

describe('locate', () => {
  it('finds nothing on an empty machine, and installs nothing', async () => {
    installFakeDebian();
    expect(await locate({ host: machine.host() })).toBeUndefined();
    expect(machine.calls('apt-get')).toEqual([]);
  });

  it('prefers the native program beside the wrapper script', async () => {
    machine.installTools();
    machine.tool('verilator', 'process.exit(1);');
    expect((await locate({ host: machine.host() }))?.binary).toBe(join(machine.bin, 'verilator_bin'));
  });

  it('takes VERILATOR_ROOT and CXX from the environment', async () => {
    machine.installTools();
    const own = join(machine.folder, 'own');
    machine.write('own/include/verilated.cpp', '');
    machine.tool('verilator_bin', FAKE_VERILATOR, join(own, 'bin'));
    machine.tool('my-cxx', FAKE_CXX);
    const tool = await locate({ host: machine.host({}, { VERILATOR_ROOT: own, CXX: 'my-cxx -m64' }) });
    expect(tool).toMatchObject({ binary: join(own, 'bin/verilator_bin'), root: own, origin: 'environment' });
    expect(tool?.cxx).toMatchObject({ path: join(machine.bin, 'my-cxx'), args: ['-m64'], origin: 'environment' });
  });

  it.each([
    [{ VERILATOR_BIN: '/nonexistent/verilator_bin' }, 'VERILATOR_NOT_FOUND'],
    [{ CXX: 'no-such-compiler' }, 'CXX_BROKEN'],
  ])('does not ignore a wish that cannot be met: %o', async (env, code) => {
    machine.installTools();
    await expect(locate({ host: machine.host({}, env as Record<string, string>) })).rejects.toMatchObject({ code });
  });

  it('passes over a compiler that cannot build a program, and says so', async () => {
    machine.installTools();
    machine.tool('g++', "if (args.includes('--version')) console.log('stub'); else process.exit(1);");
    machine.tool('clang++', FAKE_CXX);
    const found = await survey({ host: machine.host() });
    expect(found.cxx?.path).toBe(join(machine.bin, 'clang++'));
  });

  it('tries a compiler once, and again when its file changes', async () => {
    machine.installTools();
    await locate({ host: machine.host() });
    await locate({ host: machine.host() });
    const probes = () => machine.calls('g++').filter((call) => call.args.includes('probe.cpp')).length;
    expect(probes()).toBe(1);
    machine.tool('g++', `${FAKE_CXX}\n# upgraded`);
    await locate({ host: machine.host() });
    expect(probes()).toBe(2);
  });
});

describe('messages', () => {
  it('turns apt-get lines into progress', () => {
    expect(aptProgress('Get:9 http://host/debian bookworm/main amd64 g++ amd64 4:12.2.0-3 [1356 B]')).toBe(
      'downloading g++ (1356 B)',
    );
    expect(aptProgress('Get:1 http://host/debian bookworm InRelease [151 kB]')).toBe('downloading InRelease (151 kB)');
    expect(aptProgress('Get:4 http://host/debian bookworm/main amd64 Packages [8790 kB]')).toBe(
      'downloading Packages (8790 kB)',
    );
    expect(aptProgress('Selecting previously unselected package')).toBeUndefined();
  });

  it("keeps the tail of a tool's output, the evidence and the next step", () => {
    const error = new VerilatorError('INSTALL_FAILED', 'It failed.', 'Do this.', `${'line\n'.repeat(100)}last`);
    expect(error.message).toBe('It failed. Do this.');
    expect(error.output.split('\n')).toHaveLength(40);
    expect(error.output.endsWith('last')).toBe(true);
  });
});
