/**
 * Dense matrix products of any size, C = A B, and sums of columns, s_c = Σ_r x_rc; linear.ts has their
 * adjoints.
 *
 * The kernel reads rows of A and rows of B, each padded to a multiple of four numbers; an operand that
 * does not lie so in memory is copied first, which costs little beside the product. Where the result is
 * small and the inner dimension long, as for gradients of weights, the inner dimension is split, and
 * the parts are added up in their order. A large product is cut into several dispatches, each some of its
 * workgroups; the sums are the same.
 *
 * @module
 */
import type { GpuDevice } from "../../gpu/device.ts";
import { getKernel } from "../../gpu/kernel.ts";
import { stretches } from "../../gpu/stretches.ts";
import type { Tensor } from "../../gpu/tensor.ts";
import productCode from "../../../kernels/product.wgsl" with { type: "text" };
import columnSumsCode from "../../../kernels/column_sums.wgsl" with { type: "text" };
import sumPartsCode from "../../../kernels/sum_parts.wgsl" with { type: "text" };
import { padded, throughPadded, transposed } from "./rearrange.ts";
import type { Tape } from "../../tape/tape.ts";

/** Which operands of a product are transposed. */
export interface Transposes {
  /** Whether `a` holds Aᵀ. */
  readonly transposeA?: boolean;
  /** Whether `b` holds Bᵀ. */
  readonly transposeB?: boolean;
}

/** Rows and columns of the result that one invocation owns. */
const BLOCK_ROWS = 16, BLOCK_COLUMNS = 8;
/** Invocations that share rows of A. */
const LANES = 8;
/** Invocations that a product is split for, as long as each part of the inner dimension is so long. */
const ENOUGH_INVOCATIONS = 8192, LEAST_INNER = 256;
/**
 * The longest part: far below what the software driver's loops allow, and so short that a workgroup is less
 * than the largest dispatch.
 */
const MOST_INNER = 120_000;
/** Rows that one invocation adds up at least. */
const SUMMED_ROWS = 256;

/**
 * Records output = A B, or adds it to the output.
 *
 * @param a A, rows × inner, or Aᵀ.
 * @param b B, inner × columns, or Bᵀ.
 * @param transposes Which of them are transposes.
 * @param output rows × columns.
 * @param keep Whether the product is added to what the output holds.
 * @param bias A number per column, added to every row.
 * @param limit Floating-point operations of a dispatch at most, unless a single workgroup takes more.
 */
export function recordProduct(
  tape: Tape,
  a: Tensor,
  b: Tensor,
  { transposeA = false, transposeB = false }: Transposes,
  output: Tensor,
  keep = false,
  bias?: Tensor,
  limit?: number,
): void {
  const left = padded(tape, a);
  const right = transposeB ? transposed(tape, b) : padded(tape, b);
  const added = bias && padded(tape, { ...bias, shape: [1, ...bias.shape] });
  const inner = a.shape[transposeA ? 0 : 1]!;
  throughPadded(tape, output, keep, (c) => {
    const operands = { a: left, b: right, bias: added, c };
    dispatchProduct(tape, operands, { inner, across: transposeA, keep, limit });
  });
  for (const copy of [left, right, added]) {
    if (copy && ![a, b, bias].some((operand) => operand?.buffer === copy.buffer)) {
      tape.release(copy);
    }
  }
}

/** Operands with padded rows, by the names of kernels/product.wgsl. */
interface Operands {
  readonly a: Tensor;
  readonly b: Tensor;
  readonly bias: Tensor | undefined;
  readonly c: Tensor;
}

/** What else there is to know of a product. */
interface Product {
  /** The inner dimension. */
  readonly inner: number;
  /** Whether `a` holds Aᵀ. */
  readonly across: boolean;
  readonly keep: boolean;
  readonly limit: number | undefined;
}

/** Records the product of padded operands. */
function dispatchProduct(
  tape: Tape,
  { a, b, bias, c }: Operands,
  { inner, across, keep, limit }: Product,
): void {
  const { gpu, program } = tape;
  const [rows, columns] = c.shape as [number, number];
  const workgroup_size = workgroupSize(gpu);
  const tileRows = BLOCK_ROWS * workgroup_size / LANES, tileColumns = BLOCK_COLUMNS * LANES;
  const tiles = (height: number): number =>
    Math.ceil(rows / height) * Math.ceil(columns / tileColumns);
  const parts = partCount(inner, tiles(BLOCK_ROWS) * LANES);
  const part4 = Math.ceil(Math.ceil(inner / 4) / parts);
  const sum = parts === 1 ? c : tape.take("parts of a product", [parts, rows, columns]);
  const constants = {
    across: Number(across),
    keep: Number(keep && parts === 1),
    with_bias: Number(bias !== undefined),
    workgroup_size,
  };
  const kernel = getKernel(gpu, { name: "product", code: productCode }, constants);
  const params = {
    rows,
    inner,
    a_stride4: a.shape[1]! / 4,
    columns4: columns / 4,
    parts,
    part4,
  };
  const work = {
    units: tiles(tileRows) * parts,
    largestUnit: 2 * Math.min(rows, tileRows) * Math.min(columns, tileColumns) *
      Math.min(inner, 4 * part4),
    operations: 2 * rows * columns * inner,
  };
  for (const { first: first_group, count: groups } of stretches(work, limit)) {
    program.dispatch(
      kernel,
      { a, b, bias: bias ?? b, c: sum },
      { ...params, first_group, groups },
      { workgroups: groups },
    );
  }
  if (parts > 1) addParts(tape, sum, c, keep);
}

/**
 * Records output_c = Σ_r x_rc, or adds it to the output.
 *
 * @param x rows × columns.
 * @param output One number per column.
 * @param keep Whether the sums are added to what the output holds.
 */
export function recordColumnSums(
  tape: Tape,
  x: Tensor,
  output: Tensor,
  keep = false,
): void {
  const { gpu, program } = tape;
  const [rows, columns] = x.shape as [number, number];
  const part_rows = Math.max(SUMMED_ROWS, Math.ceil(Math.sqrt(rows)));
  const parts = Math.ceil(rows / part_rows);
  const sums = tape.take("parts of column sums", [parts, columns]);
  program.dispatch(
    getKernel(gpu, { name: "column_sums", code: columnSumsCode }),
    { x, sum: sums },
    { rows, columns, parts, part_rows },
    { invocations: parts * columns },
  );
  addParts(tape, sums, output, keep);
}

/**
 * A software driver computes fastest where all invocations of a workgroup share their rows of A: it
 * reads what they share once. The sums are the same.
 */
function workgroupSize({ adapterName }: GpuDevice): number {
  return adapterName.includes("llvmpipe") ? LANES : 64;
}

/** How often the inner dimension is split. */
function partCount(inner: number, invocations: number): number {
  const wanted = Math.ceil(ENOUGH_INVOCATIONS / invocations);
  const most = Math.max(1, Math.floor(inner / LEAST_INNER));
  return Math.max(Math.min(wanted, most), Math.ceil(inner / MOST_INNER));
}

/** Adds up parts and gives them back. */
function addParts(tape: Tape, part: Tensor, total: Tensor, keep: boolean): void {
  const parts = part.shape[0]!;
  const elements = part.shape.slice(1).reduce((product, size) => product * size, 1);
  tape.program.dispatch(
    getKernel(tape.gpu, { name: "sum_parts", code: sumPartsCode }),
    { part, total },
    { elements, parts, keep: Number(keep) },
    { invocations: elements },
  );
  tape.release(part);
}
