import type { WriteStream } from 'node:tty';
import pc from 'picocolors';

/** Colours where a person reads them: on a terminal, or where FORCE_COLOR asks for them. */
export function colours(stream: WriteStream): ReturnType<typeof pc.createColors> {
  return pc.createColors(pc.isColorSupported && (stream.isTTY || process.env.FORCE_COLOR !== undefined));
}
