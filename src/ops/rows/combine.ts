/**
 * Matrices put together and taken apart: weighted sums, rows stacked and cut out.
 *
 * Every one of them copies blocks of rows, and so does its adjoint, the other way round.
 *
 * @module
 */
import { getKernel } from "../../gpu/kernel.ts";
import type { Tensor } from "../../gpu/tensor.ts";
import copyBlockCode from "../../../kernels/copy_block.wgsl" with { type: "text" };
import { closeGradient, openGradient } from "../../tape/gradient.ts";
import type { Tape, Variable } from "../../tape/tape.ts";

/** A block of rows of a result, and where it comes from. */
interface Part {
  /** What it is a block of. */
  readonly from: Variable;
  /** Its first row there; 0 unless told. */
  readonly fromRow?: number;
  /** Its first row in the result; 0 unless told. */
  readonly toRow?: number;
  /** Its rows; all unless told. */
  readonly rows?: number;
  /** What it is multiplied with; 1 unless told. */
  readonly scale?: number;
  /** Whether it is added to what earlier parts left there. */
  readonly added?: boolean;
}

/** Records scaleA · A + scaleB · B, of the same shape, and its adjoint. */
export function add(tape: Tape, a: Variable, b: Variable, scaleA = 1, scaleB = 1): Variable {
  return combine(tape, `${a.value.label} + ${b.value.label}`, matrixShape(a.value), [
    { from: a, scale: scaleA },
    { from: b, scale: scaleB, added: true },
  ]);
}

/** Records x with a matrix added to its rows from `firstRow` on, and its adjoint. */
export function addToRows(tape: Tape, x: Variable, rows: Variable, firstRow: number): Variable {
  return combine(tape, `${x.value.label} + ${rows.value.label}`, matrixShape(x.value), [
    { from: x },
    { from: rows, toRow: firstRow, added: true },
  ]);
}

/** Records matrices of one width, one above the other, and its adjoint. */
export function stackRows(tape: Tape, parts: readonly Variable[]): Variable {
  let rows = 0;
  const blocks = parts.map((from): Part => {
    const toRow = rows;
    rows += matrixShape(from.value)[0];
    return { from, toRow };
  });
  return combine(tape, "stacked rows", [rows, matrixShape(parts[0]!.value)[1]], blocks);
}

/** Records `rowCount` rows of a matrix from `firstRow` on, and its adjoint. */
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
  const output: Variable = {
    value: tape.take(label, shape),
    constant: parts.every(({ from }) => from.constant),
  };
  for (const { from, fromRow = 0, toRow = 0, rows, scale = 1, added } of parts) {
    const [allRows, columns] = matrixShape(from.value);
    const block = { rows: rows ?? allRows, columns, scale, keep: Number(added ?? false) };
    const source = { matrix: from.value, row: fromRow };
    copyBlock(tape, source, { matrix: output.value, row: toRow }, block);
  }
  tape.adjoint(() => {
    if (output.gradient) {
      for (const part of parts) passGradient(tape, output.gradient, part);
    }
    closeGradient(tape, output);
    tape.release(output.value);
  });
  return output;
}

/** Records a part's share of the result's gradient. */
function passGradient(
  tape: Tape,
  gradient: Tensor,
  { from, fromRow = 0, toRow = 0, rows, scale = 1 }: Part,
): void {
  if (from.constant) return;
  const { label, shape } = from.value;
  const [allRows, columns] = matrixShape(from.value);
  const whole = (rows ?? allRows) === allRows;
  const keep = Number(from.gradient !== undefined || !whole);
  // What is written whole need not be cleared first.
  if (whole) from.gradient ??= tape.take(`gradient of ${label}`, shape);
  const matrix = openGradient(tape, from);
  const source = { matrix: gradient, row: toRow };
  const block = { rows: rows ?? allRows, columns, scale, keep };
  copyBlock(tape, source, { matrix, row: fromRow }, block);
}

/** A place in a matrix. */
interface Place {
  readonly matrix: Tensor;
  readonly row: number;
}

/** Dispatches a copy. */
function copyBlock(
  { gpu, program }: Tape,
  from: Place,
  to: Place,
  block: Readonly<Record<"rows" | "columns" | "scale" | "keep", number>>,
): void {
  program.dispatch(
    getKernel(gpu, { name: "copy_block", code: copyBlockCode }),
    { input: from.matrix, output: to.matrix },
    { ...block, from_row: from.row, to_row: to.row },
    { invocations: block.rows * block.columns },
  );
}

/** Rows and width; an array without rows is one. */
function matrixShape({ shape }: Tensor): readonly [number, number] {
  return shape.length === 1 ? [1, shape[0]!] : [shape[0]!, shape[1]!];
}
