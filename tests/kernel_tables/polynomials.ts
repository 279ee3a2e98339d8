/** Awkward shapes for the kernels of polynomial convolutions. */
import { type Case, floats, randomPattern } from "./random_case.ts";

const shapes = [
  { rows: 1, dim: 4, perRow: 1 },
  { rows: 7, dim: 12, perRow: 3 },
  { rows: 300, dim: 64, perRow: 9 },
  { rows: 33, dim: 256, perRow: 4 },
  { rows: 40, dim: 20, perRow: 40 },
  { rows: 70_001, dim: 4, perRow: 1, workgroup_size: 1 }, // > 65,535 workgroups
];

const bands = shapes.map(({ rows, dim, workgroup_size = 128 }) => ({
  name: `${rows} rows, dim ${dim}`,
  elements: rows * dim,
  params: { vectors: rows * dim / 4, alpha: 0.3 },
  constants: { dim4: dim / 4, workgroup_size },
  size: { invocations: rows * dim / 4 },
}));

export const cases: Record<string, () => Case[]> = {
  polynomial_step: () =>
    shapes.flatMap(({ rows, dim, perRow, workgroup_size = 128 }) =>
      [0, -0.7].map((earlier_weight) => {
        const { rowStart, column } = randomPattern(rows, rows, perRow);
        const elements = rows * dim;
        return {
          name: `${rows} rows, dim ${dim}, earlier ${earlier_weight}`,
          tensors: {
            row_start: rowStart,
            column,
            value: floats(column.length),
            base: floats(elements),
            input: floats(elements),
            earlier: floats(elements),
            output: new Float32Array(elements),
          },
          params: {
            rows,
            base_weight: 0.25,
            product_weight: 1.5,
            input_weight: -0.4,
            earlier_weight,
          },
          constants: { dim4: dim / 4, workgroup_size },
          size: { invocations: rows * Math.ceil(dim / 16) },
        };
      })
    ),

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
