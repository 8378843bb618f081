import { join } from 'node:path';
import type { Command } from 'commander';
import { serveSite } from '../../../firmware/serve/node/server.js';
import { exportSite, pageSite, type SiteModel } from '../../../firmware/serve/node/site.js';
import { tokenizerPaths } from '../../../firmware/tokenizer/node/load.js';
import { InputError } from '../../errors.js';
import { checkSameModel } from '../../plan/same-model.js';
import type { CommandResult, Register } from '../command.js';
import { addModelOptions, loadUserTokenizer, type ModelOptions, openUserModel } from '../model.js';
import { sizeText } from '../progress.js';
import { integerFrom, outputFolder, userPath } from '../values.js';
import { openUserWeights } from '../weights.js';

interface ServeOptions extends ModelOptions {
  readonly weights?: string;
  readonly host: string;
  readonly port: number;
  readonly export?: string;
}

const LARGEST_PORT = 65535;

export function addServe(program: Command, register: Register): void {
  const command = program
    .command('serve')
    .argument('[model]', 'Hugging Face directory or llama2.c .bin file, for the tokenizer')
    .description('serve the web page: a model on a board, or on the golden model in the browser')
    .option('--weights <file>', 'weights.sdq to have in the page when it opens')
    .option('--host <address>', 'address to serve on; 0.0.0.0 lets other machines in', '127.0.0.1')
    .option('--port <number>', 'port to serve on; 0 takes any that is free', integerFrom(0, LARGEST_PORT), 8000)
    .option('--export <folder>', 'write the page for a static host instead of serving it')
    .addHelpText(
      'after',
      `
The first line on stdout is the page's address. Web Serial and WebUSB work there and under https.

Examples:
  $ sdq serve
  $ sdq serve examples/tiny-llama --weights weights.sdq
  $ sdq serve --export public/`,
    );
  register(addModelOptions(command), serve);
}

async function serve(model: string | undefined, options: ServeOptions): Promise<CommandResult> {
  if (options.host === '') throw new InputError('--host is empty; the usual one is 127.0.0.1');
  const folder = options.export === undefined ? null : outputFolder(options.export);
  const site = pageSite(siteModel(model, options));
  if (folder !== null) {
    const bytes = exportSite(site, folder);
    return {
      json: { folder, files: [...site.keys()].sort(), bytes },
      text: `Wrote the page to ${options.export} (${site.size} files, ${sizeText(bytes)}).`,
    };
  }
  const server = await serveSite(site, options.host, options.port);
  // Before the address is printed: whoever reads it may end the server at once.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => server.stop());
  process.stderr.write('The page is served until Ctrl-C.\n');
  const { url, port, ended } = server;
  return { json: { url, host: options.host, port }, text: url, after: () => ended };
}

/** The model's files, read once so that what is wrong with them is said here and not in the browser. */
function siteModel(model: string | undefined, options: ServeOptions): SiteModel {
  const image = options.weights === undefined ? null : openUserWeights(options.weights);
  const weights = options.weights === undefined ? null : userPath(options.weights);
  if (model === undefined) {
    if (options.tokenizer !== undefined) throw new InputError('--tokenizer belongs to a model: name the model too');
    return { weights, tokenizer: [], config: null };
  }
  const source = openUserModel(model);
  source.close();
  if (image) checkSameModel(image.plan, source.config, options.weights!);
  loadUserTokenizer(model, options);
  const path = userPath(model);
  const tokenizer = tokenizerPaths(path, options.tokenizer === undefined ? undefined : userPath(options.tokenizer));
  return { weights, tokenizer, config: path.endsWith('.bin') ? null : join(path, 'config.json') };
}
