/** Tables for the kernels of MMSSL: batch normalisation, scores, contrast, rows of all items. */
import { batchLength, type Case, clockAt, floats, integers, randomPattern } from "./random_case.ts";

/** Rows in blocks of a batch, the current one partial or not. */
const batches = [
  { blocks: 1, batch_size: 1, triples: 1, step: 0, width: 1 },
  { blocks: 2, batch_size: 5, triples: 10, step: 1, width: 3 },
  { blocks: 2, batch_size: 37, triples: 90, step: 2, width: 17 }, // 16 rows of each block count
  { blocks: 3, batch_size: 100, triples: 250, step: 2, width: 33 },
];

/** One element, one vec4 and a bit, and more than 65,535 workgroups. */
const sizes = [
  { rows: 1, width: 1 },
  { rows: 13, width: 5 },
  { rows: 300, width: 64 },
  { rows: 70_001, width: 1, workgroup_size: 1 },
];

type BatchSizes = typeof batches[number];

const batchParams = ({ blocks, batch_size, width }: BatchSizes) => ({
  rows: blocks * batch_size,
  width,
  batch_size,
});

const batchName = ({ blocks, batch_size, triples, step, width }: BatchSizes): string =>
  `${blocks} × batch ${step} of ${triples} triples by ${batch_size}, width ${width}`;

/** The clock at the current batch. */
const clockOf = ({ triples, batch_size, step }: BatchSizes) =>
  clockAt(step, { size: batchLength(triples, batch_size, step) });

/** Written memory may hold anything. */
const unwritten = (length: number) => new Float32Array(length).fill(NaN);

const batchNorms = (
  tensors: (elements: number, width: number) => Case["tensors"],
): Case[] =>
  batches.map((sizes) => {
    const params = { ...batchParams(sizes), epsilon: 0.01 };
    const { rows, width } = params;
    return {
      name: batchName(sizes),
      tensors: { clock: clockOf(sizes), ...tensors(rows * width, width) },
      params,
      size: { workgroups: Math.ceil(width / 16) },
    };
  });

const normalised = (elements: number, width: number) => ({
  x: floats(elements, 3),
  statistics: floats(2 * width).map((x, i) => i < width ? x : Math.abs(x) + 0.1),
  scale: floats(width),
  direction: floats(elements).map((x) => x + 2),
});

/** All rows of a contrast, and a stretch of them, around which everything stays. */
const contrasts = (
  tensors: (batch_size: number, output: typeof floats) => Case["tensors"],
) =>
  batches.flatMap(({ batch_size, triples, step }) => {
    const third = Math.floor(batch_size / 3);
    return [
      { first_row: 0, end_row: batch_size, output: unwritten },
      { first_row: third, end_row: batch_size - third, output: floats },
    ].map(({ output, ...rows }) => ({
      name: `batch ${step} of ${triples} triples by ${batch_size}, from row ${rows.first_row}`,
      tensors: {
        clock: clockAt(step, { size: batchLength(triples, batch_size, step) }),
        ...tensors(batch_size, output),
      },
      params: { inverse_tau: 2.5, batch_size, ...rows },
      rowCount: rows.end_row - rows.first_row,
    }));
  });

/** Rows of all items for the triples of a batch, and who has which in train. */
const seenRows = (
  toCase: (sizes: BatchSizes) => Pick<Case, "tensors" | "params" | "constants" | "size">,
): Case[] =>
  batches.map((sizes) => {
    const { triples, batch_size, width: items } = sizes;
    const { rowStart, column } = randomPattern(11, items, 4);
    const { tensors, params, ...rest } = toCase(sizes);
    return {
      name: batchName(sizes),
      tensors: {
        clock: clockOf(sizes),
        user: integers(triples, 11),
        row_start: rowStart,
        column,
        scores: floats(batch_size * items),
        ...tensors,
      },
      params: { ...params, items, batch_size },
      ...rest,
    };
  });

