import { describe, expect, it } from 'vitest';
import { runBench } from './rtl/bench.js';
import { assembledDecoder, issueBench } from './rtl/decoder/issue.js';
import { llamaConfig, optConfig, optPostNormConfig } from './support/golden-models.js';
import { icarus, lacks } from './support/needs.js';
import { tempDirectory } from './support/temp.js';

const CASES = [llamaConfig(), optConfig(), optPostNormConfig()].flatMap((config) =>
  [
    { values: 4, attention: 8, drain: 1, banks: 1 } as const,
    { values: 4, attention: 16, drain: 2, banks: 2 } as const,
  ].map((widths) => ({ config, widths })),
);

describe.skipIf(lacks(icarus))('issue of programs', () => {
  const folder = tempDirectory();

  it.each(CASES)('is that of the time model: $config.name, $widths.banks banks', async ({ config, widths }) => {
    const bench = issueBench(folder, `${config.name} ${widths.banks}`, assembledDecoder(config, widths), [
      0,
      config.context - 1,
      3,
    ]);
    const { status, output } = await runBench(bench, { folder });
    expect(status, output).toBe('passed');
  });
});
