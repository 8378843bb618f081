/** Why a serial port cannot be opened or has failed, and what to do about it. */

import { DeviceError, disconnectedError } from '../errors.js';
import { describePort, mayHaveBoard, type SerialPortInfo, serialPorts } from './ports.js';
import { groupOf, holderOf, membership, modemManagerRuns } from './system.js';

/** What the messages are made from. */
export interface SerialSystem {
  readonly ports: readonly SerialPortInfo[];
  readonly groupOf: typeof groupOf;
  readonly holderOf: typeof holderOf;
  readonly modemManagerRuns: typeof modemManagerRuns;
}

const DISCONNECTED_STEP = 'Check cable and power (or that the virtual board still runs), then open the port again.';
const MODEM_MANAGER_STEP =
  'ModemManager tries every new port for some seconds: wait and try again, or install the udev rules, which keep it away ("sdq doctor" says how).';

/** Of a port that was open. */
export function portError(path: string, cause: Error): DeviceError {
  if (/disconnected|EIO|ENXIO|ENODEV/.test(cause.message)) return disconnectedError(path, DISCONNECTED_STEP, cause);
  return new DeviceError('port-failed', `The port ${path} failed: ${cause.message}.`, 'Open the port again.', {
    cause,
  });
}

/** The port has closed by itself. */
export function lostError(path: string, cause: Error): DeviceError {
  return disconnectedError(path, DISCONNECTED_STEP, cause);
}

/** Of a port that did not open, with what this machine knows about it. */
export async function openError(path: string, baudRate: number, cause: Error): Promise<DeviceError> {
  return explainOpen(path, baudRate, cause, { ports: await serialPorts(), groupOf, holderOf, modemManagerRuns });
}

/** The package reports the system's reason only in the message: "Error: Permission denied, cannot open /dev/…". */
export function explainOpen(path: string, baudRate: number, cause: Error, system: SerialSystem): DeviceError {
  const reason = cause.message.replace(/^Error:? */, '');
  const error = (code: DeviceError['code'], what: string, step: string): DeviceError =>
    new DeviceError(code, what, step, { cause });
  if (/ENOENT|No such file|File not found/i.test(reason)) {
    return error('no-such-port', `There is no port ${path}.`, portStep(system.ports));
  }
  if (/EACCES|EPERM|Permission denied/i.test(reason)) {
    return error('no-permission', `You have no permission to open ${path}.`, permissionStep(path, system));
  }
  // Windows denies access to a port that is open elsewhere.
  if (/EBUSY|EAGAIN|Resource temporarily unavailable|busy|Cannot lock|Access denied/i.test(reason)) {
    const holder = system.holderOf(path);
    const who = holder ? `${holder.name} (process ${holder.pid})` : 'another program';
    return error('port-busy', `The port ${path} is in use by ${who}.`, busyStep(path, holder?.name, system));
  }
  if (/Inappropriate ioctl|Is a directory|EISDIR|ENOTTY/i.test(reason)) {
    return error('port-failed', `${path} is not a serial port.`, portStep(system.ports));
  }
  if (/baud/i.test(reason)) {
    const what = `${path} does not run at ${baudRate} baud, or is not a serial port.`;
    return error('port-failed', what, 'Check the path, and the rate that the board is built for.');
  }
  if (/ENXIO|ENODEV|EIO|No such device|Input\/output error/i.test(reason)) {
    return error('no-such-port', `Nothing is connected at ${path}.`, portStep(system.ports));
  }
  const step = 'Check the path and that it is a serial port.';
  return error('port-failed', `The port ${path} cannot be opened: ${reason}.`, step);
}

function portStep(ports: readonly SerialPortInfo[]): string {
  const boards = ports.filter(mayHaveBoard);
  const virtual = '"sdq board" starts a virtual board and prints its port.';
  if (boards.length === 0) return `No serial port is plugged in: check cable and power. ${virtual}`;
  const list = boards.map((port) => `${port.path} (${describePort(port)})`).join('; ');
  return `Serial ports of this machine: ${list}. ${virtual}`;
}

function permissionStep(path: string, system: SerialSystem): string {
  const group = system.groupOf(path);
  if (group && membership(group) === 'next-login') {
    return `You are in its group ${group.name}, but not yet in this session: log in again.`;
  }
  const name = group && group.name !== 'root' ? group.name : 'dialout';
  return `On Linux add yourself to the port's group ("sudo usermod -aG ${name} $USER", then log in again) or install the udev rules ("sdq doctor" says how).`;
}

function busyStep(path: string, holder: string | undefined, system: SerialSystem): string {
  if (holder === 'ModemManager') return MODEM_MANAGER_STEP;
  if (holder !== undefined) return 'Wait until it has ended, or end it.';
  const close = `Close the other program (a serial monitor, another sdq, a browser tab); "sudo fuser ${path}" names it.`;
  return system.modemManagerRuns() ? `${close} ${MODEM_MANAGER_STEP}` : close;
}
