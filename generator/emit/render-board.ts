/** What a board has around the accelerator: wrapper, constraints, and a script that makes the bitstream. */

import type { Board, BoardDevice, SdramPins } from '../boards/board.js';
import { pllFor } from '../boards/pll.js';
import { uartRate } from '../boards/uart.js';
import {
  BOARD_TOP,
  boardListFile,
  constraintFile,
  netlistFile,
  scriptFile,
  wrapperFile,
} from '../synth/board-files.js';
import {
  boardRouterArguments,
  isRouted,
  packArguments,
  programCommand,
  type RoutedBoard,
} from '../synth/place-route.js';
import { synthCommand } from '../synth/targets.js';
import { ROUTING_TOOLS } from '../synth/tools.js';
import type { TraceWidths } from './render-decoder.js';
import { render, separated } from './template.js';

export const BOARD_TEMPLATES = ['sdq_board.v.hbs', 'board.pcf.hbs', 'board.lpf.hbs', 'build.sh.hbs'] as const;
type BoardTemplate = (typeof BOARD_TEMPLATES)[number] | 'files.f.hbs';

/** Paths within the build folder. */
interface Verilog {
  readonly design: readonly string[];
  /** Modules that only the wrapper uses. */
  readonly board: readonly string[];
}

/**
 * Renders the files of a board, by path within the build folder; none for a board that is only simulated.
 *
 * @param sdram whether weights lie in the board's SDRAM
 * @param trace of a decoder's trace ports, which a board leaves open
 * @throws RangeError if no PLL or UART makes the rates that the board's file asks for
 */
export function renderBoard(
  board: Board,
  preamble: readonly string[],
  templates: Readonly<Record<BoardTemplate, string>>,
  verilog: Verilog,
  sdram: boolean,
  trace: TraceWidths | null,
): [path: string, text: string][] {
  if (!isRouted(board) || board.link.kind !== 'uart') return [];
  const { device, link, family } = board;
  const pll = pllFor(family, device.oscillator.hz, board.clockHz);
  const context = {
    preamble,
    board: board.name,
    constants: device.constants,
    sdram,
    trace,
    sdramPins: `sdq_sdram_pins_${family}`,
    pll: {
      module: pll.module,
      parameters: separated(Object.entries(pll.parameters).map(([name, value]) => ({ name, value }))),
    },
    uart: uartRate(board.clockHz, link.baud),
    ledActiveLow: device.led.activeLow ? 1 : 0,
  };
  const pins = {
    preamble,
    pins: [...pinsOf(device), ...(sdram ? sdramPinsOf(device.sdram!) : [])],
    oscillatorMHz: device.oscillator.hz / 1e6,
  };
  const script = {
    preamble,
    board: board.name,
    commands: commandsOf(board, [...verilog.design, ...verilog.board, wrapperFile]),
    program: programCommand(board),
  };
  const constraints = family === 'ice40' ? templates['board.pcf.hbs'] : templates['board.lpf.hbs'];
  return [
    [wrapperFile, render(templates['sdq_board.v.hbs'], context)],
    [boardListFile, render(templates['files.f.hbs'], { files: [...verilog.board, wrapperFile] })],
    [constraintFile(family), render(constraints, pins)],
    [scriptFile, render(templates['build.sh.hbs'], script)],
  ];
}

/** The wrapper's ports with their pins. */
function pinsOf(device: BoardDevice): { port: string; pin: string; pullUp: boolean }[] {
  return [
    { port: 'clk_i', pin: device.oscillator.pin, pullUp: false },
    { port: 'reset_ni', ...device.reset },
    { port: 'rx_i', ...device.rx },
    { port: 'tx_o', ...device.tx },
    { port: 'led_o', ...device.led },
    ...device.constants.map(({ name, pin }) => ({ port: `${name}_o`, pin, pullUp: false })),
  ];
}

function sdramPinsOf(pins: SdramPins): { port: string; pin: string; pullUp: boolean }[] {
  const located = (port: string, pin: string) => ({ port, pin, pullUp: false });
  const bus = (port: string, list: readonly string[]) => list.map((pin, i) => located(`${port}[${i}]`, pin));
  return [
    located('sdram_clk_o', pins.clk),
    located('sdram_cke_o', pins.cke),
    located('sdram_cs_no', pins.cs),
    located('sdram_ras_no', pins.ras),
    located('sdram_cas_no', pins.cas),
    located('sdram_we_no', pins.we),
    ...bus('sdram_ba_o', pins.ba),
    ...bus('sdram_addr_o', pins.addr),
    ...bus('sdram_dqm_o', pins.dqm),
    ...bus('sdram_dq_io', pins.dq),
  ];
}

/** From the Verilog to a bitstream. */
function commandsOf(board: RoutedBoard, verilog: readonly string[]): string[] {
  const { router, packer } = ROUTING_TOOLS[board.family];
  const script = [
    `read_verilog ${verilog.join(' ')}`,
    `hierarchy -top ${BOARD_TOP}`,
    `${synthCommand(board.family, BOARD_TOP)} -json ${netlistFile}`,
  ].join('; ');
  return [
    `yosys -q -p '${script}'`,
    [router.names[0], ...boardRouterArguments(board)].join(' '),
    [packer.names[0], ...packArguments(board)].join(' '),
  ];
}
