/** Mutants of a Verilog module: small changes of its logic, each of which a test should notice. */

import { closing, notLogic, outside, type Token, tokenize } from './tokens.js';

/** A place in a source and the text that replaces it. */
interface Edit {
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

export interface Mutation {
  /** What kind of change, e.g. "ternary swapped". */
  readonly kind: string;
  /** The change, as "old → new". */
  readonly change: string;
  /** The text of the source line that it begins in, without indentation. */
  readonly line: string;
  /** Which of the same changes in lines of the same text it is, from 0. */
  readonly occurrence: number;
  readonly edits: readonly Edit[];
}

const OPERATORS: Readonly<Record<string, readonly [kind: string, other: string]>> = {
  '+': ['arithmetic', '-'],
  '-': ['arithmetic', '+'],
  '*': ['arithmetic', '+'],
  '&&': ['logic', '||'],
  '||': ['logic', '&&'],
  '&': ['logic', '|'],
  '|': ['logic', '&'],
  '^': ['logic', '|'],
  '==': ['comparison', '!='],
  '!=': ['comparison', '=='],
  '<': ['comparison', '<='],
  '<=': ['comparison', '<'],
  '>': ['comparison', '>='],
  '>=': ['comparison', '>'],
  '<<': ['shift', '>>'],
  '>>': ['shift', '<<'],
  '>>>': ['shift', '>>'],
};

/** All mutations of a source, in order of their places. */
export function mutations(source: string): Mutation[] {
  const tokens = tokenize(source);
  const skipped = notLogic(tokens);
  const found: Omit<Mutation, 'occurrence'>[] = [];
  const end = (i: number): number => tokens[i]!.at + tokens[i]!.text.length;
  const between = (first: number, last: number): string => source.slice(tokens[first]!.at, end(last));
  const brief = (text: string): string => text.replaceAll(/\s+/g, ' ');
  const add = (kind: string, at: number, change: string, ...edits: Edit[]): void => {
    const start = source.lastIndexOf('\n', tokens[at]!.at) + 1;
    const line = source.slice(start, source.indexOf('\n', start)).trim();
    found.push({ kind, change: brief(change), line, edits });
  };
  const replace = (first: number, last: number, text: string): Edit => ({
    from: tokens[first]!.at,
    to: end(last),
    text,
  });
  const swap = (kind: string, a: readonly [number, number], b: readonly [number, number]): void => {
    const [left, right] = [between(...a), between(...b)];
    if (left === right || (isZero(left) && isZero(right))) return;
    add(kind, a[0], `${left}, ${right} → ${right}, ${left}`, replace(...a, right), replace(...b, left));
  };

  tokens.forEach((token, i) => {
    if (skipped[i]) return;
    if (
      ['wire', 'reg', 'signed', 'function', 'input', 'output'].includes(tokens[i - 1]?.text ?? '') &&
      token.text === '['
    ) {
      // A declaration. More bits than needed change nothing; one less does.
      const colon = outside(tokens, i + 1, [':']);
      const high = between(i + 1, colon - 1);
      add('width', i, `${high} → ${high} - 1`, replace(i + 1, colon - 1, `${high} - 1`));
      skipped.fill(true, i, closing(tokens, i) + 1);
      return;
    }
    if (token.text === '[' && isDepth(tokens, i)) {
      const close = closing(tokens, i);
      const high = between(outside(tokens, i + 1, [':']) + 1, close - 1);
      add('depth', i, `${high} → ${high} - 1`, replace(outside(tokens, i + 1, [':']) + 1, close - 1, `${high} - 1`));
      skipped.fill(true, i, close + 1);
      return;
    }
    const operator = OPERATORS[token.text];
    if (operator && isBinary(tokens, i) && !isAssignment(tokens, i)) {
      add(operator[0], i, `${token.text} → ${operator[1]}`, replace(i, i, operator[1]));
    }
    if (token.text === '!') add('negation', i, `${between(i, i + 1)} without !`, replace(i, i, ''));
    if (token.kind === 'number' && tokens[i + 1]?.text !== '{') {
      const kind = inRange(tokens, i) ? 'range' : 'constant';
      const [up, down] = neighbours(token.text);
      // A slice that is wider than what it is assigned to is cut again.
      const isWide = kind === 'range' && (tokens[i + 1]?.text === ':' || tokens[i - 1]?.text === '+:');
      for (const other of isWide ? [down] : [up, down]) {
        if (other !== undefined) add(kind, i, `${token.text} → ${other}`, replace(i, i, other));
      }
    }
    if (token.text === '?') {
      const colon = matchingColon(tokens, i);
      swap('ternary', [i + 1, colon - 1], [colon + 1, branchEnd(tokens, colon)]);
    }
    if (token.text === 'if' && inClockedOrCombinational(tokens, i)) {
      const close = closing(tokens, i + 1);
      const condition = between(i + 1, close);
      add('condition', i, `${condition} negated`, replace(i + 1, close, `(!${condition})`));
      const isReset = /^\(\s*!rst_ni/.test(condition);
      if (isReset) add('reset', i, `${condition} → (0)`, replace(i + 1, close, "(1'b0)"));
      else if (!hasElse(tokens, close)) add('enable', i, `${condition} → (1)`, replace(i + 1, close, "(1'b1)"));
    }
    const first = nonblocking(tokens, i);
    if (first) {
      const second = nonblocking(tokens, first.end + 1);
      if (second) swap('sources', [first.source, first.end - 1], [second.source, second.end - 1]);
    }
    const connection = connectionAt(tokens, i);
    if (connection) {
      const next = connectionAt(tokens, connection.end + 2);
      if (next) swap('connections', [connection.first, connection.end - 1], [next.first, next.end - 1]);
    }
  });

  const seen = new Map<string, number>();
  return found.map((mutation) => {
    const key = keyOf({ ...mutation, occurrence: 0 });
    const occurrence = seen.get(key) ?? 0;
    seen.set(key, occurrence + 1);
    return { ...mutation, occurrence };
  });
}

/** Names a mutation within its module by the text of the code, so that it survives changes elsewhere in the file. */
export function keyOf({ kind, change, line, occurrence }: Omit<Mutation, 'edits'>): string {
  return `${kind}: ${change} in "${line}"${occurrence > 0 ? ` (${occurrence + 1})` : ''}`;
}

export function applyMutation(source: string, { edits }: Mutation): string {
  const backwards = [...edits].sort((a, b) => b.from - a.from);
  return backwards.reduce((text, { from, to, text: other }) => text.slice(0, from) + other + text.slice(to), source);
}

function isZero(text: string): boolean {
  return /^(\d+'[bdh]0+|\{[^{}]*\{1'b0\}\})$/.test(text);
}

