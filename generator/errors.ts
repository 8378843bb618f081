/** Bad usage or bad input. The message is one sentence that names the file or field; the command line exits with 2. */
export class InputError extends Error {
  override readonly name = 'InputError';
}
