import Handlebars from 'handlebars';

/** Fills in a template, which fails on a key that is missing. */
export function render(template: string, context: object): string {
  return Handlebars.compile(template, { noEscape: true, strict: true })(context);
}

/** Marks all items but the last with a comma. */
export function separated<T extends object>(items: readonly T[]): (T & { readonly comma: string })[] {
  return items.map((item, i) => ({ ...item, comma: i < items.length - 1 ? ',' : '' }));
}
