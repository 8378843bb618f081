/**
 * Runs cocotb tests from Node.js and gives them a TypeScript golden model as an oracle.
 * @packageDocumentation
 */
export {
  type Detection,
  detect,
  type FoundPython,
  type FoundSimulator,
  type Simulator,
  verilatorFor,
} from './detect.js';
export { type OracleHandler, type OracleServer, serveOracle, serveOracleStreams } from './oracle.js';
export { type CocotbOptions, type CocotbResult, type CocotbTest, PYTHON_DIR, runCocotb } from './run.js';
