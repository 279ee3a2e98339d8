/** Awkward shapes for the kernels of frequency bands. */
import { type Case, floats } from "./random_case.ts";

const shapes = [
  { rows: 1, dim: 4 },
  { rows: 7, dim: 12 },
  { rows: 300, dim: 64 },
  { rows: 33, dim: 256 },
  { rows: 40, dim: 20 },
  { rows: 70_001, dim: 4, workgroup_size: 1 }, // > 65,535 workgroups
];

const bands = shapes.map(({ rows, dim, workgroup_size = 128 }) => ({
  name: `${rows} rows, dim ${dim}`,
  elements: rows * dim,
  params: { vectors: rows * dim / 4, alpha: 0.3 },
  constants: { dim4: dim / 4, workgroup_size },
  size: { invocations: rows * dim / 4 },
}));

export const cases: Record<string, () => Case[]> = {
  frequency_bands: () =>
    bands.map(({ elements, ...rest }) => ({
      ...rest,
      tensors: {
        low: floats(elements),
        base: floats(elements),
        output: new Float32Array(2 * elements),
      },
    })),

  frequency_bands_adjoint: () =>
    bands.map(({ elements, ...rest }) => ({
      ...rest,
      tensors: {
        gradient: floats(2 * elements),
        low_gradient: new Float32Array(elements),
        base_gradient: new Float32Array(elements),
      },
    })),
};
