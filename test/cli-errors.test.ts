import { copyFileSync, cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Case, type Prepared, prepare, refusalOf, refusals, sdq, writeSmallModel } from './support/cli.js';
import { writeLlama2c } from './support/llama2c-writer.js';
import { assembleSafetensors } from './support/safetensors-writer.js';
import { tempDirectory } from './support/temp.js';

const folder = tempDirectory();
const file = (name: string): string => join(folder, name);
let small: Prepared;

/** A copy of the small model with a file changed. */
function damagedModel(name: string, change: (model: string) => void): void {
  cpSync(small.model, file(name), { recursive: true });
  change(file(name));
}

const rewrite = (path: string, change: (bytes: Buffer) => Uint8Array | string): void =>
  writeFileSync(path, change(readFileSync(path)));

/** Bytes with one bit changed. */
function flipped(bytes: Buffer, at: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[at]! ^= 1;
  return copy;
}

/** Where the first linear lies: behind header, directory and plan (docs/image.md). */
const firstLinear = (image: Buffer): number => 60 + image.readUInt32LE(40) + image.readUInt32LE(48);

/** The plan with fields of JSON replaced. */
function editedPlan(name: string, edit: (plan: Editable) => void): void {
  const plan = JSON.parse(readFileSync(small.plan, 'utf8')) as Editable;
  edit(plan);
  writeFileSync(file(name), JSON.stringify(plan, null, 2));
}

interface Editable {
  board: string;
  placement: string;
  array: { lanes: number; rows: number };
  memory: { weights: { words: number } };
  linears: { osr: unknown; rows: number }[];
  [field: string]: unknown;
}

beforeAll(async () => {
  const model = writeSmallModel(file('small'));
  small = await prepare(folder, model, ['--osr', '2']);

  damagedModel('truncated', (path) => rewrite(join(path, 'model.safetensors'), (bytes) => bytes.subarray(0, -100)));
  damagedModel('cut-header', (path) => rewrite(join(path, 'model.safetensors'), (bytes) => bytes.subarray(0, 60)));
  damagedModel('huge-header', (path) =>
    rewrite(join(path, 'model.safetensors'), (bytes) => Buffer.concat([Buffer.alloc(8, 0xff), bytes.subarray(8)])),
  );
  damagedModel('far-offsets', (path) => {
    const entry = { dtype: 'F32', shape: [300, 64], data_offsets: [0, 2 ** 52] };
    const header = JSON.stringify({ 'model.embed_tokens.weight': entry });
    writeFileSync(join(path, 'model.safetensors'), assembleSafetensors(header, Buffer.alloc(64)));
  });
  damagedModel('not-a-number', (path) =>
    rewrite(join(path, 'model.safetensors'), (bytes) => bytes.fill(0xff, bytes.length - 40000, bytes.length - 39000)),
  );
  damagedModel('foreign', (path) =>
    rewrite(join(path, 'config.json'), (bytes) => bytes.toString().replace('LlamaForCausalLM', 'GPT2LMHeadModel')),
  );
  mkdirSync(file('pytorch'));
  copyFileSync(join(small.model, 'config.json'), join(file('pytorch'), 'config.json'));
  writeFileSync(join(file('pytorch'), 'pytorch_model.bin'), 'PK');
  mkdirSync(file('empty-folder'));
  mkdirSync(file('my-documents'));
  writeFileSync(join(file('my-documents'), 'letter.txt'), 'Dear');
  cpSync(file('my-documents'), file('documents/build'), { recursive: true });
  writeSmallModel(file('wider'), { hidden_size: 96, head_dim: 24 });
  const sizes = { dim: 32, hidden: 40, layers: 1, heads: 2, kvHeads: 2, vocab: 300, context: 16 };
  writeLlama2c(file('model.bin'), sizes, true);

  editedPlan('wrong-field.json', (plan) => {
    plan.linears[3]!.osr = 'two';
  });
  editedPlan('unknown-field.json', (plan) => {
    plan.colour = 'green';
  });
  editedPlan('wrong-rows.json', (plan) => {
    plan.linears[2]!.rows = 65;
  });
  editedPlan('wrong-board.json', (plan) => {
    plan.board = 'breadboard';
  });
  editedPlan('decoder.json', (plan) => {
    plan.placement = 'decoder';
  });
  cpSync(small.build, file('mixed'), { recursive: true });
  editedPlan('mixed/plan.json', (plan) => {
    plan.generator = 'another tool';
  });
  editedPlan('lanes.json', (plan) => {
    plan.array.lanes = 7;
  });
  editedPlan('memory.json', (plan) => {
    plan.memory.weights.words--;
  });
  writeFileSync(file('not-json.json'), '{\n  "format": \n}');
  writeFileSync(file('osr.json'), '{"0": {"self_attn.q_proj": {"osr_proj": 0.5}}}');
  writeFileSync(file('empty.txt'), ' \n');
  writeFileSync(file('good.txt'), 'the cat sat');
  writeFileSync(file('bad.jsonl'), '{"text": "a"}\n{"text": \n');
  writeFileSync(file('text.md'), 'that');
  rewrite(small.weights, (bytes) => {
    writeFileSync(file('magic.sdq'), Buffer.concat([Buffer.from('PK'), bytes.subarray(2)]));
    writeFileSync(file('cut.sdq'), bytes.subarray(0, bytes.length / 2));
    writeFileSync(file('bad-linear.sdq'), flipped(bytes, firstLinear(bytes)));
    writeFileSync(file('bad-array.sdq'), flipped(bytes, bytes.length - 1));
    return bytes;
  });
});

