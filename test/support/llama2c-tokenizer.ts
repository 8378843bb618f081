import { readFileSync } from 'node:fs';
import { type Llama2cTokenizer, parseLlama2cTokenizer } from '../../firmware/tokenizer/llama2c.js';
import { sharedPath } from './shared.js';

/** An entry of llama2.c's tokenizer.bin; `bytes` has one character per byte. */
export interface Piece {
  readonly bytes: string;
  readonly score: number;
}

/** A tokenizer.bin of these pieces. */
export function encodeLlama2cTokenizer(pieces: readonly Piece[]): Buffer {
  const longest = Buffer.alloc(4);
  longest.writeInt32LE(Math.max(...pieces.map(({ bytes }) => bytes.length)));
  const entries = pieces.map(({ bytes, score }) => {
    const entry = Buffer.alloc(8 + bytes.length);
    entry.writeFloatLE(score);
    entry.writeInt32LE(bytes.length, 4);
    entry.write(bytes, 8, 'latin1');
    return entry;
  });
  return Buffer.concat([longest, ...entries]);
}

/** The tokenizer of stories260K, and its pieces. */
export function stories(): { tokenizer: Llama2cTokenizer; pieces: Piece[] } {
  const file = readFileSync(sharedPath('models/stories260K/tok512.bin'));
  const pieces: Piece[] = [];
  for (let at = 4; at < file.length; ) {
    const end = at + 8 + file.readInt32LE(at + 4);
    pieces.push({ score: file.readFloatLE(at), bytes: file.toString('latin1', at + 8, end) });
    at = end;
  }
  return { tokenizer: parseLlama2cTokenizer('tok512.bin', file), pieces };
}
