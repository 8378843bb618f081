import { spawn } from 'node:child_process';
import { cpSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Outcome, outcomeOf, writeSmallModel } from '../support/cli.js';
import { installPacked } from '../support/installed.js';
import { lacks, yosys } from '../support/needs.js';
import { tempDirectory } from '../support/temp.js';

/** A user's repository: the packed package installed, and the recipe copied as its README says. */
const user = tempDirectory();
const baselineFile = join(user, 'ci/baseline.json');
const out = (name: string): string => join(user, 'ci/out', name);

interface Baseline {
  figures: Record<string, { value: number; tolerance: string | number }>;
}
const readJson = <T>(path: string): T => JSON.parse(readFileSync(path, 'utf8')) as T;

/** Runs a command in the user's folder, with nothing of the npm that runs this test in its environment. */
function run(program: string, args: readonly string[], env: Record<string, string> = {}, cwd = user): Promise<Outcome> {
  const kept = Object.entries(process.env).filter(([name]) => !/^(npm_|INIT_CWD$|NODE_OPTIONS$)/i.test(name));
  const stdio = ['ignore', 'pipe', 'pipe'] as const;
  return outcomeOf(spawn(program, args, { cwd, env: { ...Object.fromEntries(kept), ...env }, stdio: [...stdio] }));
}

async function succeed(program: string, args: readonly string[], cwd = user): Promise<void> {
  const { code, stderr } = await run(program, args, {}, cwd);
  expect(code, stderr).toBe(0);
}

const check = (args: readonly string[] = [], env: Record<string, string> = {}): Promise<Outcome> =>
  run('sh', ['ci/check.sh', ...args], { SDQ_MODEL: 'model', SDQ_PROMPT: 'that', SDQ_TOKENS: '2', ...env });

beforeAll(async () => {
  await installPacked(user, succeed);
  cpSync(join(user, 'node_modules/sdq-forge/examples/ci'), join(user, 'ci'), { recursive: true });
  writeSmallModel(join(user, 'model'));
  await succeed('npx', ['--no', 'sdq', 'plan', 'model', '--osr', '2', '-o', 'ci/plan.json']);
});

describe('the recipe for continuous integration', () => {
  it.each(['github-actions.yml', 'gitlab-ci.yml'])('%s runs the script and keeps what it writes', (name) => {
    const text = readFileSync(join(user, 'ci', name), 'utf8');
    expect(text).toMatch(/^ +- (run: )?sh ci\/check\.sh$/m);
    expect(text).toMatch(/^ +- (run: )?npm ci$/m);
    expect(text).toMatch(/apt-get install .*verilator g\+\+ yosys$/m);
    expect(text).toContain('ci/out/*.json');
  });

  it('stops at a step that fails, with its exit code', async () => {
    expect(await check(['--all'])).toMatchObject({ code: 2, stderr: expect.stringMatching(/^usage: .*check\.sh/) });
    const unplanned = await check([], { SDQ_PLAN: 'absent.json' });
    expect(unplanned).toMatchObject({ code: 2, stderr: expect.stringContaining('absent.json') });
    expect(unplanned.stderr).not.toContain('== Lint');
  });

  describe.skipIf(lacks(yosys))('with the real Yosys', () => {
    it('stores a baseline, and keeps its choice of figures and tolerances', async () => {
      const shipped = readJson<Baseline>(baselineFile);
      for (const figure of Object.values(shipped.figures)) figure.value = -1;
      writeFileSync(baselineFile, JSON.stringify(shipped));
      const stored = await check(['--update']);
      expect(stored.code, stored.stderr).toBe(0);
      const { figures } = readJson<Baseline>(baselineFile);
      expect(Object.keys(figures)).toEqual(Object.keys(shipped.figures));
      for (const [key, { value, tolerance }] of Object.entries(figures)) {
        expect(value, key).toBeGreaterThanOrEqual(0);
        expect(tolerance).toBe(shipped.figures[key]!.tolerance);
      }
      expect(figures['synth.luts']!.value).toBe(readJson<{ luts: number }>(out('synth.json')).luts);
      expect(readJson(out('simulate.json'))).toMatchObject({ bitExact: true, cycleExact: true });
      expect(readFileSync(out('simulate.xml'), 'utf8')).toMatch(
        /<testsuite name="sdq\.simulate\.values" tests="\d+" failures="0"/,
      );
      expect(existsSync(out('build/sdq_top.v'))).toBe(true);
    });

    it('passes on the same design, and fails when a figure of the baseline is smaller', async () => {
      const baseline = readJson<Baseline>(baselineFile);
      const luts = baseline.figures['synth.luts']!;
      writeFileSync(
        baselineFile,
        JSON.stringify({
          ...baseline,
          figures: { ...baseline.figures, 'synth.luts': { ...luts, value: Math.floor(luts.value * 0.9) } },
        }),
      );
      const grown = await check();
      expect(grown.code, grown.stderr).toBe(1);
      // Alone: everything else is as stored.
      expect(grown.stdout).toContain('\nWORSE than the baseline allows: synth.luts\n');
      const results = ['generate', 'simulate', 'synth'].map((name) => `ci/out/${name}.json`);
      writeFileSync(baselineFile, JSON.stringify(baseline));
      const same = await run('npx', ['--no', 'sdq', 'baseline', 'check', 'ci/baseline.json', '--results', ...results]);
      expect(same.code, same.stderr).toBe(0);
      expect(same.stdout).toMatch(/None of \d+ figures is worse/);
    });
  });
});