const quantize = (...args: string[]): string[] => ['quantize', 'small', '--plan', 'plan.json', ...args];
const simulate = (...args: string[]): string[] => [
  ...['simulate', 'build', '--model', 'small', '--weights', 'weights.sdq'],
  ...args,
];

const USAGE: readonly Case[] = [
  { what: 'an unknown command', args: ['quantise'], says: /unknown command 'quantise'.*quantize/ },
  {
    what: 'an unknown option',
    args: ['inspect', 'small', '--jsn'],
    says: /unknown option '--jsn'.*\(see "sdq inspect --help"\)/,
  },
  { what: 'no model', args: ['inspect'], says: /missing required argument 'model'/ },
  { what: 'two models', args: ['inspect', 'small', 'small'], says: /too many arguments/ },
  { what: 'no plan', args: ['quantize', 'small', '-o', 'x.sdq'], says: /--plan <file>' not specified/ },
  { what: '--osr below 1', args: ['plan', 'small', '--osr', '0.5'], says: /'0.5' is invalid.* 1 to 8/ },
  { what: '--osr that is no number', args: ['plan', 'small', '--osr', 'nan'], says: /'nan' is invalid/ },
  { what: '--osr without bound', args: ['plan', 'small', '--osr', 'Infinity'], says: /'Infinity' is invalid/ },
  { what: 'a budget of 0', args: ['plan', 'small', '--budget', '0'], says: /'0' is invalid.*6MiB/ },
  { what: 'a budget in litres', args: ['plan', 'small', '--budget', '3l'], says: /'3l' is invalid/ },
  { what: 'an unknown shape', args: ['plan', '--shape', 'gpt-2'], says: /'gpt-2' is invalid.*opt-125m/ },
  { what: 'an unknown alphabet', args: ['plan', 'small', '--alphabet', 'greek'], says: /ternary, binary/ },
  { what: 'neither model nor shape', args: ['plan', '--osr', '2'], says: /give a MODEL, --shape NAME or --stats/ },
  { what: 'two targets', args: ['plan', 'small', '--osr', '2', '--budget', '1MiB'], says: /exclude each other/ },
  {
    what: 'a block of 48',
    args: ['plan', 'small', '--block', '48'],
    says: /'48' is invalid.* One of 32, 64, 128, 256/,
  },
  {
    what: 'a decoder whose vectors no device frames',
    args: ['plan', 'small', '--placement', 'decoder', '--frame', 'fourier', '-o', 'x.json'],
    says: /the device frames mode hadamard only/,
  },
  {
    what: 'a decoder on a board that is too small for its units',
    args: ['plan', 'small', '--placement', 'decoder', '--board', 'icebreaker', '--uniform', '-o', 'x.json'],
    says: /take \d+ LUTs, and an array comes on top; board icebreaker has 5280/,
  },
  {
    what: 'the table engine in placement decoder',
    args: ['plan', 'small', '--placement', 'decoder', '--board', 'sim-lut6', '--engine', 'table'],
    says: /--engine table is for placement linear/,
  },
  {
    what: 'a context longer than the model has',
    args: ['plan', 'small', '--context', '100000'],
    says: /can be shortened, not made 100000/,
  },
  {
    what: 'a tokenizer without a model',
    args: ['plan', '--shape', 'opt-125m', '--tokenizer', 'small/tokenizer.json'],
    says: /--tokenizer goes with a MODEL/,
  },
  { what: 'an empty name', args: ['generate', '--plan', 'plan.json', '-o', ''], says: /name .* is empty/ },
  {
    what: 'an unknown board',
    args: ['plan', 'small', '--board', 'breadboard'],
    says: /no board breadboard; there are/,
  },
  { what: '0 tokens', args: simulate('--tokens', '0'), says: /'0' is invalid.*at least 1/ },
  { what: 'half a token', args: simulate('--tokens', '1.5'), says: /'1.5' is invalid/ },
  {
    what: 'one file for two results',
    args: ['plan', 'small', '-o', 'x.json', '--export-osr-config', './x.json'],
    says: /name the same file/,
  },
  {
    what: 'sigma-delta on a hadamard frame',
    args: quantize('-o', 'x.sdq', '--search', 'sigma-delta'),
    says: /sigma-delta needs a plan made with --frame fourier/,
  },
];

const MODELS: readonly Case[] = [
  { what: 'that is not there', args: ['inspect', 'nowhere'], says: /nowhere: no such file or directory/ },
  { what: 'without weights', args: ['inspect', 'empty-folder'], says: /empty-folder.*config\.json: no such file/ },
  {
    what: 'of another kind',
    args: ['inspect', 'foreign'],
    says: /config\.json: architectures names "GPT2LMHeadModel"/,
  },
  { what: 'in PyTorch format', args: ['inspect', 'pytorch'], says: /pytorch_model\.bin .*convert it/ },
  {
    what: 'given as a PyTorch file',
    args: ['inspect', 'pytorch/pytorch_model.bin'],
    says: /PyTorch checkpoint: convert/,
  },
  { what: 'that is truncated', args: ['inspect', 'truncated'], says: /truncated.*past the end of the file/ },
  { what: 'that ends in its header', args: ['inspect', 'cut-header'], says: /ends within its header/ },
  { what: 'with a header of 2^64 bytes', args: ['inspect', 'huge-header'], says: /18446744073709551615 bytes/ },
  { what: 'with offsets beyond its end', args: ['inspect', 'far-offsets'], says: /reach past the end of the file/ },
  {
    what: 'with a weight that is no number',
    args: ['quantize', 'not-a-number', '--plan', 'plan.json', '-o', 'x.sdq'],
    says: /tensor .* holds NaN at index/,
    progress: true,
  },
  {
    what: 'without tokenizer',
    args: ['eval', 'model.bin', '--text', 'bad.jsonl'],
    says: /model\.bin .*--tokenizer FILE/,
  },
  {
    what: 'that the plan is not for',
    args: ['quantize', 'wider', '--plan', 'plan.json', '-o', 'x'],
    says: /"dim" is 64/,
  },
];

const PLANS: readonly Case[] = [
  { what: 'that is not there', args: ['generate', '--plan', 'no.json', '-o', 'b'], says: /no\.json: no such file/ },
  {
    what: 'that is not JSON',
    args: ['generate', '--plan', 'not-json.json', '-o', 'b'],
    says: /not-json\.json is not JSON/,
  },
  {
    what: 'with a wrong field',
    args: ['generate', '--plan', 'wrong-field.json', '-o', 'b'],
    says: /\$\.linears\[3\]\.osr/,
  },
  {
    what: 'with a field too many',
    args: ['generate', '--plan', 'unknown-field.json', '-o', 'b'],
    says: /\$ has a field "colour"/,
  },
  {
    what: 'with other rows',
    args: ['generate', '--plan', 'wrong-rows.json', '-o', 'b'],
    says: /\$\.linears\[2\]\.rows must be 32/,
  },
  {
    what: 'for an unknown board',
    args: ['generate', '--plan', 'wrong-board.json', '-o', 'b'],
    says: /no board breadboard/,
  },
  {
    what: 'for the whole decoder',
    args: ['generate', '--plan', 'decoder.json', '-o', 'b'],
    says: /\$\.decoder must be there in placement decoder/,
  },
  {
    what: 'with 7 lanes',
    args: ['generate', '--plan', 'lanes.json', '-o', 'b'],
    says: /\$\.array\.lanes must be one of 8, 16/,
  },
  {
    what: 'with other memory',
    args: ['generate', '--plan', 'memory.json', '-o', 'b'],
    says: /\$\.memory\.weights\.words must be/,
  },
  {
    what: 'with an OSR below 1',
    args: ['plan', 'small', '--osr-config', 'osr.json'],
    says: /\$\["0"\]\["self_attn\.q_proj"\]/,
  },
  {
    what: 'that is too large',
    args: ['plan', 'small', '--budget', '1B'],
    says: /too small: .* at OSR 1/,
  },
];

const INPUTS: readonly Case[] = [
  { what: 'an empty text', args: ['eval', 'small', '--text', 'empty.txt'], says: /empty\.txt is empty/ },
  {
    what: 'a text of no known kind',
    args: ['eval', 'small', '--text', 'text.md'],
    says: /must be a \.jsonl or a \.txt/,
  },
  {
    what: 'a bad line of JSON',
    args: ['eval', 'small', '--text', 'bad.jsonl'],
    says: /bad\.jsonl: line 2 is not valid JSON/,
  },
  { what: 'a bad calibration', args: quantize('-o', 'x', '--calibration', 'bad.jsonl'), says: /bad\.jsonl: line 2/ },
  { what: 'a folder that is no build', args: ['schedule', 'my-documents'], says: /my-documents has no plan\.json/ },
  { what: 'a build that is a file', args: ['schedule', 'plan.json'], says: /plan\.json is a file, not a build folder/ },
  {
    what: 'no build to simulate',
    args: ['simulate', 'my-documents', '--model', 'small', '--weights', 'weights.sdq'],
    says: /my-documents has no plan\.json/,
  },
  {
    what: 'a build beside another plan',
    args: ['schedule', 'mixed'],
    says: /the Verilog in .*mixed is that of plan [0-9a-f]{64}, but the plan\.json beside it is [0-9a-f]{64}/,
  },
  {
    what: 'someone’s folder to generate into',
    args: ['generate', '--plan', 'plan.json', '-o', 'my-documents'],
    says: /my-documents is not empty and is not a build folder/,
  },
  ...['inspect', 'plan', 'analyze', 'quantize'].map((command) => ({
    what: `a tokenizer that is none, given to ${command}`,
    args: {
      inspect: ['inspect', 'model.bin', '--tokenizer', 'plan.json'],
      plan: ['plan', 'small', '--tokenizer', 'plan.json'],
      analyze: ['analyze', 'small', '-o', 'x', '--tokenizer', 'plan.json'],
      quantize: quantize('-o', 'x', '--tokenizer', 'plan.json'),
    }[command]!,
    says: /plan\.json: model\.vocab is missing/,
  })),
  ...['linear', 'array'].flatMap((what) =>
    ['eval', 'simulate', 'board', 'run', 'report'].map((command) => ({
      what: `weights damaged in an ${what}, given to ${command}`,
      args: {
        eval: ['eval', 'small', '--text', 'good.txt', '--weights', `bad-${what}.sdq`],
        simulate: simulate('--weights', `bad-${what}.sdq`),
        board: ['board', 'build', '--weights', `bad-${what}.sdq`],
        run: ['run', '--port', '/dev/nowhere', '--model', 'small', '--weights', `bad-${what}.sdq`],
        report: ['report', '--plan', 'plan.json', '--weights', `bad-${what}.sdq`, '-o', 'x.html'],
      }[command]!,
      says:
        what === 'linear'
          ? /damaged: the checksum of layers\.0\.self_attn\.q_proj/
          : /damaged: the checksum of the arrays/,
    })),
  ),
  { what: 'weights that are none', args: simulate('--weights', 'magic.sdq'), says: /magic\.sdq is not a weights\.sdq/ },
  { what: 'weights that are cut', args: simulate('--weights', 'cut.sdq'), says: /cut\.sdq is (truncated|damaged)/ },
  { what: 'no weights', args: ['board', 'build', '--weights', 'no.sdq'], says: /no\.sdq: no such file/ },
  {
    what: 'a prompt beyond the context',
    args: simulate('--prompt', 'b'.repeat(40)),
    says: /prompt is \d+ tokens .* holds 24/,
  },
  {
    what: 'a prompt beyond the context, before a port is opened',
    args: ['run', '--port', '/nowhere', '--model', 'small', '--weights', 'weights.sdq', '--prompt', 'b'.repeat(40)],
    says: /prompt is \d+ tokens .* holds 24/,
  },
  {
    what: 'no such port',
    args: ['run', '--port', '/dev/nowhere', '--model', 'small', '--weights', 'weights.sdq'],
    says: /no port \/dev\/nowhere/,
  },
  {
    what: 'a port that is a file',
    args: ['run', '--port', join(folder, 'plan.json'), '--model', 'small', '--weights', 'weights.sdq'],
    says: /plan\.json is not a serial port\. (Serial ports of this machine|No serial port is plugged in): /,
  },
  {
    what: 'a device that is no port',
    args: ['run', '--port', '/dev/null', '--model', 'small', '--weights', 'weights.sdq'],
    says: /\/dev\/null is not a serial port\. (Serial ports of this machine|No serial port is plugged in): /,
  },
  {
    what: 'a prompt of the demo beyond the context',
    args: ['demo', '-o', 'x', '--prompt', 'b'.repeat(600)],
    says: /prompt is 601 tokens .* holds 256/,
  },
  {
    what: 'someone’s folder in that of the demo',
    args: ['demo', '-o', 'documents'],
    says: /build is not empty and is not a build folder/,
  },
];

describe('bad usage', () => {
  refusals(folder, USAGE);

  it('no command', async () => {
    expect(refusalOf(await sdq([]))).toMatch(/name a command/);
  });
});
describe('an environment', () => {
  it('that the operating system objects to is no defect of sdq', async () => {
    const env = { FPGA_VERILATOR_CACHE: join(small.plan, 'x') };
    const refusal = refusalOf(await sdq(simulate(), { cwd: folder, env }), { progress: true });
    expect(refusal).toMatch(/^ENOTDIR: .*plan\.json/);
  });
});
describe('a model', () => refusals(folder, MODELS));
describe('a plan', () => refusals(folder, PLANS));
describe('bad input', () => refusals(folder, INPUTS));
