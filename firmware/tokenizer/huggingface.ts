import { Tokenizer as HuggingFaceLibrary } from '@huggingface/tokenizers';
import { InputError } from '../../generator/errors.js';
import { isJsonObject, type JsonObject, reasonOf, show } from '../../generator/model/fields.js';
import { incrementalStream } from './incremental-decode.js';
import { adaptPreTokenizer } from './pre-tokenizer.js';
import type { TextStream, Tokenizer } from './tokenizer.js';

/** Greater ids are taken for damage: the tables below have an entry per id. */
const MAX_ID = 1 << 24;

/** A tokenizer defined by a Hugging Face `tokenizer.json`. */
export class HuggingFaceTokenizer implements Tokenizer {
  readonly vocabSize: number;
  readonly #file: string;
  readonly #library: HuggingFaceLibrary;
  readonly #known: ReadonlySet<number>;

  /**
   * @param file what to call the file in a message
   * @param json its content
   * @throws InputError if it does not describe a tokenizer that can be run
   */
  constructor(file: string, json: JsonObject) {
    this.#file = file;
    if (!isJsonObject(json.model)) throw new InputError(`${file}: model is missing, so this is not a tokenizer.json.`);
    const added = parseAddedTokens(file, json.added_tokens);
    const known = parseVocabulary(file, json.model);
    for (const token of added) known.add(token.id);
    let highest = 0;
    for (const id of known) highest = Math.max(highest, id);
    this.vocabSize = highest + 1;
    for (const token of added) if (token.special) known.delete(token.id);
    this.#known = known;
    const model = withType(file, json.model);
    try {
      this.#library = new HuggingFaceLibrary(
        {
          normalizer: null,
          decoder: null,
          ...json,
          pre_tokenizer: adaptPreTokenizer(json.pre_tokenizer, model),
          model,
          // The library looks for added tokens within the text. A document is text, never control: special tokens are
          // kept from it, and taken out before decoding.
          added_tokens: added.filter((token) => !token.special),
          post_processor: null,
        },
        { clean_up_tokenization_spaces: false },
      );
      keepByteOrderMarks(this.#library.decoder);
    } catch (error) {
      throw new InputError(`${file} does not describe a tokenizer that can be run: ${reasonOf(error)}.`);
    }
  }

  encode(text: string): number[] {
    const { ids, tokens } = this.#run(() => this.#library.encode(text, { add_special_tokens: false }));
    // Typed as numbers, but undefined where neither the token nor an unknown-token is in the vocabulary.
    const missing = (ids as (number | undefined)[]).indexOf(undefined);
    if (missing >= 0) throw new InputError(`${this.#file}: the vocabulary has no token for ${show(tokens[missing])}.`);
    return ids;
  }

  decode(ids: readonly number[]): string {
    const text = ids.filter((id) => this.#known.has(id));
    if (text.length === 0) return '';
    return this.#run(() => this.#library.decode(text, { clean_up_tokenization_spaces: false }));
  }

  stream(prompt: readonly number[] = []): TextStream {
    const stream = incrementalStream((ids) => this.decode(ids));
    for (const id of prompt) stream.push(id);
    return stream;
  }

  /** The library checks a tokenizer's parts only when it comes to use them. */
  #run<T>(operation: () => T): T {
    try {
      return operation();
    } catch (error) {
      throw new InputError(`${this.#file} describes a tokenizer that cannot be run: ${reasonOf(error)}.`);
    }
  }
}

interface AddedToken extends JsonObject {
  readonly id: number;
  readonly content: string;
  readonly special: boolean;
}

function parseAddedTokens(file: string, value: unknown): AddedToken[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw new InputError(`${file}: added_tokens is not a list.`);
  return value.map((token: unknown) => {
    if (!isJsonObject(token) || !isId(token.id) || typeof token.content !== 'string' || token.content === '') {
      throw new InputError(`${file}: added_tokens holds ${show(token)}, which has no id or no content.`);
    }
    return { ...token, id: token.id, content: token.content, special: token.special === true };
  });
}

/** The ids of a model's own vocabulary: an object from token to id, or (Unigram) a list of tokens and scores. */
function parseVocabulary(file: string, model: JsonObject): Set<number> {
  const { vocab } = model;
  if (Array.isArray(vocab)) return new Set(vocab.keys());
  if (!isJsonObject(vocab)) throw new InputError(`${file}: model.vocab is missing.`);
  const known = new Set<number>();
  for (const [token, id] of Object.entries(vocab)) {
    if (!isId(id)) throw new InputError(`${file}: model.vocab gives ${show(token)} the id ${show(id)}.`);
    known.add(id);
  }
  if (known.size === 0) throw new InputError(`${file}: model.vocab is empty.`);
  return known;
}

function isId(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value < MAX_ID;
}

const MODEL_TYPES: readonly unknown[] = ['BPE', 'Unigram', 'WordPiece'];

/** Files from before models were tagged are byte-pair models if they have merges. */
function withType(file: string, model: JsonObject): JsonObject {
  const type = model.type ?? (Array.isArray(model.merges) ? 'BPE' : undefined);
  if (!MODEL_TYPES.includes(type)) throw new InputError(`${file}: model.type is ${show(type)}, of no known kind.`);
  return { ...model, type };
}

/** The library drops U+FEFF where a text spells it in byte tokens; its decoders are told to keep it. */
function keepByteOrderMarks(decoder: object | null): void {
  if (decoder === null) return;
  if ('decoders' in decoder && Array.isArray(decoder.decoders)) decoder.decoders.forEach(keepByteOrderMarks);
  if ('text_decoder' in decoder) decoder.text_decoder = new TextDecoder('utf-8', { ignoreBOM: true });
}
