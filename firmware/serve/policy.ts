/**
 * What the web page may do: run its own scripts and WebAssembly, and read files from where it came from. Stands in the
 * page itself, for any static host, and in what "sdq serve" answers.
 */
export const PAGE_POLICY = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "worker-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');
