import type { Command } from 'commander';
import { writeFileAtomic } from '../../node/atomic-file.js';
import { modelStatistics } from '../../plan/statistics.js';
import type { CommandResult, Register } from '../command.js';
import { addModelOptions, openUserModel } from '../model.js';
import { remaining, startProgress } from '../progress.js';
import { outputPath } from '../values.js';

export function addAnalyze(program: Command, register: Register): void {
  const command = program
    .command('analyze')
    .argument('<model>', 'Hugging Face directory or llama2.c .bin file')
    .description('measure the statistics of the weights from which MultiOSR allocates over-sampling ratios')
    .requiredOption('-o, --output <file>', 'statistics file to write (JSON)')
    .addHelpText('after', '\nExample:\n  $ sdq analyze examples/tiny-llama -o stats.json');
  register(addModelOptions(command), analyze);
}

function analyze(path: string, options: { output: string }): CommandResult {
  const source = openUserModel(path);
  try {
    const output = outputPath(options.output);
    const progress = startProgress('Measuring the weights');
    const started = Date.now();
    const statistics = modelStatistics(source, (layer) =>
      progress.update(remaining(layer + 1, source.config.layers, started)),
    );
    progress.stop();
    writeFileAtomic(output, `${JSON.stringify(statistics, null, 1)}\n`);
    return { json: statistics, text: `Wrote the statistics of ${source.config.layers} layers to ${options.output}.` };
  } finally {
    source.close();
  }
}
