import { InputError } from '../../generator/errors.js';
import { mergeByScore } from './merge.js';
import type { TextStream, Tokenizer } from './tokenizer.js';

const UNKNOWN = 0;
const BOS = 1;
const EOS = 2;
/** Token of byte 0: the bytes follow <unk>, <s> and </s>. */
const FIRST_BYTE = 3;
const FEWEST_TOKENS = FIRST_BYTE + 256;
/** Longer pieces are taken for damage. */
const LONGEST_PIECE = 1 << 14;
/** llama2.c takes no score below this for a merge. */
const WORST_SCORE = -1e10;

/**
 * llama2.c's tokenizer: SentencePiece-like byte-pair encoding, merging by score, with bytes for characters outside the
 * vocabulary. Encodes as llama2.c's `encode` does.
 */
export class Llama2cTokenizer implements Tokenizer {
  readonly vocabSize: number;
  /** Pieces as strings of one character per byte, so that any two of them can be joined. */
  readonly #pieces: readonly string[];
  readonly #scores: Float32Array;
  readonly #ids = new Map<string, number>();

  /** @param pieces at least 259, the bytes from 3 on, one character per byte */
  constructor(pieces: readonly string[], scores: Float32Array) {
    this.vocabSize = pieces.length;
    this.#pieces = pieces;
    this.#scores = scores;
    pieces.forEach((piece, id) => {
      if (!this.#ids.has(piece)) this.#ids.set(piece, id);
    });
  }

  encode(text: string): number[] {
    if (text === '') return [];
    // A space stands for the beginning of the sequence.
    const ids = this.#encodeCharacter(' ');
    for (const character of text) ids.push(...this.#encodeCharacter(character));
    return mergeByScore(ids, (left, right) => {
      const id = this.#ids.get(this.#pieces[left]! + this.#pieces[right]!);
      if (id === undefined) return null;
      const score = this.#scores[id]!;
      return score > WORST_SCORE ? { id, score } : null;
    });
  }

  decode(ids: readonly number[]): string {
    const stream = this.stream();
    return ids.map((id) => stream.push(id)).join('') + stream.end();
  }

  stream(prompt: readonly number[] = []): TextStream {
    const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
    let atBeginning = true;
    const push = (id: number): string => {
      if (id === BOS) atBeginning = true;
      const piece = this.#pieces[id];
      if (piece === undefined || id === UNKNOWN || id === BOS || id === EOS) return '';
      const isDummy = atBeginning && piece.startsWith(' ');
      atBeginning = false;
      return decoder.decode(bytesOf(isDummy ? piece.slice(1) : piece), { stream: true });
    };
    for (const id of prompt) push(id);
    return { push, end: () => decoder.decode() };
  }

  /** The token of a character, or those of its UTF-8 bytes. */
  #encodeCharacter(character: string): number[] {
    const bytes = new TextEncoder().encode(character);
    const id = this.#ids.get(String.fromCharCode(...bytes));
    return id === undefined ? Array.from(bytes, (byte) => FIRST_BYTE + byte) : [id];
  }
}

/** The bytes that a piece stands for; `<0x0A>` stands for the byte it names. */
function bytesOf(piece: string): Uint8Array {
  const byte = /^<0x([0-9A-Fa-f]{2})>$/.exec(piece);
  if (byte !== null) return Uint8Array.of(Number.parseInt(byte[1]!, 16));
  return Uint8Array.from(piece, (character) => character.charCodeAt(0));
}

/**
 * Parses llama2.c's `tokenizer.bin`: the longest piece's length (int32), then per token its score (float32), its length
 * (int32) and its bytes, all little-endian.
 *
 * @param file what to call the file in a message
 * @throws InputError if the file is truncated or not of this format
 */
export function parseLlama2cTokenizer(file: string, bytes: Uint8Array): Llama2cTokenizer {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const malformed = (problem: string): InputError => new InputError(`${file} is not a llama2.c tokenizer: ${problem}.`);
  if (bytes.length < 4) throw malformed(`it is ${bytes.length} bytes long`);
  const longest = view.getInt32(0, true);
  if (longest < 1 || longest > LONGEST_PIECE) throw malformed(`the longest token's length is given as ${longest}`);

  const pieces: string[] = [];
  const scores: number[] = [];
  for (let at = 4; at < bytes.length; ) {
    const token = `token ${pieces.length}`;
    if (at + 8 > bytes.length) throw malformed(`it ends within ${token}`);
    const score = view.getFloat32(at, true);
    const length = view.getInt32(at + 4, true);
    at += 8;
    if (!Number.isFinite(score)) throw malformed(`the score of ${token} is ${score}`);
    if (length < 0 || length > longest) throw malformed(`the length of ${token} is ${length}, the longest ${longest}`);
    if (at + length > bytes.length) throw malformed(`it ends within ${token}`);
    pieces.push(String.fromCharCode(...bytes.subarray(at, at + length)));
    scores.push(score);
    at += length;
  }
  if (pieces.length < FEWEST_TOKENS) {
    throw malformed(`it has ${pieces.length} tokens, fewer than the ${FEWEST_TOKENS} of special tokens and bytes`);
  }
  return new Llama2cTokenizer(pieces, Float32Array.from(scores));
}