/** Whether an operator has a left operand. */
function isBinary(tokens: readonly Token[], i: number): boolean {
  const before = tokens[i - 1];
  if (!before || (before.kind === 'word' && ['if', 'return', 'else', 'begin'].includes(before.text))) return false;
  return before.kind !== 'operator' || [')', ']', '}'].includes(before.text);
}

/** Whether `<=` at i assigns: within no parenthesis, and the first of its statement. */
function isAssignment(tokens: readonly Token[], i: number): boolean {
  if (tokens[i]!.text !== '<=') return false;
  let depth = 0;
  for (let k = i - 1; k >= 0; k--) {
    const { text } = tokens[k]!;
    if (')]}'.includes(text)) depth++;
    else if ('([{'.includes(text)) depth--;
    if (depth < 0) return false;
    if (depth === 0 && ['=', '<=', '?'].includes(text)) return false;
    if (depth === 0 && [';', 'begin', 'else', 'end', ':'].includes(text)) return true;
  }
  return true;
}

/** Whether a token lies within square brackets: a declared width, a slice or an index. */
function inRange(tokens: readonly Token[], i: number): boolean {
  let depth = 0;
  for (let k = i - 1; k >= 0 && ![';', 'begin'].includes(tokens[k]!.text); k--) {
    const { text } = tokens[k]!;
    if (text === ']') depth++;
    if (text === '[' && --depth < 0) return true;
  }
  return false;
}

/** Whether the bracket at i is the depth of a memory's declaration: `reg [7:0] memory[0:WORDS-1];`. */
function isDepth(tokens: readonly Token[], i: number): boolean {
  return tokens[i - 2]?.text === ']' && tokens[i - 1]?.kind === 'word' && tokens[closing(tokens, i) + 1]?.text === ';';
}

/** A number literal one up and one down, in the same notation; one alone where they are the same, none for unknown bits. */
function neighbours(text: string): (string | undefined)[] {
  const [width, digits] = text.includes("'") ? text.split("'") : ['', text];
  const notation = text.includes("'") ? digits![0]!.toLowerCase() : 'd';
  const base = { b: 2, o: 8, d: 10, h: 16 }[notation];
  const body = (text.includes("'") ? digits!.slice(1) : digits!).replaceAll('_', '');
  if (base === undefined || /[xz?]/i.test(body)) return [];
  const value = BigInt({ b: '0b', o: '0o', d: '', h: '0x' }[notation as 'b' | 'o' | 'd' | 'h'] + body);
  const write = (n: bigint): string =>
    text.includes("'")
      ? `${width}'${notation}${n.toString(base).padStart(base === 10 ? 1 : body.length, '0')}`
      : `${n}`;
  const wrap = (n: bigint): bigint => (width === '' ? n : BigInt.asUintN(Number(width), n));
  const [up, down] = [wrap(value + 1n), wrap(value - 1n)];
  return [write(up), down < 0n || down === up ? undefined : write(down)];
}

