/** HTML from template literals: whatever is filled in is escaped, unless it is markup made here. */

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text that is markup already. Only `html`, `join` and `inlineJson` make it. */
export class Markup {
  readonly #text: string;

  private constructor(text: string) {
    this.#text = text;
  }

  toString(): string {
    return this.#text;
  }

  /** For the functions of this module. */
  static of(text: string): Markup {
    return new Markup(text);
  }
}

/** What can be filled into a template: `null` and `false` leave nothing. */
export type Filling = Markup | string | number | null | false | readonly Filling[];

/** Escaped for element content and for quoted attributes. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ESCAPES[character]!);
}

function fill(value: Filling): string {
  if (value === null || value === false) return '';
  if (value instanceof Markup) return value.toString();
  if (typeof value === 'object') return value.map(fill).join('');
  return escapeHtml(String(value));
}

/** Markup from a template literal; fillings are escaped, lists of fillings follow one another. */
export function html(parts: TemplateStringsArray, ...fillings: readonly Filling[]): Markup {
  return Markup.of(parts.reduce((text, part, i) => text + fill(fillings[i - 1]!) + part));
}

/** Lists fillings with a text between them. */
export function join(items: readonly Filling[], separator: string): Markup {
  return Markup.of(items.map(fill).join(escapeHtml(separator)));
}

/** JSON for the content of a script element: it has no `<`, which could end the element. */
export function inlineJson(value: unknown): Markup {
  return Markup.of(JSON.stringify(value).replace(/</g, '\\u003c'));
}
