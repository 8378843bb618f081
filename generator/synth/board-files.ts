/** Names within a build folder of what a board has, and of what its tools write. */

/** The families that have an open router. */
export const ROUTED_FAMILIES = ['ice40', 'ecp5'] as const;
export type RoutedFamily = (typeof ROUTED_FAMILIES)[number];

/** Whether designs of a family can be placed and routed. */
export const isRoutedFamily = (family: string): family is RoutedFamily =>
  (ROUTED_FAMILIES as readonly string[]).includes(family);

/** Folder of everything that only a board needs. */
export const BOARD_FOLDER = 'board';

/** The wrapper's module. */
export const BOARD_TOP = 'sdq_board';

const file = (extension: string): string => `${BOARD_FOLDER}/${BOARD_TOP}.${extension}`;

export const wrapperFile: string = file('v');
export const netlistFile: string = file('json');
/** The Verilog of this folder, one path per line. */
export const boardListFile = `${BOARD_FOLDER}/files.f`;
export const scriptFile = `${BOARD_FOLDER}/build.sh`;

/** Pins and the oscillator's clock. */
export const constraintFile = (family: RoutedFamily): string => file(family === 'ice40' ? 'pcf' : 'lpf');

/** What the router writes. */
export const routedFile = (family: RoutedFamily): string => file(family === 'ice40' ? 'asc' : 'config');

export const bitstreamFile = (family: RoutedFamily): string => file(family === 'ice40' ? 'bin' : 'bit');
