/**
 * Stepwise graph convolution: H_:,j = Σ_l α_jl Ã^l E_:,j, a different mix of layers in every column
 * (paper, Eqs. 1, 2, 4 and 5).
 *
 * In Horner form each layer is one fused pass, X ← E + β ⊙ ÃX, and the last one also multiplies with
 * the normalisation. With equal ratios β = 1 it is LightGCN.
 *
 * Adjoint: the weights act on columns and the symmetric Ã on rows, so that the map is its own adjoint:
 * dL/dE = Σ_l α_l ⊙ Ã^l dL/dH, the same passes over the gradient.
 *
 * @module
 */
import type { Gpu } from "../gpu/device.ts";
import { getKernel } from "../gpu/kernel.ts";
import type { Program } from "../gpu/program.ts";
import { createTensors, type Tensor } from "../gpu/tensor.ts";
import graphNearBatchCode from "../../kernels/graph_near_batch.wgsl" with { type: "text" };
import markBatch from "../../kernels/mark_batch.wgsl" with { type: "text" };
import propagate from "../../kernels/propagate.wgsl" with { type: "text" };
import propagateRows from "../../kernels/propagate_rows.wgsl" with { type: "text" };
import { touchedRows, type TripleTensors } from "./bpr_loss.ts";
import { addGradient, closeGradient } from "./gradient.ts";
import { normalisation } from "./layer_weights.ts";
import type { SparseTensor } from "./sparse_tensor.ts";
import type { Tape, Variable } from "./tape.ts";

/** A stepwise convolution over one graph, ready to be recorded. */
export interface StepwiseConvolution extends Disposable {
  /** The normalised symmetric adjacency. */
  readonly graph: SparseTensor;
  /** Number of layers L. */
  readonly layers: number;
  /** Column weights (a, b) of all passes but the last: 1 and β. */
  readonly inner: Tensor;
  /** Column weights of the last pass: c and c·β. */
  readonly last: Tensor;
}

/** Prepares the column weights for ratios β (one per column) and L layers. */
export function createStepwiseConvolution(
  gpu: Gpu,
  graph: SparseTensor,
  ratios: Float64Array,
  layers: number,
): StepwiseConvolution {
  const scales = ratios.map((beta) => normalisation(beta, layers));
  const dim = ratios.length;
  const inner = Float32Array.from({ length: 2 * dim }, (_, i) => i < dim ? 1 : ratios[i - dim]!);
  const last = Float32Array.from(
    { length: 2 * dim },
    (_, i) => i < dim ? scales[i]! : scales[i - dim]! * ratios[i - dim]!,
  );
  const tensors = createTensors(gpu, {
    inner: ["layer weights", [2, dim], inner],
    last: ["last layer weights", [2, dim], last],
  });
  return { graph, layers, ...tensors };
}

/**
 * Records H = Σ_l α_l ⊙ Ã^l E and its adjoint. With no layers H is E itself.
 *
 * @param batches When given, only the rows of H that the current batch touches are computed, and only
 * these may have a gradient that is not zero: passes are restricted to the rows that matter.
 */
export function stepwiseConvolution(
  tape: Tape,
  convolution: StepwiseConvolution,
  input: Variable,
  batches?: TripleTensors,
): Variable {
  const { graph, layers } = convolution;
  if (layers === 0) return input;
  const near = batches && graphNearBatch(tape, graph, batches);
  // Layer l of the forward pass is needed where the remaining layers start from.
  const forward = (layer: number): Reach =>
    layer === layers ? "batch" : layer === layers - 1 ? "neighbours" : "all";
  const backward = (layer: number): Reach => layer === 1 ? "from batch" : "all";
  const output: Variable = {
    value: convolve(tape, convolution, input.value, near && { ...near, reach: forward }),
    constant: input.constant,
  };
  tape.adjoint(() => {
    if (output.gradient && !input.constant) {
      const restriction = near && { ...near, reach: backward };
      addGradient(tape, input, convolve(tape, convolution, output.gradient, restriction));
    }
    near?.release();
    closeGradient(tape, output);
    tape.release(output.value);
  });
  return output;
}

/**
 * What a pass is restricted to: the rows of the batch; these and their neighbours, others being left
 * as they were weighted; the entries that lead from the batch's rows, all other rows being zero.
 */
type Reach = "batch" | "neighbours" | "from batch" | "all";

/** Label of the columns that lead to the batch, for those who measure passes. */
export const NEAR_COLUMNS = "columns near the batch";

/** What of a graph is near the current batch, as in kernels/graph_near_batch.wgsl. */
interface GraphNearBatch {
  readonly batches: TripleTensors;
  readonly nearColumn: Tensor;
  readonly nearValue: Tensor;
  readonly nearEnd: Tensor;
  readonly reachedEnd: Tensor;
  /** Gives the memory back. */
  release(): void;
}

