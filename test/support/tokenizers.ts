/** GPT-2's characters for the 256 bytes: printable Latin-1 ones stand for themselves, the others come from U+0100 on. */
function byteCharacters(): string[] {
  let next = 0x100;
  return Array.from({ length: 256 }, (_, byte) => {
    const printable = (byte > 0x20 && byte < 0x7f) || (byte > 0xa0 && byte !== 0xad);
    return String.fromCharCode(printable ? byte : next++);
  });
}

/** A byte-level vocabulary: special tokens, the 256 bytes, then what the merges make. */
export function byteLevelVocabulary(special: readonly string[], merges: readonly string[]): Record<string, number> {
  const tokens = [...special, ...byteCharacters(), ...merges.map((merge) => merge.replace(' ', ''))];
  return Object.fromEntries(tokens.map((token, id) => [token, id]));
}

/** A tokenizer.json as LLaMA's: byte fallback, spaces as ▁, one put first. */
export function sentencePieceJson(merges: readonly string[]): Record<string, unknown> {
  const special = ['<unk>', '<s>', '</s>'];
  const bytes = Array.from({ length: 256 }, (_, byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`);
  const characters = ['▁', ...'abcdefghijklmnopqrstuvwxyz</>'];
  const tokens = [...special, ...bytes, ...characters, ...merges.map((merge) => merge.replace(' ', ''))];
  return {
    version: '1.0',
    added_tokens: special.map((content, id) => ({ id, content, special: true, normalized: false })),
    normalizer: {
      type: 'Sequence',
      normalizers: [
        { type: 'Prepend', prepend: '▁' },
        { type: 'Replace', pattern: { String: ' ' }, content: '▁' },
      ],
    },
    pre_tokenizer: null,
    post_processor: null,
    decoder: {
      type: 'Sequence',
      decoders: [
        { type: 'Replace', pattern: { String: '▁' }, content: ' ' },
        { type: 'ByteFallback' },
        { type: 'Fuse' },
        { type: 'Strip', content: ' ', start: 1, stop: 0 },
      ],
    },
    model: {
      type: 'BPE',
      unk_token: '<unk>',
      fuse_unk: true,
      byte_fallback: true,
      vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
      merges,
    },
  };
}
