/** What went wrong, for programs that branch on it. */
export type VerilatorErrorCode =
  | 'VERILATOR_NOT_FOUND'
  | 'VERILATOR_TOO_OLD'
  | 'CXX_NOT_FOUND'
  | 'CXX_BROKEN'
  | 'INSTALL_FAILED'
  | 'BAD_OPTION'
  | 'VERILOG_FAILED'
  | 'CXX_FAILED'
  | 'LINK_FAILED'
  | 'ABORTED';

/** How much of a tool's output an error keeps, counted from its end: the last error is what a reader looks for. */
const OUTPUT_TAIL_LINES = 40;

/**
 * The only error this package throws on purpose. `message` is one sentence with the evidence, followed by the next
 * step; `output` is the tail of the tool's own words.
 */
export class VerilatorError extends Error {
  override readonly name = 'VerilatorError';
  readonly code: VerilatorErrorCode;
  /** Last lines of what the failing tool printed; empty when no tool ran. */
  readonly output: string;
  /** What the user can do about it. */
  readonly nextStep: string;

  constructor(code: VerilatorErrorCode, summary: string, nextStep: string, output = '') {
    super(`${/[.!?:;)]$/.test(summary) ? summary : `${summary}.`} ${nextStep}`.trim());
    this.code = code;
    this.nextStep = nextStep;
    this.output = tail(output, OUTPUT_TAIL_LINES);
  }
}

/** The last `lines` lines of a text, without trailing white space. */
export function tail(text: string, lines: number): string {
  const all = text.trimEnd().split('\n');
  return all.slice(-lines).join('\n');
}

/** The first line that looks like an error or a fatal warning, else the last line; '' for empty output. */
export function firstErrorLine(output: string): string {
  const lines = output.split('\n').map((line) => line.trim());
  const hit = lines.find((line) => ERROR_LINE.test(line) && !line.startsWith('%Error: Exiting due to'));
  return hit ?? lines.filter((line) => line !== '').at(-1) ?? '';
}

const ERROR_LINE = /(^%(Error|Warning)|\berror\b:|^E: |undefined reference)/i;
