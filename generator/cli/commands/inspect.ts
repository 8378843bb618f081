import type { Command } from 'commander';
import type { CommandResult, Register } from '../command.js';
import { addModelOptions, checkUserTokenizer, type ModelOptions, openUserModel } from '../model.js';
import { table } from '../progress.js';

export function addInspect(program: Command, register: Register): void {
  const command = program
    .command('inspect')
    .argument('<model>', 'Hugging Face directory or llama2.c .bin file')
    .description('show a checkpoint: its architecture, size and linear layers')
    .addHelpText('after', '\nExample:\n  $ sdq inspect examples/tiny-llama --json');
  register(addModelOptions(command), inspect);
}

export function inspect(path: string, options: ModelOptions): CommandResult {
  const source = openUserModel(path);
  try {
    checkUserTokenizer(path, options);
    const { config, parameters } = source;
    const linears = source.linears.map(({ name, rows, cols }) => ({ name, rows, cols }));
    const { architecture, layers, dim, context } = config;
    const facts = [
      `${config.name}: ${architecture}, ${parameters.toLocaleString('en-US')} parameters`,
      `${layers} layers, dim ${dim}, hidden ${config.hidden}, ${config.heads} heads (${config.kvHeads} for keys and values)`,
      `context ${context}, vocabulary ${config.vocab}, ${config.tiedHead ? 'tied' : 'untied'} head`,
    ];
    const rows = linears.map(({ name, rows, cols }) => [name, String(rows), String(cols)]);
    return {
      json: { architecture, parameters, layers, dim, context, linears },
      text: [...facts, '', table([['linear', 'rows', 'cols'], ...rows])].join('\n'),
    };
  } finally {
    source.close();
  }
}
