import type { Command } from 'commander';
import { loadBoard } from '../../boards/node/load.js';
import { InputError } from '../../errors.js';
import { openImage } from '../../image/node/open-image.js';
import { readPlan } from '../../plan/node/read-plan.js';
import type { Plan } from '../../plan/types.js';
import { type PlanFacts, planFacts } from '../../report/facts.js';
import { writeReport } from '../../report/node/write-report.js';
import { type WeightStatistics, weightStatistics } from '../../report/weight-statistics.js';
import type { CommandResult, Register } from '../command.js';
import { remaining, sizeText, startProgress } from '../progress.js';
import { userPath } from '../values.js';
import { checkSamePlan } from '../weights.js';

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
  const facts = factsOf(readPlan(userPath(options.plan)), options.plan);
  const statistics = options.weights === undefined ? null : statisticsOf(facts, options.weights, options.plan);
  const bytes = writeReport(userPath(options.output), facts, statistics);
  const json = {
    file: userPath(options.output),
    bytes,
    planHash: facts.planHash,
    linears: facts.linears.length,
    meanOsr: facts.meanOsr,
    bitsPerWeight: facts.bitsPerWeight,
    cycles: facts.cycles.engine,
    utilisation: facts.utilisation,
    symbols: statistics?.total ?? null,
  };
  return { json, text: `Wrote ${options.output} (${sizeText(bytes)}) for plan ${facts.planHash}.` };
}

/** A plan whose linears do not fit its array is bad input here. */
function factsOf(plan: Plan, file: string): PlanFacts {
  try {
    return planFacts(plan, loadBoard(plan.board));
  } catch (error) {
    if (error instanceof RangeError) throw new InputError(`${file}: ${error.message}`, { cause: error });
    throw error;
  }
}

function statisticsOf(facts: PlanFacts, file: string, planFile: string): WeightStatistics {
  const image = openImage(userPath(file));
  checkSamePlan(facts.planHash, image.planHash, planFile, file);
  const progress = startProgress('Reading the weights');
  const started = Date.now();
  try {
    return weightStatistics(image, (index) => progress.update(remaining(index, facts.linears.length, started)));
  } finally {
    progress.stop();
  }
}
