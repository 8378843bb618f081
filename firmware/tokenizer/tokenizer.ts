/** Text to token ids and back, whatever file the vocabulary came from. */
export interface Tokenizer {
  /** Ids are 0 … vocabSize − 1; a model's vocabulary may be padded to more. */
  readonly vocabSize: number;

  /**
   * Ids of a text, without bos or eos. The whole of it is taken as text: characters that spell a special token, such
   * as `</s>`, do not become one.
   *
   * @throws InputError if the text has a character for which the vocabulary has no token
   */
  encode(text: string): number[];

  /**
   * Text of a whole sequence, from its beginning. Special tokens, and ids that the vocabulary lacks, have no text.
   * A space that stands for the beginning of a sequence is left out. Bytes that are not UTF-8 become U+FFFD.
   */
  decode(ids: readonly number[]): string;

  /**
   * Begins to decode a sequence token by token.
   *
   * @param prompt the tokens that precede; their text is not given out again. The texts of all pushes and of the end
   *   together are what `decode` of prompt and pushed tokens has beyond `decode(prompt)`: the first word after a prompt
   *   keeps its leading space. (A character that the prompt leaves incomplete is given out once complete.)
   */
  stream(prompt?: readonly number[]): TextStream;
}

/** Text as its tokens arrive; a character of several tokens is held back until it is complete. */
export interface TextStream {
  /** The text that this token completes; often the token's own, sometimes empty. */
  push(id: number): string;
  /** What was held back. The stream is not used any more afterwards. */
  end(): string;
}
