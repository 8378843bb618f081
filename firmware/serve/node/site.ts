/** The files of the web page: what a browser can ask for is listed, and nothing else is ever read. */

import { copyFileSync, existsSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, extname, join } from 'node:path';
import { checkFolder, makeFolder, writeError, writeFileAtomic } from '../../../generator/node/atomic-file.js';
import { packageRoot } from '../../../generator/node/package-root.js';
import { MERGES } from '../../tokenizer/file-names.js';

/** What lies at an address: the path of a file, or text. */
export type Content = { readonly path: string } | { readonly text: string };

/** Address, relative and without a leading slash → content. */
export type Site = ReadonlyMap<string, Content>;

/** Files of a model to have there when the page opens. */
export interface SiteModel {
  readonly weights: string | null;
  /** As `tokenizerPaths` gives them; empty if there is none. */
  readonly tokenizer: readonly string[];
  readonly config: string | null;
}

const START = 'index.html';

/** The page, with a model or without. @throws Error if the page was not built */
export function pageSite(model: SiteModel): Site {
  const folder = join(packageRoot(), 'dist/page');
  if (!existsSync(join(folder, START))) throw new Error(`the page is not built: ${folder} lacks ${START}`);
  const site = new Map<string, Content>(readdirSync(folder).map((name) => [name, { path: join(folder, name) }]));
  const files = modelFiles(model).map(([name, path]) => [`model/${name}`, path] as const);
  for (const [address, path] of files) site.set(address, { path });
  site.set('model.json', { text: JSON.stringify({ files: files.map(([address]) => address) }) });
  return site;
}

/** Under the names that the page knows them by, whatever they are called here. */
function modelFiles({ weights, tokenizer, config }: SiteModel): [name: string, path: string][] {
  const files: [string, string][] = tokenizer.map((path, i) => [i === 0 ? firstName(tokenizer) : basename(path), path]);
  if (config !== null) files.push(['config.json', config]);
  if (weights !== null) files.push(['weights.sdq', weights]);
  return files;
}

function firstName(tokenizer: readonly string[]): string {
  if (tokenizer.some((path) => basename(path) === MERGES)) return 'vocab.json';
  return extname(tokenizer[0]!) === '.json' ? 'tokenizer.json' : 'tokenizer.bin';
}

/** What a request's path asks for. @param path as the browser sent it, with or without a query */
export function findContent(site: Site, path: string): { readonly address: string; readonly content: Content } | null {
  const address = path.replace(/[?#].*$/, '').replace(/^\//, '') || START;
  const content = site.get(address);
  return content ? { address, content } : null;
}

/**
 * Writes the page for a static host; files of other names that lie there stay. The start page is written last.
 * @returns bytes written
 * @throws InputError naming the file that cannot be written
 */
export function exportSite(site: Site, folder: string): number {
  checkFolder(folder);
  let bytes = 0;
  for (const [address, content] of [...site].sort(([a], [b]) => Number(a === START) - Number(b === START))) {
    const target = join(folder, address);
    makeFolder(dirname(target));
    if ('text' in content) writeFileAtomic(target, content.text);
    else copyAtomic(content.path, target);
    bytes += statSync(target).size;
  }
  return bytes;
}

function copyAtomic(from: string, to: string): void {
  const partial = `${to}.${process.pid}.partial`;
  try {
    copyFileSync(from, partial);
    renameSync(partial, to);
  } catch (error) {
    throw writeError(to, error);
  } finally {
    rmSync(partial, { force: true });
  }
}