/** Index of the `:` that belongs to the `?` at i. */
function matchingColon(tokens: readonly Token[], i: number): number {
  let open = 1;
  let k = i + 1;
  for (;;) {
    k = outside(tokens, k, ['?', ':']);
    open += tokens[k]!.text === '?' ? 1 : -1;
    if (open === 0) return k;
    k++;
  }
}

/** Index of the last token of the branch behind the `:` at `colon`, nested conditions included. */
function branchEnd(tokens: readonly Token[], colon: number): number {
  let open = 0;
  let k = colon + 1;
  for (;;) {
    k = outside(tokens, k, ['?', ':', ',', ';', ')', ']', '}']);
    const text = tokens[k]?.text;
    if (text === '?') open++;
    else if (text === ':' && open > 0) open--;
    else return k - 1;
    k++;
  }
}

/** Whether an `if` is a statement of an always block, and no `if` of a generate region. */
function inClockedOrCombinational(tokens: readonly Token[], i: number): boolean {
  // Blocks of generate regions are named; the nearest of `always` and a name decides.
  for (let k = i - 1; k >= 0; k--) {
    if (tokens[k]!.text === 'always' || tokens[k]!.text === 'function') return enclosed(tokens, k, i);
    if (tokens[k]!.text === 'generate' || tokens[k]!.text === 'assign') return false;
  }
  return false;
}

/** Whether the statement that an `always` or function at `from` holds reaches to i. */
function enclosed(tokens: readonly Token[], from: number, i: number): boolean {
  let k = from;
  while (k < i && tokens[k]!.text !== 'begin' && tokens[k]!.text !== 'if') k++;
  if (k >= i) return true;
  if (tokens[k]!.text === 'begin') return closing(tokens, k) > i;
  return statementEnd(tokens, k) >= i;
}

/** Index of the last token of the statement at i: a block, an `if` with its `else`, or up to the semicolon. */
function statementEnd(tokens: readonly Token[], i: number): number {
  const { text } = tokens[i]!;
  if (text === 'begin' || text === 'case') return closing(tokens, i);
  if (text !== 'if') return outside(tokens, i, [';']);
  const then = statementEnd(tokens, closing(tokens, i + 1) + 1);
  return tokens[then + 1]?.text === 'else' ? statementEnd(tokens, then + 2) : then;
}

function hasElse(tokens: readonly Token[], close: number): boolean {
  return tokens[statementEnd(tokens, close + 1) + 1]?.text === 'else';
}

/** The nonblocking assignment that begins at i: where its source begins and where its semicolon is. */
function nonblocking(tokens: readonly Token[], i: number): { source: number; end: number } | null {
  if (tokens[i]?.kind !== 'word' || ![';', 'begin'].includes(tokens[i - 1]?.text ?? '')) return null;
  const target = tokens[i + 1]?.text === '[' ? closing(tokens, i + 1) : i;
  if (tokens[target + 1]?.text !== '<=') return null;
  return { source: target + 2, end: outside(tokens, target + 2, [';']) };
}

/** The connection `.name(expression)` of a port at i, without clock, reset and an empty one. */
function connectionAt(tokens: readonly Token[], i: number): { first: number; end: number } | null {
  const name = tokens[i + 1]?.text ?? '';
  if (tokens[i]?.text !== '.' || tokens[i + 2]?.text !== '(' || ['clk_i', 'rst_ni'].includes(name)) return null;
  const end = closing(tokens, i + 2);
  const isParameter = tokens[enclosingBracket(tokens, i) - 1]?.text === '#';
  return end > i + 3 && !isParameter ? { first: i + 3, end } : null;
}

/** Index of the bracket that the token at i lies in, or -1. */
function enclosingBracket(tokens: readonly Token[], i: number): number {
  let depth = 0;
  let k = i - 1;
  for (; k >= 0; k--) {
    const { text } = tokens[k]!;
    if (')]}'.includes(text)) depth++;
    if ('([{'.includes(text) && --depth < 0) break;
  }
  return k;
}
