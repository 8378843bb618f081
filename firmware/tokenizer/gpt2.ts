import { InputError } from '../../generator/errors.js';
import { isJsonObject, type JsonObject, show } from '../../generator/model/fields.js';
import { HuggingFaceTokenizer } from './huggingface.js';

/** The files of a byte-level BPE tokenizer from before tokenizer.json (GPT-2, OPT). */
export interface Gpt2Files {
  /** vocab.json: token to id */
  readonly vocab: { readonly file: string; readonly json: JsonObject };
  /** merges.txt: a pair of tokens per line, first merged first */
  readonly merges: { readonly file: string; readonly text: string };
  /** tokenizer_config.json and special_tokens_map.json, where present: they name the special tokens */
  readonly settings: readonly JsonObject[];
}

/** What GPT-2 and OPT call their special tokens, if no settings say so. */
const USUAL_SPECIAL_TOKENS = ['<|endoftext|>', '<s>', '</s>', '<pad>', '<unk>'];
const SPECIAL_FIELDS = ['bos_token', 'eos_token', 'unk_token', 'pad_token'];

/**
 * Makes the tokenizer of a `vocab.json` and a `merges.txt`.
 *
 * @throws InputError naming the file, and the line where there is one, if they do not describe a tokenizer
 */
export function gpt2Tokenizer({ vocab, merges, settings }: Gpt2Files): HuggingFaceTokenizer {
  const named = settings.flatMap((json) => SPECIAL_FIELDS.map((field) => contentOf(json[field])));
  const special = named.filter((token) => token !== null);
  const addedTokens = [...new Set(special.length > 0 ? special : USUAL_SPECIAL_TOKENS)]
    .filter((token) => Object.hasOwn(vocab.json, token))
    .map((content) => ({ id: vocab.json[content], content, special: true }));
  const byteLevel = {
    type: 'ByteLevel',
    add_prefix_space: settings.some((json) => json.add_prefix_space === true),
    trim_offsets: true,
    use_regex: true,
  };
  return new HuggingFaceTokenizer(vocab.file, {
    added_tokens: addedTokens,
    normalizer: null,
    pre_tokenizer: byteLevel,
    decoder: byteLevel,
    model: {
      type: 'BPE',
      unk_token: null,
      vocab: vocab.json,
      merges: parseMerges(merges.file, merges.text, vocab.json),
    },
  });
}

function parseMerges(file: string, text: string, vocab: JsonObject): [string, string][] {
  const merges: [string, string][] = [];
  text.split('\n').forEach((rawLine, index) => {
    const line = rawLine.replace(/\r$/, '');
    if (line === '' || line.startsWith('#version')) return;
    const [left, right, ...rest] = line.split(' ');
    if (!left || !right || rest.length > 0) {
      throw new InputError(`${file}: line ${index + 1} is ${show(line)}, not two tokens.`);
    }
    if (!Object.hasOwn(vocab, left + right)) {
      throw new InputError(`${file}: line ${index + 1} makes ${show(left + right)}, which vocab.json lacks.`);
    }
    merges.push([left, right]);
  });
  return merges;
}

/** A special token in the settings is a string or an object with its content. */
function contentOf(value: unknown): string | null {
  if (typeof value === 'string') return value;
  return isJsonObject(value) && typeof value.content === 'string' ? value.content : null;
}
