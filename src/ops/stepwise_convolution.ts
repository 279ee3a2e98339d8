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
import { type Gpu, GpuError } from "../gpu/device.ts";
import { writeEntries } from "../gpu/image.ts";
import { getKernel } from "../gpu/kernel.ts";
import { createTensor, createTensors, type Tensor, write } from "../gpu/tensor.ts";
import type { SparseMatrix, SparsePattern } from "../sparse/csr.ts";
import graphNearBatchCode from "../../kernels/graph_near_batch.wgsl" with { type: "text" };
import markBatch from "../../kernels/mark_batch.wgsl" with { type: "text" };
import { touchedRows, type TripleTensors } from "./bpr_loss.ts";
import { addGradient, closeGradient } from "./gradient.ts";
import { normalisation } from "./layer_weights.ts";
import {
  createImagePasses,
  type ImagePasses,
  type Reached,
  recordPropagation,
  recordPropagationFromImages,
  rowsOfBatch,
} from "./propagation.ts";
import { longestRow, type SparseTensor, uploadSparse } from "./sparse_tensor.ts";
import type { Tape, Variable } from "./tape.ts";

/** A stepwise convolution over one graph, ready to be recorded. */
export interface StepwiseConvolution extends Disposable {
  /** The normalised symmetric adjacency. */
  readonly graph: SparseTensor;
  /** Entries that a row of it may have at most. */
  readonly longest: number;
  /** Number of layers L. */
  readonly layers: number;
  /** Column weights (a, b) of all passes but the last: 1 and β. */
  readonly inner: Tensor;
  /** Column weights of the last pass: c and c·β. */
  readonly last: Tensor;
  /** All rows, the longest of the graph as it was uploaded first; the order decides about speed alone. */
  readonly rowsByLength: Tensor;
  /** Where passes from images are the faster ones. */
  readonly imagePasses: ImagePasses | undefined;
}

/**
 * Uploads a normalised symmetric adjacency, with the column weights of ratios β (one per column) and L
 * layers.
 *
 * @param longest Entries in a row at most, where {@linkcode replaceGraph} is to put other graphs in its
 * place.
 * @throws {GpuError} as {@linkcode uploadSparse} does.
 */
export function createStepwiseConvolution(
  gpu: Gpu,
  label: string,
  matrix: SparseMatrix,
  ratios: Float64Array,
  layers: number,
  longest: number = longestRow(matrix.rowStart),
): StepwiseConvolution {
  const scales = ratios.map((beta) => normalisation(beta, layers));
  const dim = ratios.length;
  const inner = Float32Array.from({ length: 2 * dim }, (_, i) => i < dim ? 1 : ratios[i - dim]!);
  const last = Float32Array.from(
    { length: 2 * dim },
    (_, i) => i < dim ? scales[i]! : scales[i - dim]! * ratios[i - dim]!,
  );
  using guard = new DisposableStack();
  const graph = guard.use(uploadSparse(gpu, label, matrix));
  const tensors = guard.use(createTensors(gpu, {
    inner: ["layer weights", [2, dim], inner],
    last: ["last layer weights", [2, dim], last],
  }));
  const imagePasses = guard.use(createImagePasses(gpu, matrix, dim, longest));
  const rowsByLength = guard.use(uploadRowsByLength(gpu, matrix));
  const owned = guard.move();
  return {
    graph,
    longest,
    layers,
    ...tensors,
    rowsByLength,
    imagePasses,
    [Symbol.dispose]: () => owned.dispose(),
  };
}

function uploadRowsByLength(gpu: Gpu, { rowCount, rowStart }: SparsePattern): Tensor {
  const lengthOf = (row: number): number => rowStart[row + 1]! - rowStart[row]!;
  const rows = Uint32Array.from({ length: rowCount }, (_, row) => row);
  rows.sort((a, b) => lengthOf(b) - lengthOf(a) || a - b);
  return createTensor(gpu, "rows by length", [rowCount], rows);
}

/**
 * Puts another graph, as many rows and no more entries, in the place of the convolution's.
 *
 * @throws {GpuError} when it has more entries, or a longer row than was said it might.
 */
