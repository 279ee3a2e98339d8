/**
 * Other scores beside those that are trained: fixed numbers that the margins of a batch's triples get, so that what is
 * trained is what they leave over. Nothing is differentiated through them.
 *
 * @module
 */
import { type GpuDevice, GpuError } from "../../gpu/device.ts";
import { getKernel, LOOP_ROUNDS } from "../../gpu/kernel.ts";
import type { Program } from "../../gpu/program.ts";
import { createTensors, type Tensor } from "../../gpu/tensor.ts";
import addOffsetsCode from "../../../kernels/add_offsets.wgsl" with { type: "text" };
import type { Batch, MarginOffsets } from "../../tape/batch.ts";
import { longestRow } from "../graphs/sparse_tensor.ts";
import { packEntries } from "../graphs/gather.ts";
import type { SparseScores } from "../ranking/sparse_scores.ts";

/**
 * Uploads other scores, products of users × rows and rows × items.
 *
 * @throws {GpuError} when they exceed what the adapter can hold, or the software driver's loops.
 */
export function uploadOffsets(
  gpu: GpuDevice,
  label: string,
  { queries, rows }: SparseScores,
): MarginOffsets {
  requireRounds(gpu, label, queries.rowStart, rows.rowStart);
  const { [Symbol.dispose]: dispose, ...own } = createTensors(gpu, {
    q_start: [`${label}: user start`, [queries.rowStart.length], queries.rowStart],
    q_entries: [`${label}: user entries`, [queries.column.length, 2], packEntries(queries)],
    p_start: [`${label}: row start`, [rows.rowStart.length], rows.rowStart],
  });
  const tensors: Readonly<Record<string, Tensor>> = { ...own, p_entries: rows.entries };
  return {
    record: (program, batch, margin) =>
      recordOffsets(program, batch, margin, tensors, queries.rowCount),
    [Symbol.dispose]: dispose,
  };
}

function recordOffsets(
  program: Program,
  { clock, user, positive, negative, shape: { batchSize: batch_size } }: Batch,
  margin: Tensor,
  tensors: Readonly<Record<string, Tensor>>,
  users: number,
): void {
  program.dispatch(
    getKernel(program.gpu, { name: "add_offsets", code: addOffsetsCode }),
    { clock, user, positive, negative, ...tensors, margin },
    { batch_size, users },
    { invocations: batch_size },
  );
}

/** Checks that no user takes more rounds than the loops of the software driver, which would end early. */
function requireRounds(
  { adapterName }: GpuDevice,
  label: string,
  userStart: Uint32Array,
  rowStart: Uint32Array,
): void {
  if (!adapterName.includes("llvmpipe")) return;
  const steps = 2 + Math.ceil(Math.log2(1 + longestRow(rowStart)));
  const rounds = 1 + longestRow(userStart) * (1 + 2 * steps);
  if (rounds > LOOP_ROUNDS) {
    throw new GpuError(
      `A user of "${label}" takes ${rounds} rounds, and ${adapterName} loops ${LOOP_ROUNDS} times at most.`,
    );
  }
}
