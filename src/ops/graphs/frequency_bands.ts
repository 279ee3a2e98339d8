/**
 * What a graph filter lets through of a signal, and what it does not, side by side:
 * H = [ L | α E − L ], twice as wide as L and E.
 *
 * Adjoint: with dLoss/dH = [ g | h ], dLoss/dL = g − h and dLoss/dE = α h.
 *
 * @module
 */
import { getKernel } from "../../gpu/kernel.ts";
import { elementCount, type Tensor } from "../../gpu/tensor.ts";
import bandsCode from "../../../kernels/frequency_bands.wgsl" with { type: "text" };
import bandsAdjointCode from "../../../kernels/frequency_bands_adjoint.wgsl" with { type: "text" };
import { addGradient } from "../../tape/gradient.ts";
import type { Tape, Variable } from "../../tape/tape.ts";

/**
 * Records [ L | α E − L ] and its adjoint.
 *
 * @param low L, rows × dim, dim a multiple of 4.
 * @param base E, likewise.
 * @returns rows × 2 dim.
 */
export function frequencyBands(tape: Tape, low: Variable, base: Variable, alpha: number): Variable {
  const h = joinBands(tape, low.value, base.value, alpha);
  return tape.operation(h, [low, base], (gradient) => {
    const { shape } = low.value;
    const low_gradient = tape.take("gradient of low frequencies", shape);
    const base_gradient = tape.take("gradient of all frequencies", shape);
    const gradients = { gradient, low_gradient, base_gradient };
    dispatchBands(tape, "frequency_bands_adjoint", gradients, shape, alpha);
    addGradient(tape, low, low_gradient);
    addGradient(tape, base, base_gradient);
  });
}

/** Records [ L | α E − L ] alone, taken from the tape. */
export function joinBands(tape: Tape, low: Tensor, base: Tensor, alpha: number): Tensor {
  const [rows, dim] = low.shape as [number, number];
  const output = tape.take("frequency bands", [rows, 2 * dim]);
  dispatchBands(tape, "frequency_bands", { low, base, output }, low.shape, alpha);
  return output;
}

const CODE = { frequency_bands: bandsCode, frequency_bands_adjoint: bandsAdjointCode };

/** Dispatches one invocation per vec4 of L. */
function dispatchBands(
  { gpu, program }: Tape,
  name: keyof typeof CODE,
  tensors: Readonly<Record<string, Tensor>>,
  shape: readonly number[],
  alpha: number,
): void {
  const vectors = elementCount(shape) / 4;
  program.dispatch(
    getKernel(gpu, { name, code: CODE[name] }, { dim4: shape[1]! / 4 }),
    tensors,
    { vectors, alpha },
    { invocations: vectors },
  );
}
