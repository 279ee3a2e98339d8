/** Awkward shapes for kernels that take elements, rows and blocks as they are. */
import { type Case, clockAt, floats } from "./random_case.ts";

const sizes = [1, 127, 4001, 70_001].map((elements) => ({
  elements,
  constants: { workgroup_size: elements > 65_535 ? 1 : 128 },
}));

/** Rows to scale, by how many invocations share one. */
const rowCases = [
  { rows: 1, width: 1, lanes: 1 },
  { rows: 7, width: 5, lanes: 4 }, // more rows than the workgroup's invocations have lanes for
  { rows: 33, width: 64, lanes: 8 },
  { rows: 3, width: 4096, lanes: 64 },
  { rows: 5, width: 100, lanes: 64 },
  { rows: 70_001, width: 3, lanes: 1, workgroup_size: 1 }, // > 65,535 workgroups
].map(({ workgroup_size = 64, ...rest }) => ({ ...rest, workgroup_size }));

const EPSILON = 0.4;

/** Random rows, of which every third is shorter than EPSILON, and the last without length. */
function shortAndLong(rows: number, width: number): Float32Array<ArrayBuffer> {
  const x = floats(rows * width);
  for (let i = 0; i < x.length; i++) if (Math.floor(i / width) % 3 === 1) x[i]! *= 1e-3;
  if (rows > 1) x.fill(0, (rows - 1) * width);
  return x;
}

/** Lengths, likewise. */
const lengths = (rows: number) =>
  floats(rows).map((x, row) => row % 3 === 1 ? 0.1 * Math.abs(x) : 0.5 + Math.abs(x));

const blocks = [
  { rows: 1, columns: 1, from_row: 0, to_row: 0 },
  { rows: 7, columns: 5, from_row: 2, to_row: 1 },
  { rows: 40, columns: 64, from_row: 0, to_row: 3 },
  { rows: 70_001, columns: 1, from_row: 1, to_row: 0 },
];

export const cases: Record<string, () => Case[]> = {
  leaky_relu: () =>
    sizes.flatMap(({ elements, constants }) =>
      [0, 0.2].map((slope) => ({
        name: `${elements} numbers, slope ${slope}`,
        tensors: {
          x: floats(elements).map((x, i) => i % 5 === 0 ? 0 : x),
          source: floats(elements),
          output: floats(elements),
        },
        params: { elements, slope },
        constants,
        size: { invocations: elements },
      }))
    ),

  scaled_product: () =>
    sizes.map(({ elements, constants }) => ({
      name: `${elements} numbers`,
      tensors: { a: floats(elements), b: floats(elements), output: floats(elements) },
      params: { elements, scale: -1.7 },
      constants,
      size: { invocations: elements },
    })),

  draw_uniform: () =>
    sizes.flatMap(({ elements, constants }) =>
      [
        { as_mask: 0, rate: 0, seed_low: 0xfedcba98, seed_high: 7 },
        { as_mask: 1, rate: 0, seed_low: 1, seed_high: 0 },
        { as_mask: 1, rate: 0.3, seed_low: 0xffffffff, seed_high: 3 },
      ].map((drawn) => ({
        name: `${elements} ${drawn.as_mask ? `zeros and ones, rate ${drawn.rate}` : "numbers"}`,
        tensors: { clock: clockAt(2, { count: 90_017 }), draw: floats(elements) },
        params: { elements, ...drawn },
        constants,
        size: { invocations: elements },
      }))
    ),

  normalise_rows: () =>
    rowCases.map(({ rows, width, lanes, workgroup_size }) => ({
      name: `${rows} × ${width}, ${lanes} lanes`,
      tensors: {
        x: shortAndLong(rows, width),
        row_length: floats(rows),
        output: floats(rows * width),
      },
      params: { rows, width, epsilon: EPSILON },
      constants: { lanes, workgroup_size },
      size: { invocations: rows * lanes },
    })),

  normalise_rows_adjoint: () =>
    rowCases.map(({ rows, width, lanes, workgroup_size }) => ({
      name: `${rows} × ${width}, ${lanes} lanes`,
      tensors: {
        y: floats(rows * width),
        y_gradient: floats(rows * width),
        row_length: lengths(rows),
        gradient: floats(rows * width),
      },
      params: { rows, width, epsilon: EPSILON },
      constants: { lanes, workgroup_size },
      size: { invocations: rows * lanes },
    })),

  copy_block: () =>
    blocks.flatMap(({ rows, columns, from_row, to_row }) =>
      [0, 1].map((keep) => ({
        name: `${rows} × ${columns}, keep ${keep}`,
        tensors: {
          input: floats((from_row + rows) * columns),
          output: floats((to_row + rows + 1) * columns), // what is beside the block must stay
        },
        params: { rows, columns, from_row, to_row, scale: 0.7, keep },
        constants: { workgroup_size: rows > 65_535 ? 1 : 128 },
        size: { invocations: rows * columns },
      }))
    ),
};
