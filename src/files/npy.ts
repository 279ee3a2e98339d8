/**
 * Reads matrices from NumPy's `.npy` files, a few rows at a time, so that a file may be larger than
 * memory. Format: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
 *
 * @module
 */

import { InputError } from "../input_error.ts";
import { cutShort, type SourceFile } from "./source.ts";

/** A matrix in a file. */
export interface NpyMatrix {
  /** Number of rows. */
  readonly rows: number;
  /** Number of columns. */
  readonly width: number;
  /**
   * Rows `[from, to)`, row-major.
   *
   * @throws {InputError} A value is not finite in 32 bits: told by row and column, from 0.
   */
  readonly read: (from: number, to: number) => Promise<Float32Array<ArrayBuffer>>;
}

type FloatArray = Float16Array | Float32Array | Float64Array;

interface Layout {
  readonly file: SourceFile;
  readonly rows: number;
  readonly width: number;
  readonly dataStart: number;
  readonly fortranOrder: boolean;
  readonly ArrayType: new (bytes: ArrayBuffer) => FloatArray;
  readonly bytesPerValue: number;
}

// Little-endian, as every machine that runs Deno.
const FLOAT_TYPES: Readonly<
  Record<string, typeof Float16Array | typeof Float32Array | typeof Float64Array>
> = {
  "<f2": Float16Array,
  "<f4": Float32Array,
  "<f8": Float64Array,
};

const MAGIC = "\x93NUMPY";

const PIECE_BYTES = 4 << 20;

/**
 * Opens a matrix of floats. Nothing but the header is read yet.
 *
 * Rows in C order come straight from the file at each `read`; a file in Fortran order is transposed into
 * memory at the first one, since each of its rows is spread over the whole file.
 *
 * @throws {InputError} Not a `.npy` file, cut short, not a matrix, or not of `<f2`, `<f4` or `<f8`.
 */
export async function openNpyMatrix(file: SourceFile): Promise<NpyMatrix> {
  const layout = await readLayout(file);
  const { rows, width } = layout;
  let transposed: Promise<Float32Array<ArrayBuffer>> | undefined;
  const read = async (from: number, to: number) => {
    if (!layout.fortranOrder) return await readRows(layout, from, to);
    transposed ??= readTransposed(layout);
    return (await transposed).slice(from * width, to * width);
  };
  return { rows, width, read };
}

async function readLayout(file: SourceFile): Promise<Layout> {
  const { path, size } = file;
  const start = await file.read(0, Math.min(size, 12));
  if (String.fromCharCode(...start.subarray(0, 6)) !== MAGIC) {
    throw new InputError(`${path} is not a .npy file: it does not start with "\\x93NUMPY".`);
  }
  const version = start[6];
  if (version !== 1 && version !== 2 && version !== 3) {
    throw new InputError(`${path}: .npy version ${version} is not 1, 2 or 3.`);
  }
  const headerStart = version === 1 ? 10 : 12;
  if (size < headerStart) throw cutShort(path, headerStart, size);
  const view = new DataView(start.buffer);
  const headerLength = version === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  const dataStart = headerStart + headerLength;
  if (size < dataStart) throw cutShort(path, dataStart, size);
  const header = new TextDecoder().decode(await file.read(headerStart, dataStart));

  const description = /'descr': *('[^']*'|\[.*\])/.exec(header)?.[1];
  const order = /'fortran_order': *(True|False)/.exec(header)?.[1];
  const shapeText = /'shape': *\(([^)]*)\)/.exec(header)?.[1];
  if (description === undefined || order === undefined || shapeText === undefined) {
    throw new InputError(`${path}: the .npy header is malformed: ${JSON.stringify(header.trim())}`);
  }
  const descr = description.replaceAll("'", "");
  const ArrayType = FLOAT_TYPES[descr];
  if (!ArrayType) {
    throw new InputError(`${path}: values of type "${descr}" are not one of <f2, <f4, <f8.`);
  }
  const shape = shapeText.split(",").filter((part) => part.trim() !== "").map(Number);
  const [rows, width] = shape;
  if (shape.length !== 2 || !rows || !width) {
    throw new InputError(`${path}: shape (${shapeText}) is not that of a matrix, (rows, columns).`);
  }
  const bytesPerValue = ArrayType.BYTES_PER_ELEMENT;
  const end = dataStart + rows * width * bytesPerValue;
  if (size < end) throw cutShort(path, end, size);
  return {
    file,
    rows,
    width,
    dataStart,
    fortranOrder: order === "True",
    ArrayType,
    bytesPerValue,
  };
}

async function readRows(
  layout: Layout,
  from: number,
  to: number,
): Promise<Float32Array<ArrayBuffer>> {
  const { width } = layout;
  const result = new Float32Array((to - from) * width);
  const step = Math.max(1, Math.floor(PIECE_BYTES / (width * layout.bytesPerValue)));
  for (let row = from; row < to; row += step) {
    const stop = Math.min(row + step, to);
    const piece = await readValues(layout, row * width, stop * width);
    const target = result.subarray((row - from) * width, (stop - from) * width);
    target.set(piece);
    const bad = target.findIndex((value) => !Number.isFinite(value));
    if (bad >= 0) {
      throw notFinite(layout.file.path, row + Math.floor(bad / width), bad % width, piece[bad]!);
    }
  }
  return result;
}

/** The whole matrix, row-major, from a file that holds column after column. */
async function readTransposed(layout: Layout): Promise<Float32Array<ArrayBuffer>> {
  const { rows, width } = layout;
  const result = new Float32Array(rows * width);
  const step = Math.max(1, Math.floor(PIECE_BYTES / (rows * layout.bytesPerValue)));
  for (let column = 0; column < width; column += step) {
    const stop = Math.min(column + step, width);
    const piece = await readValues(layout, column * rows, stop * rows);
    for (let row = 0; row < rows; row++) {
      for (let each = column; each < stop; each++) {
        const value = piece[(each - column) * rows + row]!;
        result[row * width + each] = value;
        if (!Number.isFinite(result[row * width + each])) {
          throw notFinite(layout.file.path, row, each, value);
        }
      }
    }
  }
  return result;
}

/** Values `[from, to)` in the order of the file. */
async function readValues(layout: Layout, from: number, to: number): Promise<FloatArray> {
  const { file, dataStart, bytesPerValue, ArrayType } = layout;
  const bytes = await file.read(
    dataStart + from * bytesPerValue,
    dataStart + to * bytesPerValue,
  );
  return new ArrayType(bytes.buffer);
}

/** The error for a value that 32 bits cannot hold; rows and columns count from 0. */
export function notFinite(source: string, row: number, column: number, value: number): InputError {
  return new InputError(
    `${source} row ${row}, column ${column} (counted from 0): ` +
      `${value} is not a finite 32-bit number.`,
  );
}
