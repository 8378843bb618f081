/** Which of the files that a person drops or chooses are read, and as what. */

import { MERGES, tokenizerNames } from '../tokenizer/file-names.js';

export interface ModelFiles {
  readonly weights: File | null;
  /** Empty, or all files of one tokenizer, the vocabulary first. */
  readonly tokenizer: readonly File[];
  /** config.json: only compared with the weights. */
  readonly config: File | null;
  /** Why there is no tokenizer although files were given that might be one: a sentence. */
  readonly advice: string | null;
}

/** A llama2.c checkpoint is larger than any tokenizer. */
const LARGEST_TOKENIZER_BYTES = 1 << 24;

/** Sorts files by their names; folders do not count. */
export function chooseFiles(files: readonly File[]): ModelFiles {
  const named = new Map(files.map((file) => [file.name, file]));
  const ending = (end: string): File[] => files.filter(({ name }) => name.toLowerCase().endsWith(end));
  const tokenizer = tokenizerOf(named, ending('.bin'));
  return {
    weights: ending('.sdq').at(-1) ?? null,
    tokenizer,
    config: named.get('config.json') ?? null,
    advice: tokenizer.length > 0 ? null : adviceFor(named),
  };
}

function tokenizerOf(named: ReadonlyMap<string, File>, binaries: readonly File[]): File[] {
  const names = tokenizerNames([...named.keys()]);
  if (names) return names.map((name) => named.get(name)!);
  // Of llama2.c's files the tokenizer is the smaller one; a checkpoint alone is none.
  const [smallest] = [...binaries].sort((a, b) => a.size - b.size);
  return smallest && smallest.size < LARGEST_TOKENIZER_BYTES ? [smallest] : [];
}

function adviceFor(named: ReadonlyMap<string, File>): string | null {
  if (named.has('tokenizer.model')) {
    return 'A SentencePiece tokenizer.model is not read: let transformers write a tokenizer.json (save_pretrained) and drop that.';
  }
  if (named.has('vocab.json')) return `The vocab.json wants the ${MERGES} that lies beside it: drop both.`;
  if (named.has(MERGES)) return `The ${MERGES} wants the vocab.json that lies beside it: drop both.`;
  return null;
}

/** All files that were dropped, those in dropped folders included. */
export async function droppedFiles(data: DataTransfer): Promise<File[]> {
  const entries = [...data.items].map((item) => item.webkitGetAsEntry()).filter((entry) => entry !== null);
  if (entries.length === 0) return [...data.files];
  return (await Promise.all(entries.map(filesBelow))).flat();
}

async function filesBelow(entry: FileSystemEntry): Promise<File[]> {
  if (isFile(entry)) return [await new Promise<File>((resolve, reject) => entry.file(resolve, reject))];
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  const files: File[] = [];
  // A reader gives out its entries in parts, the last of which is empty.
  for (;;) {
    const part = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (part.length === 0) return files;
    files.push(...(await Promise.all(part.map(filesBelow))).flat());
  }
}

function isFile(entry: FileSystemEntry): entry is FileSystemFileEntry {
  return entry.isFile;
}
