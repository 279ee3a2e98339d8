/** Awkward shapes for the kernels that solve least squares. */
import { packEntries } from "../../src/ops/graphs/gather.ts";
import { type Case, floats, integers, randomPattern } from "./random_case.ts";

/** Entries as they are packed, to be compared as numbers: columns are bits of very small ones. */
const packedAsFloats = (column: Uint32Array<ArrayBuffer>): Float32Array<ArrayBuffer> =>
  new Float32Array(packEntries({ column, value: floats(column.length) }).buffer);

const positive = (length: number): Float32Array<ArrayBuffer> =>
  floats(length).map((x) => Math.abs(x) + 0.5);

/** Rows, from which to which, and vec4 of each. */
const stretches = [
  { rows: 1, first: 0, end: 1, dim4: 1 },
  { rows: 7, first: 2, end: 5, dim4: 3 }, // what is outside the stretch stays, and is compared
  { rows: 40, first: 0, end: 40, dim4: 16 },
  { rows: 9, first: 1, end: 9, dim4: 65 }, // more vec4 than invocations
  { rows: 65_541, first: 3, end: 65_540, dim4: 1 }, // > 65,535 workgroups
];

const systems = (rows: number, dim4: number) => ({
  gram: positive(4 * dim4),
  ridge: positive(rows),
  x: floats(rows * 4 * dim4),
  sum: floats(rows * 4 * dim4),
});

const titled = ({ rows, first, end, dim4 }: typeof stretches[number], more = ""): string =>
  `rows ${first} to ${end} of ${rows} × ${4 * dim4}${more}`;

export const cases: Record<string, () => Case[]> = {
  entry_products: () =>
    [
      { entries: 1, first: 0, end: 1, dim4: 1 },
      { entries: 300, first: 7, end: 290, dim4: 16 },
      { entries: 70_000, first: 1, end: 70_000, dim4: 1, workgroup_size: 1 }, // > 65,535 workgroups
    ].flatMap(({ entries, first, end, dim4, workgroup_size = 128 }) =>
      [{ offset: 0, factor: 1 }, { offset: 1, factor: -1 }].map((constants) => ({
        name: `entries ${first} to ${end} of ${entries} × ${4 * dim4}, factor ${constants.factor}`,
        tensors: {
          row: integers(entries, 9),
          a: floats(9 * 4 * dim4),
          b: floats(5 * 4 * dim4),
          entries: packedAsFloats(integers(entries, 5)),
        },
        params: { first, end },
        constants: { ...constants, dim4, workgroup_size },
        size: { invocations: end - first },
      }))
    ),

  conjugate_start: () =>
    stretches.map((stretch) => {
      const { rows, first, end, dim4 } = stretch, length = rows * 4 * dim4;
      return {
        name: titled(stretch),
        tensors: {
          ...systems(rows, dim4),
          residual: floats(length),
          direction: floats(length),
        },
        params: { first: first * dim4, end: end * dim4 },
        constants: { dim4, alpha: 0.3, workgroup_size: rows > 65_535 ? 1 : 128 },
        size: { invocations: (end - first) * dim4 },
      };
    }),

  conjugate_step: () =>
    stretches.flatMap((stretch) =>
      [64, 8].map((workgroup_size) => {
        const { rows, first, end, dim4 } = stretch, length = rows * 4 * dim4;
        const residual = floats(length);
        // A row that is solved: nothing is left of it.
        residual.fill(0, first * 4 * dim4, (first + 1) * 4 * dim4);
        const own = systems(rows, dim4);
        const direction = floats(length);
        return {
          name: titled(stretch, `, ${workgroup_size} invocations each`),
          // As A is positive, so is what it adds along the direction.
          tensors: { ...own, sum: direction.map((p) => p / 3), residual, direction },
          params: { first, end },
          constants: { dim4, alpha: 0.3, workgroup_size },
          size: { workgroups: end - first },
        };
      })
    ),

  least_squares_loss: () =>
    [
      { rows: 1, dim4: 1, perRow: 0 },
      { rows: 30, dim4: 16, perRow: 4 },
      { rows: 4, dim4: 80, perRow: 150 },
      { rows: 65_537, dim4: 1, perRow: 1 }, // > 65,535 workgroups
    ].map(({ rows, dim4, perRow }) => {
      const { rowStart, column } = randomPattern(rows, 400, perRow);
      const { gram, ridge, x } = systems(rows, dim4);
      return {
        name: `${rows} × ${4 * dim4}, about ${perRow} entries each`,
        tensors: {
          row_start: rowStart,
          // At least one, as buffers are.
          entries: packEntries({
            column: Uint32Array.of(...column, 0),
            value: floats(column.length + 1),
          }),
          gram,
          ridge,
          x,
          parts: floats(2 * rows),
        },
        params: { rows },
        constants: { dim4, alpha: 0.3 },
        size: { workgroups: rows },
      };
    }),

  gram_rows: () =>
    [
      { rows: 1, others: 1, size: 64, perRow: 1, first_row: 0, end_row: 64, slab_row: 0 },
      { rows: 70, others: 40, size: 128, perRow: 9, first_row: 64, end_row: 100, slab_row: 64 },
      { rows: 64, others: 7, size: 64, perRow: 60, first_row: 3, end_row: 64, slab_row: 0 },
    ].map(({ rows, others, perRow, ...params }) => {
      const b = randomPattern(others, rows, perRow), a = randomPattern(rows, others, 5);
      return {
        name: `rows ${params.first_row} to ${params.end_row} of ${rows}, size ${params.size}`,
        tensors: {
          a_start: a.rowStart,
          a_column: Uint32Array.of(...a.column, 0),
          b_start: b.rowStart,
          b_entries: packEntries({
            column: Uint32Array.of(...b.column, 0),
            value: floats(b.column.length + 1),
          }),
          gram: floats((params.end_row - params.slab_row) * params.size),
        },
        params: { ...params, rows, ridge: 2.5 },
        size: { workgroups: params.end_row - params.first_row },
      };
    }),

  invert_block: () =>
    [{ size: 64, first: 0 }, { size: 192, first: 64 }].map(({ size, first }) => {
      const panel = floats(64 * size, 0.1);
      // Symmetric and positive definite: its diagonal outweighs the rest.
      for (let r = 0; r < 64; r++) {
        for (let c = 0; c < r; c++) panel[r * size + first + c] = panel[c * size + first + r]!;
        panel[r * size + first + r] = 5 + r % 3;
      }
      return {
        name: `at ${first} of ${size}`,
        tensors: { panel, block: floats(64 * 64) },
        params: { size, first },
        size: { workgroups: 1 },
      };
    }),

  store_swept: () =>
    [
      { size: 64, first: 0, slab_row: 0, rows: 64 },
      { size: 192, first: 64, slab_row: 0, rows: 128 },
      { size: 192, first: 64, slab_row: 128, rows: 64 }, // a slab without the block
      { size: 1088, first: 1024, slab_row: 0, rows: 1088, workgroup_size: 1 }, // > 65,535 workgroups
    ].map(({ workgroup_size = 128, ...params }) => ({
      name: `block at ${params.first} of ${params.size}, rows from ${params.slab_row}`,
      tensors: {
        product: floats(64 * params.size),
        block: floats(64 * 64),
        matrix: floats(params.rows * params.size),
      },
      params,
      constants: { workgroup_size },
      size: { invocations: 64 * params.rows },
    })),
};
