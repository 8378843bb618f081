import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
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
  EEXIST: 'a file of that name exists',
  EFBIG: 'the file would be too large',
  ELOOP: 'its links lead in a circle',
};

/** A failed write as one sentence that names the file. */
export function writeError(path: string, cause: unknown): Error {
  if (cause instanceof InputError) return cause;
  const code = (cause as NodeJS.ErrnoException).code;
  const reason = code ? (REASONS[code] ?? code) : null;
  return reason ? new InputError(`cannot write ${path}: ${reason}`, { cause }) : (cause as Error);
}

/**
 * Makes a folder and those above it. Folder by folder, because Node 20's recursive mkdir does not return where the
 * system answers ENOENT for a folder whose parent exists, as below /proc.
 * @throws InputError that names the folder
 */
export function makeFolder(path: string): void {
  if (existsSync(path) && statSync(path).isDirectory()) return;
  if (dirname(path) !== path) makeFolder(dirname(path));
  try {
    mkdirSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST' && statSync(path).isDirectory()) return;
    throw writeError(path, error);
  }
}

/**
 * Finds out whether a file can be written, before the work that gives its content. Writes nothing.
 * @throws InputError that names the file
 */
export function checkWritable(path: string): void {
  try {
    accessSync(folderOf(targetOf(path)), constants.W_OK);
  } catch (error) {
    throw writeError(path, error);
  }
}

/**
 * Finds out whether files can be written into a folder, which need not exist yet. Makes nothing.
 * @throws InputError that names the folder
 */
export function checkFolder(path: string): void {
  try {
    const found = statSync(path, { throwIfNoEntry: false });
    if (found === undefined) checkFolder(dirname(path));
    else if (found.isDirectory()) accessSync(path, constants.W_OK);
    else throw Object.assign(new Error(`${path} is a file`), { code: 'EEXIST' });
  } catch (error) {
    throw writeError(path, error);
  }
}

/** Removes what an interrupted AtomicFile of this process has left. */
export function removePartial(path: string): void {
  rmSync(partialName(targetOf(path)), { force: true });
}

/** Where bytes for a path go: links are followed. @throws InputError for a device or a pipe: they must not be replaced */
function targetOf(path: string): string {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) return path;
  if (found.isDirectory()) throw Object.assign(new Error(`${path} is a folder`), { code: 'EISDIR' });
  if (!found.isFile()) throw new InputError(`cannot write ${path}: it is a device or a pipe, and a file is needed`);
  return realpathSync(path);
}

function folderOf(path: string): string {
  const folder = dirname(path);
  if (!statSync(folder).isDirectory()) throw Object.assign(new Error(`${folder} is no folder`), { code: 'ENOTDIR' });
  return folder;
}

function partialName(target: string): string {
  return `${target}.${process.pid}.partial`;
}

/**
 * A file that appears under its name only when it is complete: it is written under a temporary name beside it and
 * renamed by `commit`. Errors of the file system are InputErrors that name the file.
 */
export class AtomicFile {
  readonly #target: string;
  readonly #temporary: string;
  readonly #fd: number;
  #open = true;
  /** Bytes appended so far. */
  size = 0;

  constructor(readonly path: string) {
    try {
      this.#target = targetOf(path);
      this.#temporary = partialName(this.#target);
      this.#fd = openSync(this.#temporary, 'w');
    } catch (error) {
      throw writeError(path, error);
    }
  }

  append(bytes: Uint8Array): void {
    this.#write(bytes, this.size);
    this.size += bytes.length;
  }

  /** Writes over bytes already appended. */
  writeAt(bytes: Uint8Array, offset: number): void {
    this.#write(bytes, offset);
  }

  commit(): void {
    this.#attempt(() => {
      fsyncSync(this.#fd);
      this.#close();
      renameSync(this.#temporary, this.#target);
    });
  }

  /** Removes what was written; harmless after `commit`. */
  abort(): void {
    if (!this.#open) return;
    this.#close();
    this.#remove();
  }

  #write(bytes: Uint8Array, offset: number): void {
    this.#attempt(() => {
      for (let done = 0; done < bytes.length; ) {
        done += writeSync(this.#fd, bytes, done, bytes.length - done, offset + done);
      }
    });
  }

  #close(): void {
    this.#open = false;
    closeSync(this.#fd);
  }

  #remove(): void {
    rmSync(this.#temporary, { force: true });
  }

  #attempt<T>(action: () => T): T {
    try {
      return action();
    } catch (error) {
      this.#remove();
      throw writeError(this.path, error);
    }
  }
}

/** Writes a whole file under a temporary name, then renames it. */
export function writeFileAtomic(path: string, content: string | Uint8Array): void {
  writeFilesAtomic([[path, content]]);
}

/** Writes whole files under temporary names, then renames them: all of them, or none if one cannot be written. */
export function writeFilesAtomic(contents: readonly (readonly [path: string, content: string | Uint8Array])[]): void {
  const files: AtomicFile[] = [];
  try {
    for (const [path, content] of contents) {
      const file = new AtomicFile(path);
      files.push(file);
      file.append(typeof content === 'string' ? Buffer.from(content) : content);
    }
    for (const file of files) file.commit();
  } finally {
    for (const file of files) file.abort();
  }
}
