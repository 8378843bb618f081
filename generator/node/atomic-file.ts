import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { InputError } from '../errors.js';

const REASONS: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EACCES: 'you may not write there',
  EPERM: 'you may not write there',
  EROFS: 'the file system is read-only',
  ENOENT: 'its folder does not exist',
  ENOTDIR: 'its folder is a file',
  EISDIR: 'a folder of that name exists',
  EFBIG: 'the file would be too large',
};

/** A failed write as one sentence that names the file. */
export function writeError(path: string, cause: unknown): Error {
  const code = (cause as NodeJS.ErrnoException).code;
  const reason = code ? (REASONS[code] ?? code) : null;
  return reason ? new InputError(`cannot write ${path}: ${reason}`, { cause }) : (cause as Error);
}

/**
 * A file that appears under its name only when it is complete: it is written under a temporary name beside it and
 * renamed by `commit`. Errors of the file system are InputErrors that name the file.
 */
export class AtomicFile {
  readonly #temporary: string;
  readonly #fd: number;
  #open = true;
  /** Bytes appended so far. */
  size = 0;

  constructor(readonly path: string) {
    this.#temporary = `${path}.${process.pid}.partial`;
    this.#fd = this.#attempt(() => openSync(this.#temporary, 'w'));
  }

  append(bytes: Uint8Array): void {
    this.writeAt(bytes, this.size);
    this.size += bytes.length;
  }

  /** Writes over bytes already appended. */
  writeAt(bytes: Uint8Array, offset: number): void {
    this.#attempt(() => {
      for (let done = 0; done < bytes.length; ) {
        done += writeSync(this.#fd, bytes, done, bytes.length - done, offset + done);
      }
    });
  }

  commit(): void {
    this.#attempt(() => {
      fsyncSync(this.#fd);
      this.#close();
      renameSync(this.#temporary, this.path);
    });
  }

  /** Removes what was written; harmless after `commit`. */
  abort(): void {
    if (!this.#open) return;
    this.#close();
    rmSync(this.#temporary, { force: true });
  }

  #close(): void {
    this.#open = false;
    closeSync(this.#fd);
  }

  #attempt<T>(action: () => T): T {
    try {
      return action();
    } catch (error) {
      rmSync(this.#temporary, { force: true });
      throw writeError(this.path, error);
    }
  }
}

/** Writes a whole file under a temporary name, then renames it. */
export function writeFileAtomic(path: string, content: string | Uint8Array): void {
  const file = new AtomicFile(path);
  try {
    file.append(typeof content === 'string' ? Buffer.from(content) : content);
    file.commit();
  } finally {
    file.abort();
  }
}
