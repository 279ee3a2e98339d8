/**
 * Operations on batch size × items matrices, such as scores, that treat the train items of each triple's
 * user apart.
 *
 * @module
 */
import { getKernel } from "../../gpu/kernel.ts";
import type { Tensor } from "../../gpu/tensor.ts";
import addInteractionsCode from "../../../kernels/add_interactions.wgsl" with { type: "text" };
import hideSeenCode from "../../../kernels/hide_seen.wgsl" with { type: "text" };
import type { Batch } from "../../tape/batch.ts";
import type { Tape, Variable } from "../../tape/tape.ts";
import type { SeenTensors } from "./tiles.ts";

/** Invocations that share a user's items. */
const LANES = 8;

/**
 * Records that the numbers of train items become zero, in place.
 *
 * Adjoint: their gradients become zero too.
 *
 * @param scores batch size × items.
 */
export function hideSeen(
  tape: Tape,
  scores: Variable,
  seen: SeenTensors,
  batch: Pick<Batch, "clock" | "user" | "shape">,
): void {
  const hide = (tensor: Tensor): void => dispatchHide(tape, tensor, seen, batch);
  hide(scores.value);
  tape.adjoint(() => {
    if (scores.gradient) hide(scores.gradient);
  });
}

function dispatchHide(
  { gpu, program }: Tape,
  scores: Tensor,
  { rowStart: row_start, column }: SeenTensors,
  { clock, user, shape: { batchSize } }: Pick<Batch, "clock" | "user" | "shape">,
): void {
  program.dispatch(
    getKernel(gpu, { name: "hide_seen", code: hideSeenCode }, { lanes: LANES }),
    { clock, user, row_start, column, scores },
    { items: scores.shape[1]!, batch_size: batchSize },
    { invocations: batchSize * LANES },
  );
}

/**
 * Records that a softened row of interactions is added, in place:
 * factor · softmax_i([the user has i in train] − noise · log(−log(draw_i + 1e-8) + 1e-8)).
 *
 * @param scores batch size × items; nothing is differentiated through it.
 * @param draw From [0, 1), batch size × items.
 */
export function addInteractions(
  { gpu, program }: Tape,
  scores: Tensor,
  draw: Tensor,
  { rowStart: row_start, column }: SeenTensors,
  { clock, user, shape: { batchSize } }: Pick<Batch, "clock" | "user" | "shape">,
  { noise, factor }: { readonly noise: number; readonly factor: number },
): void {
  program.dispatch(
    getKernel(gpu, { name: "add_interactions", code: addInteractionsCode }),
    { clock, user, row_start, column, draw, scores },
    { items: scores.shape[1]!, noise, factor, batch_size: batchSize },
    { workgroups: batchSize },
  );
}
