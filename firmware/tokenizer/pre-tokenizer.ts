import { isJsonObject, type JsonObject } from '../../generator/model/fields.js';

/** How GPT-2 splits a text into words (tokenizers' ByteLevel, in its own regular expressions). */
const GPT2_WORDS = String.raw`'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`;
/** SentencePiece's words: each begins with the spaces before it. Every character belongs to one. */
const SENTENCEPIECE_WORDS = '▁*[^▁]+|▁+';

/**
 * A pre-tokenizer for the library that gives the tokens that this one is defined to give.
 *
 * @param preTokenizer of a tokenizer.json
 * @param model of the same
 */
export function adaptPreTokenizer(preTokenizer: unknown, model: JsonObject): unknown {
  const adapted = withUnicodeSpaces(preTokenizer);
  const keepsWhole = adapted === null || (isJsonObject(adapted) && adapted.type === 'Metaspace');
  if (!keepsWhole || !mergesWithinWords(model)) return adapted;
  // As it is, a whole document would be merged as one word, which takes the library very long.
  const words = split(SENTENCEPIECE_WORDS);
  return { type: 'Sequence', pretokenizers: adapted === null ? [words] : [adapted, words] };
}

/**
 * The library's ByteLevel splits with JavaScript's `\s`, which differs from Unicode's white space in U+FEFF and U+0085;
 * its Split translates the same pattern faithfully.
 */
function withUnicodeSpaces(preTokenizer: unknown): unknown {
  if (!isJsonObject(preTokenizer)) return preTokenizer ?? null;
  const { type, pretokenizers } = preTokenizer;
  if (type === 'Sequence' && Array.isArray(pretokenizers)) {
    return { ...preTokenizer, pretokenizers: pretokenizers.map(withUnicodeSpaces) };
  }
  if (type !== 'ByteLevel' || preTokenizer.use_regex === false || preTokenizer.add_prefix_space === true) {
    return preTokenizer;
  }
  return { type: 'Sequence', pretokenizers: [split(GPT2_WORDS), { ...preTokenizer, use_regex: false }] };
}

function split(pattern: string): JsonObject {
  return { type: 'Split', pattern: { Regex: pattern }, behavior: 'Isolated', invert: false };
}

/** Whether no merge joins the end of one SentencePiece word to the beginning of the next. */
function mergesWithinWords({ type, merges, ignore_merges: ignoreMerges }: JsonObject): boolean {
  if (type !== 'BPE' || ignoreMerges === true || !Array.isArray(merges)) return false;
  return merges.every((merge: unknown) => {
    const pair: unknown = typeof merge === 'string' ? merge.split(' ', 2) : merge;
    return Array.isArray(pair) && !/[^▁]▁/.test(pair.join(''));
  });
}
