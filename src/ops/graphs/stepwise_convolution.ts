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
import { type GpuDevice, GpuError } from "../../gpu/device.ts";
import { getKernel } from "../../gpu/kernel.ts";
import { createTensor, createTensors, type Tensor, write } from "../../gpu/tensor.ts";
import type { SparseMatrix, SparsePattern } from "../../sparse/csr.ts";
import graphNearBatchCode from "../../../kernels/graph_near_batch.wgsl" with { type: "text" };
import markBatch from "../../../kernels/mark_batch.wgsl" with { type: "text" };
import { type Batch, touchedRows } from "../../tape/batch.ts";
import { type Ending, recordEnding, storedIn } from "../../tape/ending.ts";
import { addGradientEnding } from "../../tape/gradient.ts";
import { normalisation } from "./layer_weights.ts";
import {
  createImagePasses,
  type ImagePasses,
  type Reached,
  recordPropagation,
  recordPropagationFromImages,
  replaceEntries,
  rowsOfBatch,
} from "./propagation.ts";
import { longestRow, type SparseTensor, uploadSparse } from "./sparse_tensor.ts";
import type { Tape, Variable } from "../../tape/tape.ts";

/** A stepwise convolution over one graph, ready to be recorded. */
export interface StepwiseConvolution extends Disposable {
  /** Entries that a row of the graph may have at most. */
  readonly longest: number;
  /** Number of layers L. */
  readonly layers: number;
  /** Column weights (a, b) of all passes but the last: 1 and β. */
  readonly inner: Tensor;
  /** Column weights of the last pass: c and c·β. */
  readonly last: Tensor;
  /** The normalised symmetric adjacency, as passes gather along it. */
  readonly passes: BufferPasses | ImagePasses;
}

/** A graph whose passes gather from buffers. */
export interface BufferPasses extends Disposable {
  /** Its entries. */
  readonly graph: SparseTensor;
  /** All rows, the longest of the graph as it was uploaded first; the order decides about speed alone. */
  readonly rowsByLength: Tensor;
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
  gpu: GpuDevice,
  label: string,
  matrix: SparseMatrix,
  ratios: Float64Array,
  layers: number,
  longest?: number,
): StepwiseConvolution {
  const scales = ratios.map((beta) => normalisation(beta, layers));
  const dim = ratios.length;
  const inner = Float32Array.from({ length: 2 * dim }, (_, i) => i < dim ? 1 : ratios[i - dim]!);
  const last = Float32Array.from(
    { length: 2 * dim },
    (_, i) => i < dim ? scales[i]! : scales[i - dim]! * ratios[i - dim]!,
  );
  using guard = new DisposableStack();
  const passes = guard.use(
    createImagePasses(gpu, label, matrix, dim, longest) ?? createBufferPasses(gpu, label, matrix),
  );
  const tensors = guard.use(createTensors(gpu, {
    inner: ["layer weights", [2, dim], inner],
    last: ["last layer weights", [2, dim], last],
  }));
  const owned = guard.move();
  return {
    longest: longest ?? longestRow(matrix.rowStart),
    layers,
    ...tensors,
    passes,
    [Symbol.dispose]: () => owned.dispose(),
  };
}

function createBufferPasses(gpu: GpuDevice, label: string, matrix: SparseMatrix): BufferPasses {
  using guard = new DisposableStack();
  const graph = guard.use(uploadSparse(gpu, label, matrix));
  const rowsByLength = guard.use(uploadRowsByLength(gpu, matrix));
  const owned = guard.move();
  return { graph, rowsByLength, [Symbol.dispose]: () => owned.dispose() };
}

function uploadRowsByLength(gpu: GpuDevice, { rowCount, rowStart }: SparsePattern): Tensor {
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
  gpu: GpuDevice,
  { passes, longest }: StepwiseConvolution,
  matrix: SparseMatrix,
): void {
  const row = longestRow(matrix.rowStart);
  if (row > longest) throw new GpuError(`A row has ${row} entries, and at most ${longest} may.`);
  if ("entries" in passes) {
    replaceEntries(gpu, passes, matrix);
  } else {
    write(gpu, passes.graph.rowStart, matrix.rowStart);
    write(gpu, passes.graph.column, matrix.column);
    write(gpu, passes.graph.value, matrix.value);
  }
}

/**
 * Records H = Σ_l α_l ⊙ Ã^l E and its adjoint. With no layers H is E itself.
 *
 * @param batch When given, only the rows of H that the current batch touches are computed, and only
 * these may have a gradient that is not zero: passes are restricted to the rows that matter.
 */
