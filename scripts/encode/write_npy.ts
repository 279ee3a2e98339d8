/**
 * Matrices in NumPy's `.npy` format, version 1.0.
 * Format: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
 *
 * @module
 */

/** Data starts at a multiple of this, so that it can be mapped into memory. */
const ALIGNMENT = 64;
const PREFIX_BYTES = 10;

/**
 * The bytes of a `.npy` file: float32, little-endian, C order, shape (rows, width).
 *
 * @param values rows × width numbers, row-major.
 */
export function encodeNpy(
  values: Float32Array<ArrayBuffer>,
  width: number,
): Uint8Array<ArrayBuffer> {
  const shape = `(${values.length / width}, ${width})`;
  const description = `{'descr': '<f4', 'fortran_order': False, 'shape': ${shape}, }`;
  const dataStart = Math.ceil((PREFIX_BYTES + description.length + 1) / ALIGNMENT) * ALIGNMENT;
  const header = `${description.padEnd(dataStart - PREFIX_BYTES - 1)}\n`;

  const bytes = new Uint8Array(dataStart + values.byteLength);
  bytes.set([0x93, ...new TextEncoder().encode("NUMPY"), 1, 0]);
  new DataView(bytes.buffer).setUint16(8, header.length, true);
  bytes.set(new TextEncoder().encode(header), PREFIX_BYTES);
  bytes.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), dataStart);
  return bytes;
}
