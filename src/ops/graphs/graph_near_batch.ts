/**
 * What of a graph is near the current batch: passes restricted to it give the same bits in less time.
 *
 * @module
 */
import { getKernel } from "../../gpu/kernel.ts";
import type { Tensor } from "../../gpu/tensor.ts";
import graphNearBatchCode from "../../../kernels/graph_near_batch.wgsl" with { type: "text" };
import markBatch from "../../../kernels/mark_batch.wgsl" with { type: "text" };
import { type Batch, touchedRows } from "../../tape/batch.ts";
import type { Tape } from "../../tape/tape.ts";
import { graphEntries } from "./gather.ts";
import type { NearBatch } from "./passes.ts";
import type { SparseTensor } from "./sparse_tensor.ts";

/** Label of the columns that lead to the batch, for those who measure passes. */
export const NEAR_COLUMNS = "columns near the batch";

/**
 * Records which entries of a graph are near the current batch, as in kernels/graph_near_batch.wgsl.
 *
 * @param rowsByLength All rows of the graph, rows of like length side by side.
 */
export function recordGraphNearBatch(
  tape: Tape,
  { rowCount, rowStart: row_start, column, value }: SparseTensor,
  rowsByLength: Tensor,
  { clock, batchStart: batch_start, row, mark, shape }: Batch,
): NearBatch {
  const { gpu, program } = tape;
  const near_column = tape.take(NEAR_COLUMNS, column.shape);
  const near_value = tape.take("values near the batch", value.shape);
  const near_range = tape.take("ranges of near entries", [rowCount, 2]);
  const reached_range = tape.take("ranges of near rows", [rowCount, 2]);
  const taken = { near_column, near_value, near_range, reached_range };
  program.dispatch(
    getKernel(gpu, { name: "mark_batch", code: markBatch }),
    { clock, batch_start, row, mark },
    {},
    { invocations: touchedRows(shape) },
  );
  program.dispatch(
    getKernel(gpu, { name: "graph_near_batch", code: graphNearBatchCode }),
    { clock, mark, row_by_length: rowsByLength, row_start, column, value, ...taken },
    { rows: rowCount },
    { invocations: rowCount },
  );
  return {
    leading: graphEntries({ rowStart: near_range, column: near_column, value: near_value }),
    reached: graphEntries({ rowStart: reached_range, column, value }),
    tensors: Object.values(taken),
  };
}