export function stepwiseConvolution(
  tape: Tape,
  convolution: StepwiseConvolution,
  input: Variable,
  batch?: Batch,
): Variable {
  const { layers, passes } = convolution;
  if (layers === 0) return input;
  // From images all is walked before what is near is found.
  const near = !batch || "entries" in passes ? undefined : graphNearBatch(tape, passes, batch);
  // Layer l of the forward pass is needed where the remaining layers start from.
  const forward = (layer: number): Reached => {
    if (batch && layer === layers) return { rows: rowsOfBatch(batch) };
    return near && layer === layers - 1 ? { rowEnd: near.reachedEnd } : {};
  };
  // The gradient of H is zero but in the rows of the batch.
  const backward = (layer: number): Reached =>
    near && layer === 1
      ? {
        rowEnd: near.nearEnd,
        otherEntries: { column: near.nearColumn, value: near.nearValue },
      }
      : {};
  return tape.operation(
    convolve(tape, convolution, input.value, forward),
    [input],
    (dh) =>
      addGradientEnding(
        tape,
        input,
        (ending) => convolveToEnding(tape, convolution, dh, ending, backward),
      ),
    near && Object.values(near),
  );
}

/** Label of the columns that lead to the batch, for those who measure passes. */
export const NEAR_COLUMNS = "columns near the batch";

/** What of a graph is near the current batch, as in kernels/graph_near_batch.wgsl. */
interface GraphNearBatch {
  readonly nearColumn: Tensor;
  readonly nearValue: Tensor;
  readonly nearEnd: Tensor;
  readonly reachedEnd: Tensor;
}

function graphNearBatch(
  tape: Tape,
  { graph, rowsByLength: row_by_length }: BufferPasses,
  batch: Batch,
): GraphNearBatch {
  const { rowCount, rowStart: row_start, column, value } = graph;
  const { gpu, program } = tape;
  const { clock, batchStart: batch_start, row, mark, shape } = batch;
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
    nearColumn: near_column,
    nearValue: near_value,
    nearEnd: near_end,
    reachedEnd: reached_end,
  };
}

/** What pass `layer`, from 1, has to go over, if not everything. */
type ReachedBy = (layer: number) => Reached;

/** Records the passes alone: Σ_l α_l ⊙ Ã^l E, taken from the tape; `input` itself without layers. */
export function convolve(
  tape: Tape,
  convolution: StepwiseConvolution,
  input: Tensor,
  reached?: ReachedBy,
): Tensor {
  if (convolution.layers === 0) return input;
  const lastPass = recordInnerPasses(tape, convolution, input, reached);
  const output = tape.take("propagated", input.shape);
  lastPass(storedIn(output));
  return output;
}

/** Records the passes alone, the result met by an ending that may not write to `input`. */
export function convolveToEnding(
  tape: Tape,
  convolution: StepwiseConvolution,
  input: Tensor,
  ending: Ending,
  reached?: ReachedBy,
): void {
  if (convolution.layers === 0) {
    recordEnding(tape.program, input, ending);
  } else {
    recordInnerPasses(tape, convolution, input, reached)(ending);
  }
}

/** Records all passes but the last, and returns what records that one. */
function recordInnerPasses(
  tape: Tape,
  { layers, inner, last, passes }: StepwiseConvolution,
  input: Tensor,
  reached: ReachedBy = () => ({}),
): (ending: Ending) => void {
  const pass = (layer: number): Pass => ({
    weights: layer < layers ? inner : last,
    ...reached(layer),
  });
  return "entries" in passes
    ? innerPassesFromImages(tape, passes, layers, pass, input)
    : innerPassesFromBuffers(tape, passes, layers, pass, input);
}

/** What a pass goes over, and with which weights. */
interface Pass extends Reached {
  readonly weights: Tensor;
}

function innerPassesFromBuffers(
  tape: Tape,
  { graph }: BufferPasses,
  layers: number,
  pass: (layer: number) => Pass,
  input: Tensor,
): (ending: Ending) => void {
  let state = input;
  const record = (layer: number, ending: Ending): void => {
    const { weights, ...reached } = pass(layer);
    recordPropagation(tape.program, graph, { base: input, input: state, weights }, ending, reached);
    if (state !== input) tape.release(state);
  };
  for (let layer = 1; layer < layers; layer++) {
    const output = tape.take("propagated", input.shape);
    record(layer, storedIn(output));
    state = output;
  }
  return (ending) => record(layers, ending);
}

/** Each layer is gathered from an image of it, so that its buffer is free for the next one. */
function innerPassesFromImages(
  tape: Tape,
  passes: ImagePasses,
  layers: number,
  pass: (layer: number) => Pass,
  input: Tensor,
): (ending: Ending) => void {
  const base = tape.takeImage("image of layer 0", input.shape);
  const state = tape.takeImage("image of a layer", input.shape);
  tape.program.copy(input, base);
  const record = (layer: number, ending: Ending): void => {
    const { weights, rows } = pass(layer);
    const operands = { base, input: layer === 1 ? base : state, weights };
    recordPropagationFromImages(tape.program, passes, operands, ending, rows);
  };
  for (let layer = 1; layer < layers; layer++) {
    const output = tape.take("propagated", input.shape);
    record(layer, storedIn(output));
    tape.program.copy(output, state);
    tape.release(output);
  }
  return (ending) => {
    record(layers, ending);
    tape.releaseImage(base);
    tape.releaseImage(state);
  };
}
