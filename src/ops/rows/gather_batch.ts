/**
 * The rows of a table that a batch names, one list after the other: with lists p and n,
 * G_t = T_p(t) and G_(B + t) = T_n(t) for the triples t of a batch of at most B.
 *
 * What models compute per triple starts from such a gather, as dense (lists · B) × width rows. Rows
 * beyond a partial batch are zero.
 *
 * Adjoint: row r of dL/dT is the sum of the gathered rows' gradients over the places that name r,
 * gathered through the batch's own CSR, in the order of triples.
 *
 * @module
 */
import { getKernel } from "../../gpu/kernel.ts";
import gatherRowsCode from "../../../kernels/gather_rows.wgsl" with { type: "text" };
import gatherRowsAdjointCode from "../../../kernels/gather_rows_adjoint.wgsl" with { type: "text" };
import { type Batch, touchedRows } from "../../tape/batch.ts";
import { addGradientRows } from "../../tape/gradient.ts";
import type { Tape, Variable } from "../../tape/tape.ts";

/** A column of the batch's triples. */
export type TripleList = "user" | "positive" | "negative";

/** Marks a list that is not gathered. */
const NO_BLOCK = 0xffffffff;

/**
 * Records the gather and its adjoint.
 *
 * @param table rows × width, any width.
 * @param lists Which lists of the batch to gather by, in this order.
 * @param firstRow The row of H (users, then items) that the table's first one stands for: 0 for users
 * or a stacked table, the number of users for a table of items.
 * @param userCount Number of users.
 * @returns (lists · batch size) × width.
 */
export function gatherBatch(
  tape: Tape,
  table: Variable,
  batch: Batch,
  lists: readonly TripleList[],
  { firstRow, userCount }: { readonly firstRow: number; readonly userCount: number },
): Variable {
  const { gpu, program } = tape;
  const { clock, shape: { batchSize } } = batch;
  const [rows, width] = table.value.shape as [number, number];
  const output = tape.take(`rows of ${table.value.label}`, [lists.length * batchSize, width]);
  lists.forEach((list, block) =>
    program.dispatch(
      getKernel(gpu, { name: "gather_rows", code: gatherRowsCode }),
      { clock, list: batch[list], table: table.value, output },
      { batch_size: batchSize, width, first_row: firstRow, block },
      { invocations: batchSize * width },
    )
  );
  const block = (list: TripleList): number => {
    const index = lists.indexOf(list);
    return index < 0 ? NO_BLOCK : index;
  };
  return tape.operation(output, [table], (gathered) => {
    const { row, entryStart, signedSlot } = batch;
    addGradientRows(tape, table, (gradient) =>
      program.dispatch(
        getKernel(gpu, { name: "gather_rows_adjoint", code: gatherRowsAdjointCode }),
        {
          clock,
          row,
          entry_start: entryStart,
          signed_slot: signedSlot,
          gathered,
          gradient,
        },
        {
          batch_size: batchSize,
          width,
          first_row: firstRow,
          rows,
          users: userCount,
          user_block: block("user"),
          positive_block: block("positive"),
          negative_block: block("negative"),
        },
        { invocations: touchedRows(batch.shape) * width },
      ));
  });
}
