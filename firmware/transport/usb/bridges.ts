/** USB devices behind which a board may be. */

export interface Bridge {
  readonly vendorId: number;
  readonly productId: number;
  readonly chip: string;
  /** Boards of `generator/boards` with this bridge, for people. */
  readonly boards: readonly string[];
  /** The interface whose pins are the board's serial line, counted from 0; others program the device. */
  readonly serialInterface: number;
}

export const FTDI_VENDOR_ID = 0x0403;

export const BRIDGES: readonly Bridge[] = [
  { vendorId: FTDI_VENDOR_ID, productId: 0x6010, chip: 'FT2232H', boards: ['iCEBreaker'], serialInterface: 1 },
  { vendorId: FTDI_VENDOR_ID, productId: 0x6015, chip: 'FT231X', boards: ['ULX3S'], serialInterface: 0 },
  { vendorId: FTDI_VENDOR_ID, productId: 0x6014, chip: 'FT232H', boards: [], serialInterface: 0 },
  { vendorId: FTDI_VENDOR_ID, productId: 0x6011, chip: 'FT4232H', boards: [], serialInterface: 2 },
  { vendorId: FTDI_VENDOR_ID, productId: 0x6001, chip: 'FT232R', boards: [], serialInterface: 0 },
];

/** The bridge with these numbers, or undefined. */
export function findBridge(vendorId: number, productId: number): Bridge | undefined {
  return BRIDGES.find((bridge) => bridge.vendorId === vendorId && bridge.productId === productId);
}
