/** Sign patterns of the frames' segments, as the plan stores them. */

/**
 * Draws `count` sign patterns of `bits` bits each, as hex digits with the most significant first (see Plan.signs). The
 * generator is 32-bit integer arithmetic: the state, which starts at `seed` mod 2^32, grows by 0x9e3779b9 per word, and
 * the word is the state mixed by x ^= x >>> 16; x *= 0x21f0aaad; x ^= x >>> 15; x *= 0x735a2d97; x ^= x >>> 15. A
 * pattern takes ⌈bits / 32⌉ words, the least significant first; bits beyond `bits` are dropped.
 */
export function drawSigns(seed: number, count: number, bits: number): string[] {
  let state = seed >>> 0;
  const nextWord = (): number => {
    state = (state + 0x9e3779b9) >>> 0;
    let x = state;
    x = Math.imul(x ^ (x >>> 16), 0x21f0aaad);
    x = Math.imul(x ^ (x >>> 15), 0x735a2d97);
    return (x ^ (x >>> 15)) >>> 0;
  };
  const patterns: string[] = [];
  for (let k = 0; k < count; k++) {
    let digits = '';
    for (let bit = 0; bit < bits; bit += 32) {
      const kept = Math.min(32, bits - bit);
      const word = kept === 32 ? nextWord() : nextWord() & (2 ** kept - 1);
      digits = (word >>> 0).toString(16).padStart(Math.ceil(kept / 4), '0') + digits;
    }
    patterns.push(digits);
  }
  return patterns;
}

/**
 * The first `size` signs of a hex pattern: −1 where its bit i (value 2^i) is set, else +1; digits that lack count as 0.
 */
export function signsOf(pattern: string, size: number): Int8Array {
  const signs = new Int8Array(size);
  for (let i = 0; i < size; i++) {
    const digit = Number.parseInt(pattern.charAt(pattern.length - 1 - (i >> 2)) || '0', 16);
    if (Number.isNaN(digit)) throw new RangeError(`"${pattern}" is not a sign pattern in hex`);
    signs[i] = (digit >> (i & 3)) & 1 ? -1 : 1;
  }
  return signs;
}
