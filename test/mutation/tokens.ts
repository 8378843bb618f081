/** Just enough of Verilog-2005 to find the places of a module that a mutant may change. */

export interface Token {
  readonly text: string;
  /** Offset in the source. */
  readonly at: number;
  readonly kind: 'word' | 'number' | 'operator' | 'string';
}

const LEXEME =
  /\/\/[^\n]*|\/\*[\s\S]*?\*\/|\(\*[\s\S]*?\*\)|"(?:\\.|[^"\\])*"|`ifdef[\s\S]*?`endif|`\w+[^\n]*|\d*'[sS]?[bodhBODH][0-9a-fA-FxXzZ_?]+|\d[\d_]*|[A-Za-z_$][\w$]*|<<<|>>>|===|!==|<<|>>|<=|>=|==|!=|&&|\|\||\*\*|~&|~\||~\^|\+:|-:|[-+*/%&|^~!<>=?:;,.()[\]{}@#]/g;

/** The tokens of a source without comments, attributes, directives and what stands between `ifdef and `endif. */
export function tokenize(source: string): Token[] {
  const tokens: Token[] = [];
  for (const { 0: text, index } of source.matchAll(LEXEME)) {
    // `@(*)` begins like an attribute; the library writes `@*`.
    if (text.startsWith('//') || text.startsWith('/*') || text.startsWith('(*') || text.startsWith('`')) continue;
    tokens.push({ text, at: index, kind: kindOf(text) });
  }
  return tokens;
}

function kindOf(text: string): Token['kind'] {
  if (text.startsWith('"')) return 'string';
  if (/^\d|^'/.test(text)) return 'number';
  return /^[A-Za-z_$]/.test(text) ? 'word' : 'operator';
}

const CLOSING: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}', begin: 'end', case: 'endcase' };

/** Index of the token that closes the bracket, `begin` or `case` at `open`. @throws Error if none does */
export function closing(tokens: readonly Token[], open: number): number {
  const wanted = [CLOSING[tokens[open]!.text]!];
  for (let i = open + 1; i < tokens.length; i++) {
    const { text } = tokens[i]!;
    if (text === wanted.at(-1)) {
      wanted.pop();
      if (wanted.length === 0) return i;
    } else if (CLOSING[text] !== undefined) {
      wanted.push(CLOSING[text]);
    }
  }
  throw new Error(`Nothing closes the "${tokens[open]!.text}" at offset ${tokens[open]!.at}.`);
}

/** Index of the first of some texts from `from` on that lies in no bracket opened after `from`, or the end. */
export function outside(tokens: readonly Token[], from: number, texts: readonly string[]): number {
  let i = from;
  while (i < tokens.length && !texts.includes(tokens[i]!.text)) {
    i = '([{'.includes(tokens[i]!.text) ? closing(tokens, i) + 1 : i + 1;
  }
  return i;
}

/**
 * Which tokens are no logic: parameters and their defaults, ports, `localparam`s (the codes of states are arbitrary),
 * the checks of parameters (blocks g_illegal… and g_reject…), `initial` blocks, wires named unused…, and the heads of
 * loops (which would make elaboration endless).
 */
export function notLogic(tokens: readonly Token[]): boolean[] {
  const skipped = new Array<boolean>(tokens.length).fill(false);
  const skip = (from: number, to: number): void => {
    skipped.fill(true, from, to + 1);
  };
  const text = (i: number): string => tokens[i]?.text ?? '';
  for (let i = 0; i < tokens.length; i++) {
    if (text(i) === 'module') skip(i, outside(tokens, i, [';']));
    if (text(i) === 'localparam' || text(i) === 'genvar' || text(i) === 'integer') skip(i, outside(tokens, i, [';']));
    if (text(i) === 'wire' && /^unused/.test(declaredName(tokens, i))) skip(i, outside(tokens, i, [';']));
    if (text(i) === 'for') skip(i, closing(tokens, i + 1));
    if (text(i) === 'initial') skip(i, text(i + 1) === 'begin' ? closing(tokens, i + 1) : outside(tokens, i, [';']));
    if (text(i) === 'begin' && text(i + 1) === ':' && /^g_(illegal|reject)/.test(text(i + 2))) {
      // The condition stands before: `if ( … ) begin : g_illegal`.
      let open = i - 1;
      for (let depth = 0; open > 0; open--) {
        if (text(open) === ')') depth++;
        if (text(open) === '(' && --depth === 0) break;
      }
      skip(text(i - 1) === ')' ? open : i, closing(tokens, i));
    }
  }
  return skipped;
}

/** The first name that a declaration at `from` declares. */
function declaredName(tokens: readonly Token[], from: number): string {
  let i = from + 1;
  while (tokens[i]?.text === 'signed' || tokens[i]?.text === '[')
    i = tokens[i]!.text === '[' ? closing(tokens, i) + 1 : i + 1;
  return tokens[i]?.text ?? '';
}
