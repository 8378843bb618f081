import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseHostPort, parsePort } from '../firmware/transport/node/open.js';
import { describePort, mayHaveBoard, serialPorts } from '../firmware/transport/node/ports.js';
import { explainOpen, type SerialSystem } from '../firmware/transport/node/serial-errors.js';
import { groupOf, holderOf, membership, modemManagerRuns } from '../firmware/transport/node/system.js';
import { BRIDGES } from '../firmware/transport/usb/bridges.js';
import { linuxChecks, type PortFacts } from '../generator/cli/doctor/ports.js';
import { tempDirectory } from './support/temp.js';

const folder = tempDirectory();

function file(path: string, content: string): string {
  const full = join(folder, path);
  mkdirSync(dirname(full), { recursive: true });
  writeFileSync(full, content);
  return full;
}

function link(path: string, target: string): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  symlinkSync(join(folder, target), join(folder, path));
}

/** A USB device as Linux shows it, with the serial ports of its interfaces. */
function usbDevice(name: string, attributes: Record<string, string>, ports: Record<string, string>): void {
  const device = `sys/devices/usb1/${name}`;
  for (const [attribute, value] of Object.entries(attributes)) file(`${device}/${attribute}`, `${value}\n`);
  for (const [port, interfaceNumber] of Object.entries(ports)) {
    file(`${device}/${name}:1.${interfaceNumber}/bInterfaceNumber`, `0${interfaceNumber}\n`);
    file(`${device}/${name}:1.${interfaceNumber}/${port}/uevent`, '');
    link(`sys/class/tty/${port}/device`, `${device}/${name}:1.${interfaceNumber}/${port}`);
  }
}

usbDevice(
  '1-2',
  { idVendor: '0403', idProduct: '6010', product: 'iCEBreaker V1.0e', serial: 'ib7' },
  { ttyUSB9: '0', ttyUSB10: '1' },
);
usbDevice('1-3', { idVendor: '0403', idProduct: '6015' }, { ttyUSB2: '0' });
usbDevice('1-4', { idVendor: '2341', idProduct: '0043' }, { ttyACM0: '0' });
file('sys/devices/platform/serial0/uevent', '');
for (const [name, type] of Object.entries({ ttyS0: '4', ttyS1: '0' })) {
  link(`sys/class/tty/${name}/device`, 'sys/devices/platform/serial0');
  file(`sys/class/tty/${name}/type`, `${type}\n`);
}
file('sys/class/tty/tty1/uevent', '');

const ports = await serialPorts(join(folder, 'sys'));

describe('the serial ports of a Linux machine', () => {
  it('are those with hardware, with what USB says about them', () => {
    expect(ports.map(({ path }) => path)).toEqual([
      ...['/dev/ttyACM0', '/dev/ttyS0', '/dev/ttyUSB2', '/dev/ttyUSB9', '/dev/ttyUSB10'],
    ]);
    expect(ports.at(-1)!.usb).toEqual({
      vendorId: 0x0403,
      productId: 0x6010,
      product: 'iCEBreaker V1.0e',
      serialNumber: 'ib7',
      interfaceNumber: 1,
    });
  });

  it('say which may have a board', () => {
    expect(ports.filter((port) => !mayHaveBoard(port)).map(({ path }) => path)).toEqual(['/dev/ttyUSB9']);
    expect(ports.map(describePort)).toEqual([
      'USB, (2341:0043)',
      'not USB',
      'ULX3S, FT231X (0403:6015)',
      'iCEBreaker V1.0e, FT2232H (0403:6010), serial number ib7, the line that programs the board',
      'iCEBreaker V1.0e, FT2232H (0403:6010), serial number ib7',
    ]);
  });
});