export function replaceGraph(
  gpu: Gpu,
  { graph, longest, imagePasses }: StepwiseConvolution,
  matrix: SparseMatrix,
): void {
  const row = longestRow(matrix.rowStart);
  if (row > longest) throw new GpuError(`A row has ${row} entries, and at most ${longest} may.`);
  write(gpu, graph.rowStart, matrix.rowStart);
  write(gpu, graph.column, matrix.column);
  write(gpu, graph.value, matrix.value);
  if (imagePasses) writeEntries(gpu, imagePasses.entries, matrix);
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
  const { layers } = convolution;
  if (layers === 0) return input;
  const near = batches && graphNearBatch(tape, convolution, batches);
  // Layer l of the forward pass is needed where the remaining layers start from.
  const forward = (layer: number): Reach =>
    layer === layers ? "batch" : layer === layers - 1 ? "neighbours" : "all";
  const backward = (layer: number): Reach => layer === 1 ? "from batch" : "all";
  const output: Variable = {
    value: convolve(tape, convolution, input.value, near && { ...near, reach: forward }),
    constant: input.constant,
  };
  tape.adjoint(() => {
    tape.release(output.value); // whoever read it has been recorded: the adjoint may take its memory
    if (output.gradient && !input.constant) {
      const restriction = near && { ...near, reach: backward };
      addGradient(tape, input, convolve(tape, convolution, output.gradient, restriction));
    }
    near?.release();
    closeGradient(tape, output);
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
  { graph, rowsByLength: row_by_length }: StepwiseConvolution,
  batches: TripleTensors,
): GraphNearBatch {
  const { rowCount, rowStart: row_start, column, value } = graph;
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
    {
      clock,
      mark,
      row_by_length,
      row_start,
      column,
      value,
      near_column,
      near_value,
      near_end,
      reached_end,
    },
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
  convolution: StepwiseConvolution,
  input: Tensor,
  restriction?: Restriction,
): Tensor {
  const { layers, inner, last, imagePasses } = convolution;
  if (layers === 0) return input;
  const pass = (layer: number): Pass => ({
    weights: layer < layers ? inner : last,
    ...reached(restriction, layer),
  });
  return imagePasses
    ? convolveFromImages(tape, convolution, pass, imagePasses, input)
    : convolveFromBuffers(tape, convolution, pass, input);
}

/** What a pass goes over, and with which weights. */
interface Pass extends Reached {
  readonly weights: Tensor;
}

function reached(near: Restriction | undefined, layer: number): Reached {
  const reach = near?.reach(layer) ?? "all";
  if (!near || reach === "all") return {};
  if (reach === "batch") return { rows: rowsOfBatch(near.batches) };
  if (reach === "neighbours") return { rowEnd: near.reachedEnd };
  return {
    rowEnd: near.nearEnd,
    otherEntries: { column: near.nearColumn, value: near.nearValue },
  };
}

function convolveFromBuffers(
  tape: Tape,
  { graph, layers }: StepwiseConvolution,
  pass: (layer: number) => Pass,
  input: Tensor,
): Tensor {
  let state = input;
  for (let layer = 1; layer <= layers; layer++) {
    const output = tape.take("propagated", input.shape);
    const { weights, ...reach } = pass(layer);
    recordPropagation(tape.program, graph, { base: input, input: state, weights, output }, reach);
    if (state !== input) tape.release(state);
    state = output;
  }
  return state;
}

/** Each layer is gathered from an image of it, so that its buffer is free for the next one. */
function convolveFromImages(
  tape: Tape,
  { graph, layers }: StepwiseConvolution,
  pass: (layer: number) => Pass,
  passes: ImagePasses,
  input: Tensor,
): Tensor {
  const output = tape.take("propagated", input.shape);
  const base = tape.takeImage("image of layer 0", input.shape);
  const state = tape.takeImage("image of a layer", input.shape);
  tape.program.copy(input, base);
  for (let layer = 1; layer <= layers; layer++) {
    if (layer > 1) tape.program.copy(output, state);
    const { weights, ...reach } = pass(layer);
    const operands = { base, input: layer === 1 ? base : state, weights, output };
    recordPropagationFromImages(tape.program, graph, passes, operands, reach);
  }
  tape.releaseImage(base);
  tape.releaseImage(state);
  return output;
}
