/**
 * Matrices put together and taken apart: weighted sums, rows stacked and cut out.
 *
 * Each result consists of blocks of rows, B_p = s_p A_p, where a block may be added to one that lies in
 * the same place.
 *
 * Adjoint: dA_p = s_p dB_p, the same copies the other way round.
 *
 * @module
 */
import { getKernel } from "../../gpu/kernel.ts";
import type { Tensor } from "../../gpu/tensor.ts";
import copyBlockCode from "../../../kernels/copy_block.wgsl" with { type: "text" };
import { addGradientInPlace, addGradientRows } from "../../tape/gradient.ts";
import type { Tape, Variable } from "../../tape/tape.ts";

/** A block of rows that is copied into a result. */
interface Part {
  /** The matrix it is copied from. */
  readonly from: Variable;
  /** First row in that matrix, 0 by default. */
  readonly fromRow?: number;
  /** First row in the result, 0 by default. */
  readonly toRow?: number;
  /** Number of rows, all by default. */
  readonly rows?: number;
  /** Factor, 1 by default. */
  readonly scale?: number;
  /** Whether it is added to earlier parts instead of overwriting them. */
  readonly added?: boolean;
}

/**
 * Records a weighted sum, scaleA · A + scaleB · B, and its adjoint.
 *
 * @param a Of any shape up to rows × width.
 * @param b Of the same shape.
 */
export function add(tape: Tape, a: Variable, b: Variable, scaleA = 1, scaleB = 1): Variable {
  return combine(tape, `${a.value.label} + ${b.value.label}`, matrixShape(a.value), [
    { from: a, scale: scaleA },
    { from: b, scale: scaleB, added: true },
  ]);
}

/**
 * Records a copy of x with a matrix added to some of its rows, and its adjoint.
 *
 * @param x rows × width.
 * @param rows Fewer rows × width.
 * @param firstRow The first row of x that is added to.
 */
export function addToRows(tape: Tape, x: Variable, rows: Variable, firstRow: number): Variable {
  return combine(tape, `${x.value.label} + ${rows.value.label}`, matrixShape(x.value), [
    { from: x },
    { from: rows, toRow: firstRow, added: true },
  ]);
}

/**
 * Records matrices one above the other, and its adjoint.
 *
 * @param parts From the top, rows × width each; one variable may come several times.
 */
export function stackRows(tape: Tape, parts: readonly Variable[]): Variable {
  let rows = 0;
  const blocks = parts.map((from): Part => {
    const toRow = rows;
    rows += matrixShape(from.value)[0];
    return { from, toRow };
  });
  return combine(tape, "stacked rows", [rows, matrixShape(parts[0]!.value)[1]], blocks);
}

/**
 * Records a copy of consecutive rows of a matrix, and its adjoint.
 *
 * @param x rows × width.
 * @returns rowCount × width.
 */
export function sliceRows(
  tape: Tape,
  x: Variable,
  firstRow: number,
  rowCount: number,
): Variable {
  const shape = [rowCount, matrixShape(x.value)[1]] as const;
  const part = { from: x, fromRow: firstRow, rows: rowCount };
  return combine(tape, `rows of ${x.value.label}`, shape, [part]);
}

/** Records a matrix made of blocks, and its adjoint. */
function combine(
  tape: Tape,
  label: string,
  shape: readonly [number, number],
  parts: readonly Part[],
): Variable {
  const y = tape.take(label, shape);
  for (const { from, fromRow = 0, toRow = 0, rows, scale = 1, added = false } of parts) {
    const [allRows, columns] = matrixShape(from.value);
    const block = { rows: rows ?? allRows, columns, scale, keep: added };
    copyBlock(tape, { matrix: from.value, row: fromRow }, { matrix: y, row: toRow }, block);
  }
  return tape.operation(y, parts.map(({ from }) => from), (dy) => {
    for (const { from, fromRow = 0, toRow = 0, rows, scale = 1 } of parts) {
      const [allRows, columns] = matrixShape(from.value);
      const block = { rows: rows ?? allRows, columns, scale };
      const record = (gradient: Tensor, keep: boolean): void => {
        const to = { matrix: gradient, row: fromRow };
        copyBlock(tape, { matrix: dy, row: toRow }, to, { ...block, keep });
      };
      if (block.rows === allRows) addGradientInPlace(tape, from, record);
      else addGradientRows(tape, from, (gradient) => record(gradient, true));
    }
  });
}

/**
 * Records a copy of consecutive rows of a matrix to a place in another, without an adjoint.
 *
 * @param size How many rows, of so many columns; and what they are multiplied with, 1 unless told.
 */
export function copyRows(
  tape: Tape,
  from: Tensor,
  fromRow: number,
  to: Tensor,
  toRow: number,
  { scale = 1, ...size }: {
    readonly rows: number;
    readonly columns: number;
    readonly scale?: number;
  },
): void {
  const block = { ...size, scale, keep: false };
  copyBlock(tape, { matrix: from, row: fromRow }, { matrix: to, row: toRow }, block);
}

/** A matrix and a first row in it. */
interface Place {
  readonly matrix: Tensor;
  readonly row: number;
}

/** What is copied: so many rows of so many columns, scaled, and added to what is there or not. */
interface Block {
  readonly rows: number;
  readonly columns: number;
  readonly scale: number;
  readonly keep: boolean;
}

function copyBlock(
  { gpu, program }: Tape,
  from: Place,
  to: Place,
  { rows, columns, scale, keep }: Block,
): void {
  program.dispatch(
    getKernel(gpu, { name: "copy_block", code: copyBlockCode }),
    { input: from.matrix, output: to.matrix },
    { rows, columns, from_row: from.row, to_row: to.row, scale, keep: Number(keep) },
    { invocations: rows * columns },
  );
}

/** Rows and width; an array without rows is one. */
function matrixShape({ shape }: Tensor): readonly [number, number] {
  return shape.length === 1 ? [1, shape[0]!] : [shape[0]!, shape[1]!];
}
