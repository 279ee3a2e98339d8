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
import { createTensor, type Tensor } from "../gpu/tensor.ts";
import propagate from "../../kernels/propagate.wgsl" with { type: "text" };
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
  const tensors = {
    inner: createTensor(gpu, "layer weights", [2, dim], inner),
    last: createTensor(gpu, "last layer weights", [2, dim], last),
  };
  return {
    graph,
    layers,
    ...tensors,
    [Symbol.dispose]: () => Object.values(tensors).forEach((tensor) => tensor[Symbol.dispose]()),
  };
}

/** Records H = Σ_l α_l ⊙ Ã^l E and its adjoint. With no layers H is E itself. */
export function stepwiseConvolution(
  tape: Tape,
  convolution: StepwiseConvolution,
  input: Variable,
): Variable {
  const output: Variable = { value: convolve(tape, convolution, input.value) };
  tape.adjoint(() => {
    // The forward result was last read by the loss.
    tape.scratch.release(output.value);
    input.gradient = convolve(tape, convolution, output.gradient!);
  });
  return output;
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
): Tensor {
  const dim4 = input.shape[1]! / 4;
  const kernel = getKernel(tape.gpu, { name: "propagate", code: propagate }, { dim4 });
  let state = input;
  for (let layer = 1; layer <= layers; layer++) {
    const output = tape.scratch.take("propagated", input.shape);
    tape.program.dispatch(
      kernel,
      {
        row_start: graph.rowStart,
        column: graph.column,
        value: graph.value,
        base: input,
        input: state,
        weights: layer < layers ? inner : last,
        output,
      },
      { rows: graph.rowCount, first_row: firstRow },
      { invocations: graph.rowCount * Math.ceil(dim4 / 2) },
    );
    if (state !== input) tape.scratch.release(state);
    state = output;
  }
  return state;
}
