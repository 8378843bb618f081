import type { Command } from 'commander';
import { loadBoard } from '../../boards/node/load.js';
import type { Image } from '../../image/image.js';
import { readPlan } from '../../plan/node/read-plan.js';
import { planFacts } from '../../report/facts.js';
import { writeReport } from '../../report/node/write-report.js';
import { type WeightStatistics, weightStatistics } from '../../report/weight-statistics.js';
import type { CommandResult, Register } from '../command.js';
import { remaining, sizeText, startProgress } from '../progress.js';
import { outputPath, userPath } from '../values.js';
import { checkSamePlan, openUserWeights } from '../weights.js';

interface ReportOptions {
  readonly plan: string;
  readonly weights?: string;
  readonly output: string;
}

export function addReport(program: Command, register: Register): void {
  const command = program
    .command('report')
    .description('write one self-contained page about a plan, and about its weights if they are given')
    .requiredOption('--plan <file>', 'plan file from "sdq plan"')
    .option('--weights <file>', 'weights.sdq made for the plan: adds its symbols and scales, and checks every checksum')
    .requiredOption('-o, --output <file>', 'page to write (HTML)')
    .addHelpText(
      'after',
      `
Examples:
  $ sdq report --plan plan.json -o report.html
  $ sdq report --plan plan.json --weights weights.sdq -o report.html`,
    );
  register(command, report);
}

/** Writes the page of a plan. */
export function report(options: ReportOptions): CommandResult {
  const plan = readPlan(userPath(options.plan));
  const facts = planFacts(plan, loadBoard(plan.board, plan.placement));
  const file = outputPath(options.output, [options.plan, options.weights]);
  const image = options.weights === undefined ? null : openUserWeights(options.weights);
  if (image) checkSamePlan(facts.planHash, image.planHash, options.plan, options.weights!);
  const statistics = image && statisticsOf(image);
  const bytes = writeReport(file, facts, statistics);
  const json = {
    file,
    bytes,
    planHash: facts.planHash,
    linears: facts.linears.length,
    meanOsr: facts.meanOsr,
    bitsPerWeight: facts.bitsPerWeight,
    expectedSnrDb: facts.snrDb,
    cycles: facts.cycles.engine,
    bound: facts.bound.bound,
    utilisation: facts.utilisation,
    symbols: statistics?.total ?? null,
  };
  return { json, text: `Wrote ${options.output} (${sizeText(bytes)}) for plan ${facts.planHash}.` };
}

function statisticsOf(image: Image): WeightStatistics {
  const progress = startProgress('Reading the weights');
  const started = Date.now();
  try {
    return weightStatistics(image, (index) => progress.update(remaining(index, image.plan.linears.length, started)));
  } finally {
    progress.stop();
  }
}