describe('what of the system decides about a port', () => {
  it('is its group, and who is in it', () => {
    const own = process.getgid!();
    const groups = file('group', `root:x:0:\nrun:x:${own}:\nother:x:${own + 5000}:nobody-else,me\n`);
    const path = file('port', '');
    expect(groupOf(path, groups)?.id).toBe(own);
    expect(groupOf(join(folder, 'absent'), groups)).toBeNull();
    expect(membership({ id: own, name: 'run', members: [] })).toBe('this-login');
    expect(membership({ id: 54321, name: 'x', members: ['nobody-else'] })).toBe('none');
  });

  it('is who has it open', () => {
    const path = file('dev/ttyUSB0', '');
    file('proc/42/comm', 'ModemManager\n');
    file('proc/43/comm', 'cat\n');
    file('proc/41/comm', 'sdq-simulator\n');
    file('proc/meminfo', '');
    expect(modemManagerRuns(join(folder, 'proc'))).toBe(true);
    expect(modemManagerRuns(join(folder, 'absent'))).toBe(false);
    expect(holderOf(path, join(folder, 'proc'))).toBeNull();
    // The virtual board holds its own port.
    link('proc/41/fd/7', 'dev/ttyUSB0');
    expect(holderOf(path, join(folder, 'proc'))).toBeNull();
    link('proc/42/fd/7', 'dev/ttyUSB0');
    expect(holderOf(path, join(folder, 'proc'))).toEqual({ pid: 42, name: 'ModemManager' });
  });
});

describe('a port that does not open', () => {
  const NONE: SerialSystem = {
    ports: [],
    groupOf: () => null,
    holderOf: () => null,
    modemManagerRuns: () => false,
  };
  const ABSENT = new Error('Error: No such file or directory, cannot open /dev/x');
  const DENIED = new Error('Error: Permission denied, cannot open /dev/x');
  const BUSY = new Error('Error Resource temporarily unavailable Cannot lock port');
  const step = (cause: Error, system: Partial<SerialSystem>): string =>
    explainOpen('/dev/x', 1_000_000, cause, { ...NONE, ...system }).message;

  it('is told from those that exist', () => {
    expect(step(ABSENT, {})).toMatch(/no port \/dev\/x\. No serial port is plugged in.*"sdq board"/);
    const message = step(ABSENT, { ports });
    expect(message).toContain('/dev/ttyUSB10 (iCEBreaker V1.0e');
    expect(message).toContain('/dev/ttyUSB2 (ULX3S');
    expect(message).not.toContain('/dev/ttyUSB9');
  });

  it('for want of permission names the group to be in', () => {
    expect(step(DENIED, {})).toContain('usermod -aG dialout');
    expect(step(DENIED, { groupOf: () => ({ id: 1, name: 'uucp', members: [] }) })).toContain('usermod -aG uucp');
  });

  it('because it is in use names the program, if it can be known', () => {
    expect(step(BUSY, { holderOf: () => ({ pid: 9, name: 'minicom' }) })).toContain('in use by minicom (process 9).');
    expect(step(BUSY, { holderOf: () => ({ pid: 9, name: 'ModemManager' }) })).toMatch(
      /wait and try again.*udev rules/,
    );
    expect(step(BUSY, { modemManagerRuns: () => true })).toMatch(/fuser \/dev\/x.*ModemManager/);
    expect(step(BUSY, {})).not.toContain('ModemManager');
  });
});

describe('the address of a port', () => {
  it.each([
    ['/dev/ttyUSB1', { kind: 'serial', path: '/dev/ttyUSB1' }],
    ['COM3', { kind: 'serial', path: 'COM3' }],
    ['tcp://lab:4000', { kind: 'tcp', host: 'lab', port: 4000 }],
    ['TCP://[::1]:4000/', { kind: 'tcp', host: '::1', port: 4000 }],
    ['usb:', { kind: 'usb' }],
    ['usb:0403:6010', { kind: 'usb', vendorId: 0x0403, productId: 0x6010 }],
    ['usb:0403:6010:a:b', { kind: 'usb', vendorId: 0x0403, productId: 0x6010, serialNumber: 'a:b' }],
  ])('%s', (text, address) => {
    expect(parsePort(text)).toEqual(address);
  });

  it.each(['', 'tcp://lab', 'tcp://4000', 'tcp://lab:0', 'tcp://lab:70000', 'tcp://a b:1:2', 'usb:403:6010', 'usb:x'])(
    'is not "%s"',
    (text) => {
      expect(() => parsePort(text)).toThrow(expect.objectContaining({ name: 'InputError' }));
    },
  );

  it('to listen at may be without a host', () => {
    expect(parseHostPort('4000')).toEqual({ host: null, port: 4000 });
    expect(parseHostPort('0.0.0.0:0')).toEqual({ host: '0.0.0.0', port: 0 });
    expect(() => parseHostPort('lab:')).toThrow('HOST:PORT');
  });
});