/** Restricts passes to what is near a batch. */
interface Restriction extends GraphNearBatch {
  /** What pass `layer` needs, from 1. */
  readonly reach: (layer: number) => Reach;
}

function graphNearBatch(
  tape: Tape,
  { rowCount, rowStart: row_start, column, value }: SparseTensor,
  batches: TripleTensors,
): GraphNearBatch {
  const { gpu, program } = tape;
  const { clock, batchStart: batch_start, row, mark, shape } = batches;
  const entries = column.shape;
  const near_column = tape.take(NEAR_COLUMNS, entries);
  const near_value = tape.take("values near the batch", entries);
  const near_end = tape.take("ends of near entries", [rowCount]);
  const reached_end = tape.take("ends of near rows", [rowCount]);
  program.dispatch(
    getKernel(gpu, { name: "mark_batch", code: markBatch }),
    { clock, batch_start, row, mark },
    {},
    { invocations: touchedRows(shape) },
  );
  program.dispatch(
    getKernel(gpu, { name: "graph_near_batch", code: graphNearBatchCode }),
    { clock, mark, row_start, column, value, near_column, near_value, near_end, reached_end },
    { rows: rowCount },
    { invocations: rowCount },
  );
  return {
    batches,
    nearColumn: near_column,
    nearValue: near_value,
    nearEnd: near_end,
    reachedEnd: reached_end,
    release: () => [near_column, near_value, near_end, reached_end].forEach((t) => tape.release(t)),
  };
}

/** Records the passes alone: Σ_l α_l ⊙ Ã^l E, taken from the tape; `input` itself without layers. */
export function convolve(
  tape: Tape,
  { graph, layers, inner, last }: StepwiseConvolution,
  input: Tensor,
  restriction?: Restriction,
): Tensor {
  let state = input;
  for (let layer = 1; layer <= layers; layer++) {
    const output = tape.take("propagated", input.shape);
    const weights = layer < layers ? inner : last;
    recordPass(
      tape.program,
      graph,
      { base: input, input: state, weights, output },
      layer,
      restriction,
    );
    if (state !== input) tape.release(state);
    state = output;
  }
  return state;
}

function recordPass(
  program: Program,
  graph: SparseTensor,
  operands: Operands,
  layer: number,
  near: Restriction | undefined,
): void {
  const reach = near?.reach(layer) ?? "all";
  if (!near || reach === "all") {
    recordPropagation(program, graph, operands);
  } else if (reach === "batch") {
    recordRowsOfBatch(program, graph, operands, near.batches);
  } else if (reach === "neighbours") {
    recordPropagation(program, graph, operands, near.reachedEnd);
  } else {
    const entries = { ...graph, column: near.nearColumn, value: near.nearValue };
    recordPropagation(program, entries, operands, near.nearEnd);
  }
}

/** What a pass reads and writes, as in kernels/propagate.wgsl. */
export interface Operands {
  /** Added to the products, column by column. */
  readonly base: Tensor;
  /** What the matrix is applied to. */
  readonly input: Tensor;
  /** Column weights: a, then b. */
  readonly weights: Tensor;
  /** a ⊙ base + b ⊙ (A input). */
  readonly output: Tensor;
}

/**
 * Records output = a ⊙ base + b ⊙ (A input).
 *
 * @param rowEnd Where each row's entries end, if not where the next one's begin.
 */
function recordPropagation(
  program: Program,
  { rowCount: rows, rowStart: row_start, column, value }: SparseTensor,
  operands: Operands,
  rowEnd?: Tensor,
): void {
  const dim4 = operands.output.shape[1]! / 4;
  program.dispatch(
    getKernel(program.gpu, { name: "propagate", code: propagate }, { dim4 }),
    { row_start, row_end: rowEnd ?? row_start, column, value, ...operands },
    { rows, row_end_shift: rowEnd ? 0 : 1 },
    { invocations: rows * lanesPerRow(dim4) },
  );
}

/** Records the same for the rows that the current batch touches. */
function recordRowsOfBatch(
  program: Program,
  { rowStart: row_start, column, value }: SparseTensor,
  operands: Operands,
  { clock, batchStart: batch_start, row, shape }: TripleTensors,
): void {
  const dim4 = operands.output.shape[1]! / 4;
  program.dispatch(
    getKernel(program.gpu, { name: "propagate_rows", code: propagateRows }, { dim4 }),
    { clock, batch_start, row, row_start, column, value, ...operands },
    {},
    { invocations: touchedRows(shape) * lanesPerRow(dim4) },
  );
}

/** One invocation takes four vec4 of a row. */
function lanesPerRow(dim4: number): number {
  return Math.ceil(dim4 / 4);
}
