/**
 * Rows scaled to length 1 on the CPU.
 *
 * @module
 */

/** Scales rows to length 1 in place, in f64; rows of zeros stay. */
export function scaleToUnitRows(data: Float32Array, width: number): void {
  for (let start = 0; start < data.length; start += width) {
    let squares = 0;
    for (let i = start; i < start + width; i++) squares += data[i]! ** 2;
    const scale = squares > 0 ? 1 / Math.sqrt(squares) : 0;
    for (let i = start; i < start + width; i++) data[i]! *= scale;
  }
}
