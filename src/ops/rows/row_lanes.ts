/**
 * How many invocations share a row in kernels that add up along rows.
 *
 * @module
 */

/** Lanes for rows of a width: a power of two, so that each takes about eight numbers, up to 64. */
export function lanesFor(width: number): number {
  return Math.min(64, 2 ** Math.ceil(Math.log2(Math.ceil(width / 8))));
}
