/** A line of "sdq doctor". */
export interface Check {
  readonly name: string;
  readonly found: boolean;
  /** Version or path if found, else how to get it. */
  readonly detail: string;
  /** What it is for. */
  readonly enables: string;
}
