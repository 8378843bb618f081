/** Names of the files that a tokenizer consists of. */

const WHOLE = 'tokenizer.json';
const VOCAB = 'vocab.json';
export const MERGES = 'merges.txt';
/** They name the special tokens. */
export const SETTINGS = ['tokenizer_config.json', 'special_tokens_map.json'];

/** The name without its folders. */
export const baseName = (path: string): string => path.split(/[\\/]/).at(-1)!;

/**
 * Which of a folder's files its tokenizer consists of: tokenizer.json, or vocab.json with merges.txt and settings; null
 * if neither is there.
 */
export function tokenizerNames(names: readonly string[]): string[] | null {
  if (names.includes(WHOLE)) return [WHOLE];
  if (!names.includes(VOCAB) || !names.includes(MERGES)) return null;
  return gpt2Names(VOCAB, names);
}

/** The files of a tokenizer that consists of a vocabulary and, in the same folder, merges.txt. */
export function gpt2Names(vocab: string, names: readonly string[]): string[] {
  return [vocab, MERGES, ...SETTINGS.filter((name) => names.includes(name))];
}
