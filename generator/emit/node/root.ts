import { existsSync } from 'node:fs';

/** URL of the package's directory, ending in a slash: the nearest one above this module that holds `rtl/` and `templates/`. */
export function packageRoot(): URL {
  let url = new URL('.', import.meta.url);
  while (!(existsSync(new URL('rtl/', url)) && existsSync(new URL('package.json', url)))) {
    const parent = new URL('..', url);
    if (parent.href === url.href) throw new Error(`no package directory above ${import.meta.url}`);
    url = parent;
  }
  return url;
}
