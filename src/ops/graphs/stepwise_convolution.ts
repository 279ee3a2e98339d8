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
import { createTensors, type Tensor } from "../../gpu/tensor.ts";
import type { SparseMatrix } from "../../sparse/csr.ts";
import type { Batch } from "../../tape/batch.ts";
import { InputError } from "../../input_error.ts";
import { type Ending, recordEnding, storedIn } from "../../tape/ending.ts";
import { addGradientEnding } from "../../tape/gradient.ts";
import type { Tape, Variable } from "../../tape/tape.ts";
import { createBufferPasses } from "./buffer_passes.ts";
import { type GatheredRows, rowsOfBatch } from "./gather.ts";
import { createImagePasses } from "./image_passes.ts";
import { MOST_COLUMNS, normalisation } from "./layer_weights.ts";
import type { GraphPasses } from "./passes.ts";
import { longestRow } from "./sparse_tensor.ts";

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
  /** The normalised symmetric adjacency, as buffers or as images. */
  readonly passes: GraphPasses;
}

/**
 * Uploads a normalised symmetric adjacency, with the column weights of ratios β (one per column) and L
 * layers.
 *
 * @param longest Entries in a row at most, where {@linkcode replaceGraph} is to put other graphs in its
 * place.
 * @throws {InputError} when there are more than 1024 columns.
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
  if (ratios.length > MOST_COLUMNS) {
    throw new InputError(`Embeddings may have ${MOST_COLUMNS} columns, not ${ratios.length}.`);
  }
  const scales = ratios.map((beta) => normalisation(beta, layers));
  const dim = ratios.length;
  const inner = Float32Array.from({ length: 2 * dim }, (_, i) => i < dim ? 1 : ratios[i - dim]!);
  const last = Float32Array.from(
    { length: 2 * dim },
    (_, i) => i < dim ? scales[i]! : scales[i - dim]! * ratios[i - dim]!,
  );
  using guard = new DisposableStack();
  const passes = guard.use(
    createImagePasses(gpu, label, matrix, dim, longest) ??
      createBufferPasses(gpu, label, matrix, longest),
  );
  const tensors = guard.use(createTensors(gpu, {
    inner: ["layer weights", [2, MOST_COLUMNS], inner],
    last: ["last layer weights", [2, MOST_COLUMNS], last],
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

/**
 * Puts another graph, as many rows and no more entries, in the place of the convolution's.
 *
 * @throws {GpuError} when it has more entries, or a longer row than was said it might.
 */
export function replaceGraph(
  { passes, longest }: StepwiseConvolution,
  matrix: SparseMatrix,
): void {
  const row = longestRow(matrix.rowStart);
  if (row > longest) throw new GpuError(`A row has ${row} entries, and at most ${longest} may.`);
  passes.replace(matrix);
}

/**
 * Records H = Σ_l α_l ⊙ Ã^l E and its adjoint. With no layers H is E itself.
 *
 * @param batch When given, only the rows of H that the current batch touches are computed.
 */
export function stepwiseConvolution(
  tape: Tape,
  convolution: StepwiseConvolution,
  input: Variable,
  batch?: Batch,
): Variable {
  if (convolution.layers === 0) return input;
  return tape.operation(
    convolve(tape, convolution, input.value, batch && rowsOfBatch(batch)),
    [input],
    (dh) =>
      addGradientEnding(
        tape,
        input,
        (ending) => convolveToEnding(tape, convolution, dh, ending),
      ),
  );
}

/**
 * Records the passes alone: Σ_l α_l ⊙ Ã^l E, taken from the tape; `input` itself without layers.
 *
 * @param rows Those wanted of the result; all unless told.
 */
export function convolve(
  tape: Tape,
  convolution: StepwiseConvolution,
  input: Tensor,
  rows?: GatheredRows,
): Tensor {
  if (convolution.layers === 0) return input;
  const recordLast = recordInnerPasses(tape, convolution, input);
  const output = tape.take("propagated", input.shape);
  recordLast(storedIn(output), rows);
  return output;
}

/** Records the passes alone, the result met by an ending that may not write to `input`. */
export function convolveToEnding(
  tape: Tape,
  convolution: StepwiseConvolution,
  input: Tensor,
  ending: Ending,
): void {
  if (convolution.layers === 0) {
    recordEnding(tape.program, input, ending);
  } else {
    recordInnerPasses(tape, convolution, input)(ending);
  }
}

/** Records all passes but the last, and returns a function that records the last one with an ending. */
function recordInnerPasses(
  tape: Tape,
  { layers, inner, last, passes }: StepwiseConvolution,
  input: Tensor,
): (ending: Ending, rows?: GatheredRows) => void {
  const { record, follow, end } = passes.start(tape, input);
  for (let layer = 1; layer < layers; layer++) {
    const output = tape.take("propagated", input.shape);
    record(inner, storedIn(output));
    follow(output);
  }
  return (ending, rows) => {
    record(last, ending, rows);
    end();
  };
}
