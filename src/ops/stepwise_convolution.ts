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
import { getKernel, type KernelSource } from "../gpu/kernel.ts";
import type { Program } from "../gpu/program.ts";
import { createTensors, type Tensor } from "../gpu/tensor.ts";
import markNearCode from "../../kernels/mark_near.wgsl" with { type: "text" };
import propagate from "../../kernels/propagate.wgsl" with { type: "text" };
import propagateNear from "../../kernels/propagate_near.wgsl" with { type: "text" };
import { touchedRows, type TripleTensors } from "./bpr_loss.ts";
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
  const { layers } = convolution;
  const near = batches && layers > 0 ? markNear(tape, convolution.graph, batches) : undefined;
  // Layer l of the forward pass is needed where the remaining layers start from.
  const forward = (layer: number): Reach => ({ rows: layers - layer, neighbours: Infinity });
  // Before adjoint pass l the gradient has spread l − 1 steps; the last one writes all rows.
  const backward = (layer: number): Reach => ({
    rows: layer < layers ? layer : Infinity,
    neighbours: layer - 1,
  });
  const output: Variable = {
    value: convolve(tape, convolution, input.value, 0, near && { ...near, reach: forward }),
  };
  tape.adjoint(() => {
    // The forward result was last read by the loss.
    tape.scratch.release(output.value);
    const restriction = near && { ...near, reach: backward };
    input.gradient = convolve(tape, convolution, output.gradient!, 0, restriction);
  });
  return output;
}

/** How far from the batch the rows are that a pass computes, and those that it reads. */
interface Reach {
  readonly rows: number;
  readonly neighbours: number;
}

/** Restricts passes to rows near a batch. */
interface Restriction {
  readonly clock: Tensor;
  /** Marks of kernels/mark_near.wgsl. */
  readonly near: Tensor;
  /** What pass `layer` needs, from 1. */
  readonly reach: (layer: number) => Reach;
}

/** Beyond the batch's rows and their neighbours, nearly all rows are near: kernels call it 2. */
const ALL_ROWS = 2;
/** Invocations that mark the neighbours of one row: popular items have thousands. */
const MARK_LANES = 8;

function markNear(
  { gpu, program }: Tape,
  graph: SparseTensor,
  { clock, batchStart, row, near, shape }: TripleTensors,
): Omit<Restriction, "reach"> {
  program.dispatch(
    getKernel(gpu, { name: "mark_near", code: markNearCode }, { lanes: MARK_LANES }),
    {
      clock,
      batch_start: batchStart,
      row,
      row_start: graph.rowStart,
      column: graph.column,
      near,
    },
    {},
    { invocations: touchedRows(shape) * MARK_LANES },
  );
  return { clock, near };
}

/**
 * Records the passes alone: Σ_l α_l ⊙ Ã^l E over the rows of `input` from `firstRow` on, into memory
 * of the tape's scratch of the same shape as `input` (other rows undefined).
 */
export function convolve(
  tape: Tape,
  { graph, layers, inner, last }: StepwiseConvolution,
  input: Tensor,
  firstRow = 0,
  restriction?: Restriction,
): Tensor {
  const { program, scratch } = tape;
  let state = input;
  for (let layer = 1; layer <= layers; layer++) {
    const output = scratch.take("propagated", input.shape);
    const weights = layer < layers ? inner : last;
    const operands = { base: input, input: state, weights, output };
    const reach = restriction?.reach(layer);
    const row_reach = Math.min(reach?.rows ?? ALL_ROWS, ALL_ROWS);
    const neighbour_reach = Math.min(reach?.neighbours ?? ALL_ROWS, ALL_ROWS);
    if (restriction && Math.min(row_reach, neighbour_reach) < ALL_ROWS) {
      const { clock, near } = restriction;
      const source = { name: "propagate_near", code: propagateNear };
      const params = { row_reach, neighbour_reach };
      dispatchPass(program, source, graph, { ...operands, clock, near }, params);
    } else {
      recordPropagation(program, graph, operands, firstRow);
    }
    if (state !== input) scratch.release(state);
    state = output;
  }
  return state;
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

/** Records output = a ⊙ base + b ⊙ (A input) for the rows from `firstRow` on. */
export function recordPropagation(
  program: Program,
  matrix: SparseTensor,
  operands: Operands,
  firstRow = 0,
): void {
  const source = { name: "propagate", code: propagate };
  dispatchPass(program, source, matrix, { ...operands }, { first_row: firstRow });
}

/** Dispatches a pass with one invocation for four vec4 of a row. */
function dispatchPass(
  program: Program,
  source: KernelSource,
  { rowCount: rows, rowStart: row_start, column, value }: SparseTensor,
  tensors: Readonly<Record<string, Tensor>>,
  params: Readonly<Record<string, number>>,
): void {
  const dim4 = tensors.output!.shape[1]! / 4;
  const kernel = getKernel(program.gpu, source, { dim4 });
  program.dispatch(kernel, { row_start, column, value, ...tensors }, { rows, ...params }, {
    invocations: rows * Math.ceil(dim4 / 4),
  });
}