describe('what doctor says about ports', () => {
  const USB = ports.filter(({ usb }) => usb);
  const FACTS: PortFacts = {
    ports: USB,
    mayOpen: () => true,
    groupOf: () => ({ id: 20, name: 'dialout', members: [] }),
    membership: () => 'none',
    modemManagerRuns: false,
    rules: { path: '/etc/udev/rules.d/70-sdq-forge.rules', isCurrent: true },
  };
  const failing = (facts: Partial<PortFacts>): string[] =>
    linuxChecks({ ...FACTS, ...facts })
      .filter(({ found }) => !found)
      .map(({ name, detail }) => `${name}: ${detail}`);

  it('is nothing where all is well', () => {
    expect(failing({})).toEqual([]);
    expect(failing({ ports: [] })).toEqual([]);
    expect(failing({ modemManagerRuns: true })).toEqual([]);
  });

  it('is the group to be in, for ports that a board may be behind', () => {
    const closed = failing({ mayOpen: (path) => path !== '/dev/ttyUSB2' && path !== '/dev/ttyUSB9' });
    expect(closed).toEqual([expect.stringMatching(/none for \/dev\/ttyUSB2; "sudo usermod -aG dialout \$USER"/)]);
    expect(failing({ mayOpen: () => false, membership: () => 'next-login' })).toEqual([
      expect.stringContaining('log in again'),
    ]);
    expect(failing({ mayOpen: (path) => path !== '/dev/ttyUSB9' })).toEqual([]);
  });

  it('is how the rules are installed, which keep ModemManager away', () => {
    const [rules, ...others] = failing({ rules: null });
    const file = /"sudo cp (\S+) \/etc\/udev\/rules\.d\/ && sudo udevadm/.exec(rules!)![1]!;
    expect(readFileSync(file, 'utf8')).toContain('ID_MM_DEVICE_IGNORE');
    expect(others).toEqual([]);
    expect(failing({ rules: null, modemManagerRuns: true })[1]).toMatch(/ModemManager.*opens every new serial port/);
    expect(failing({ rules: { path: '/x.rules', isCurrent: false } })).toEqual([
      expect.stringContaining('/x.rules is of another version'),
    ]);
  });
});

describe('the udev rules', () => {
  const lines = readFileSync(join(import.meta.dirname, '../examples/udev/70-sdq-forge.rules'), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));

  it('are rules', () => {
    const part = /^[A-Z]+(\{[A-Za-z_]+\})?(==|\+=|=)"[^"]*"$/;
    for (const line of lines) for (const field of line.split(', ')) expect(field).toMatch(part);
  });

  it('give access to every known board, and keep ModemManager from it', () => {
    for (const { vendorId, productId } of BRIDGES.filter(({ boards }) => boards.length > 0)) {
      const [vendor, product] = [vendorId, productId].map((id) => id.toString(16).padStart(4, '0'));
      for (const [subsystem, attribute] of [
        ['usb', 'ATTR'],
        ['tty', 'ATTRS'],
      ]) {
        const match = `SUBSYSTEM=="${subsystem}", ${attribute}{idVendor}=="${vendor}", ${attribute}{idProduct}=="${product}"`;
        const rule = lines.find((line) => line.startsWith(match));
        expect(rule).toContain('TAG+="uaccess"');
        expect(rule).toContain('ENV{ID_MM_DEVICE_IGNORE}="1"');
      }
    }
  });
});