export const cases: Record<string, () => Case[]> = {
  batch_norm: () =>
    batchNorms((elements, width) => ({
      x: floats(elements, 3),
      scale: floats(width),
      shift: floats(width),
      statistics: unwritten(2 * width),
      output: unwritten(elements),
    })),

  batch_norm_gradient: () =>
    batchNorms((elements, width) => ({
      ...normalised(elements, width),
      output: unwritten(elements),
      scale_gradient: unwritten(width),
      shift_gradient: unwritten(width),
    })),

  batch_norm_curvature: () =>
    batchNorms((elements, width) => ({
      ...normalised(elements, width),
      output_gradient: floats(elements).map((x) => x - 2),
      x_gradient: unwritten(elements),
      scale_gradient: unwritten(width),
    })),

  batch_mean: () =>
    batches.map((sizes) => {
      const { rows, batch_size } = batchParams(sizes);
      return {
        name: batchName(sizes),
        tensors: { clock: clockOf(sizes), x: floats(rows), terms: floats(9 * 3) },
        params: { rows, batch_size, factor: -2, term: 1, term_count: 3 },
        size: { workgroups: 1 },
      };
    }),

  sigmoid: () =>
    sizes.map(({ rows, workgroup_size = 128 }) => ({
      name: `${rows} numbers`,
      tensors: { x: floats(rows, 200), output: unwritten(rows) },
      params: { elements: rows, factor: 100 },
      constants: { workgroup_size },
      size: { invocations: rows },
    })),

  sigmoid_slope: () =>
    [0, 1].flatMap((averaged) =>
      batches.map((sizes) => {
        const { rows, batch_size } = batchParams(sizes);
        return {
          name: `${batchName(sizes)}, averaged ${averaged}`,
          tensors: { clock: clockOf(sizes), x: floats(rows, 8), output: unwritten(rows) },
          params: { rows, batch_size, factor: 100, averaged },
          size: { invocations: rows },
        };
      })
    ),

  sigmoid_curvature: () =>
    batches.map((sizes) => {
      const { rows, batch_size } = batchParams(sizes);
      return {
        name: batchName(sizes),
        tensors: {
          clock: clockOf(sizes),
          x: floats(rows, 8),
          slope_gradient: floats(rows),
          gradient: unwritten(rows),
        },
        params: { rows, batch_size, factor: 100 },
        size: { invocations: rows },
      };
    }),

  row_lengths: () =>
    sizes.map(({ rows, width }) => ({
      name: `${rows} × ${width}`,
      tensors: {
        x: floats(rows * width),
        row_length: unwritten(rows),
        penalty: unwritten(rows),
      },
      params: { rows, width },
      size: { workgroups: rows },
    })),

  row_lengths_adjoint: () =>
    batches.map((sizes) => {
      const { rows, width, ...params } = batchParams(sizes);
      return {
        name: batchName(sizes),
        tensors: {
          clock: clockOf(sizes),
          x: floats(rows * width),
          row_length: floats(rows).map((x) => x < -0.8 ? 0 : Math.abs(x) + 0.1),
          gradient: unwritten(rows * width),
        },
        params: { rows, width, ...params, weight: 0.3 },
        size: { invocations: rows * width },
      };
    }),

  contrast_rows: () =>
    contrasts((size, output) => ({
      own: floats(size * size),
      across: floats(size * size),
      total: output(2 * size),
      share: output(size),
      loss: output(size),
    })).map(({ rowCount, ...row }) => ({ ...row, size: { workgroups: rowCount } })),

  contrast_adjoint: () =>
    contrasts((size) => ({
      total: floats(2 * size).map((x) => x + 1),
      share: floats(size).map(Math.abs),
      own: floats(size * size),
      across: floats(size * size),
    })).map(({ rowCount, ...row }) => ({
      ...row,
      params: { ...row.params, weight: 0.5 },
      size: { invocations: rowCount * row.params.batch_size },
    })),

  softmax_rows: () =>
    sizes.map(({ rows, width, workgroup_size = 64 }) => ({
      name: `${rows} × ${width}`,
      tensors: { x: floats(rows * width, 5), output: unwritten(rows * width) },
      params: { rows, width },
      constants: { workgroup_size },
      size: { invocations: rows },
    })),

  softmax_rows_adjoint: () =>
    sizes.map(({ rows, width, workgroup_size = 64 }) => ({
      name: `${rows} × ${width}`,
      tensors: {
        share: floats(rows * width).map(Math.abs),
        share_gradient: floats(rows * width),
        gradient: unwritten(rows * width),
      },
      params: { rows, width },
      constants: { workgroup_size },
      size: { invocations: rows },
    })),

  hide_seen: () =>
    seenRows(({ batch_size }) => ({
      tensors: {},
      constants: { lanes: 8 },
      size: { invocations: 8 * batch_size },
    })),

  add_interactions: () =>
    seenRows(({ batch_size, width }) => ({
      // Near 1 the logarithm's logarithm is ill-conditioned.
      tensors: { draw: floats(batch_size * width, 0.9).map(Math.abs) },
      params: { noise: 0.5, factor: 3 },
      size: { workgroups: batch_size },
    })),

  mix_rows: () =>
    batches.map((sizes) => {
      const { rows, width, batch_size } = batchParams(sizes);
      return {
        name: batchName(sizes),
        tensors: {
          share: floats(rows).map(Math.abs),
          a: floats(batch_size * width),
          b: floats(rows * width),
          output: unwritten(rows * width),
        },
        params: { rows, width, batch_size },
        size: { invocations: rows * width },
      };
    }),

  mix_rows_adjoint: () =>
    batches.map((sizes) => {
      const { rows, width, batch_size } = batchParams(sizes);
      return {
        name: batchName(sizes),
        tensors: {
          share: floats(rows).map(Math.abs),
          direction: floats(rows * width),
          a_gradient: unwritten(batch_size * width),
          b_gradient: unwritten(rows * width),
        },
        params: { rows, width, batch_size },
        size: { invocations: batch_size * width },
      };
    }),
};
