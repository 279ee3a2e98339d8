/** Tables of the propagation kernels: whole graphs, and what of them is near a batch. */
import { pairEntries } from "../../src/sparse/paired_entries.ts";
import { stored, withEachEnding } from "./endings.ts";
import { batchCases, below, type Case, floats, integers, randomPattern } from "./random_case.ts";

const sizes = [
  { rows: 1, dim: 4, perRow: 1 },
  { rows: 7, dim: 12, perRow: 3 },
  { rows: 300, dim: 64, perRow: 9 },
  { rows: 33, dim: 256, perRow: 4 },
  { rows: 300, dim: 256, perRow: 2 }, // several lines of an image
  { rows: 40, dim: 20, perRow: 40 },
  { rows: 70_001, dim: 4, perRow: 1, workgroup_size: 1 }, // > 65,535 workgroups
];

const propagate = (): Case[] =>
  sizes.flatMap(({ rows, dim, perRow, workgroup_size = 128 }) => {
    const { rowStart, column } = randomPattern(rows, rows, perRow);
    const elements = rows * dim;
    const whole = {
      name: `${rows} rows, dim ${dim}`,
      tensors: {
        row_start: rowStart,
        row_end: rowStart,
        column,
        value: floats(column.length),
        base: floats(elements),
        input: floats(elements),
        weights: floats(2 * dim),
      },
      params: { rows, row_end_shift: 1 },
      constants: { dim4: dim / 4, workgroup_size },
      size: { invocations: rows * Math.ceil(dim / 16) },
    };
    // Some rows end early, some at once.
    const row_end = rowStart.slice(0, rows).map((start, row) =>
      start + below(rowStart[row + 1]! - start + 1)
    );
    const short = {
      ...whole,
      name: `${whole.name}, cut short`,
      tensors: { ...whole.tensors, row_end },
      params: { rows, row_end_shift: 0 },
    };
    return [whole, short].flatMap((one) => withEachEnding(one, elements));
  });

/** All rows as a list, and more rows than an invocation walks; the first kind meets every ending. */
const propagateToEveryRow = (): Case[] =>
  sizes.flatMap((size) => {
    const [all, ...others] = [[8, 1], [8, 0], [1, 1], [1, 0]].map(([rowsEach, inOrder]) =>
      toEveryRow(size, rowsEach!, inOrder!)
    );
    const elements = size.rows * size.dim;
    return [...withEachEnding(all!, elements), ...others.map((one) => stored(one, elements))];
  });

function toEveryRow(
  { rows, dim, perRow, workgroup_size = 32 }: typeof sizes[number],
  rows_each: number,
  rows_in_order: number,
): Case {
  return {
    name: `${rows} rows, dim ${dim}, ${rows_each} each${rows_in_order ? ", in order" : ""}`,
    tensors: {
      list: Uint32Array.of(0),
      batch_start: Uint32Array.of(0, rows),
      row: Uint32Array.from({ length: rows }, (_, row) => row),
      ...randomPairs(rows, perRow),
      base: floats(rows * dim),
      input: floats(rows * dim),
      weights: floats(2 * dim),
    },
    images: { base: dim / 4, input: dim / 4 },
    params: { zero: 0 },
    constants: {
      dim4: dim / 4,
      rows_each,
      rows_in_order,
      workgroup_size,
    },
    size: { invocations: Math.ceil(rows / rows_each) * Math.ceil(dim / 8) },
  };
}

/** A graph, its entries two by two. */
function randomPairs(rows: number, perRow: number) {
  const pattern = randomPattern(rows, rows, perRow);
  const { pairStart, entries } = pairEntries({ ...pattern, value: floats(pattern.column.length) });
  return { pair_start: pairStart, entries };
}

/** A graph over the rows of a batch. */
function randomGraph(rows: number) {
  const { rowStart, column } = randomPattern(rows, rows, 5);
  return { row_start: rowStart, column, value: floats(column.length) };
}

type Batch = Parameters<Parameters<typeof batchCases>[0]>[0];

/** The same, with the clock under another name: an ending may need the batch's where rows are no batch's. */
function listTensors(batch: Batch) {
  const { clock: list, ...tensors } = batchTensors(batch);
  return { list, ...tensors };
}

/** The rows of a batch, and what is propagated to them. */
function batchTensors({ clock, gathers: { batch_start, row }, rows, dim }: Batch) {
  return {
    clock,
    batch_start,
    row,
    base: floats(rows * dim),
    input: floats(rows * dim),
    weights: floats(2 * dim),
  };
}

export const cases: Record<string, () => Case[]> = {
  propagate,

  propagate_rows: () =>
    batchCases((batch) => ({
      tensors: { ...batchTensors(batch), ...randomGraph(batch.rows) },
      constants: batch.constants,
      size: {
        invocations: Math.min(batch.rows, 3 * batch.batchSize) * Math.ceil(batch.dim / 16),
      },
    })).map((one) => stored(one, one.tensors.base!.length)),

  propagate_image: () => [
    ...propagateToEveryRow(),
    ...batchCases((batch) => ({
      tensors: { ...listTensors(batch), ...randomPairs(batch.rows, 5) },
      images: { base: batch.dim / 4, input: batch.dim / 4 },
      params: { zero: 0 },
      constants: { ...batch.constants, rows_each: 3, rows_in_order: 0 },
      size: {
        invocations: Math.ceil(Math.min(batch.rows, 3 * batch.batchSize) / 3) *
          Math.ceil(batch.dim / 8),
      },
    })).map((one) => stored(one, one.tensors.base!.length)),
  ],

  mark_batch: () =>
    batchCases(({ clock, gathers: { batch_start, row }, rows, batchSize }) => ({
      tensors: { clock, batch_start, row, mark: integers(rows, 17) },
      size: { invocations: Math.min(rows, 3 * batchSize) },
    })),

  graph_near_batch: () =>
    sizes.map(({ rows, perRow, workgroup_size = 128 }) => {
      const { rowStart, column } = randomPattern(rows, rows, perRow);
      return {
        name: `${rows} rows`,
        tensors: {
          clock: Uint32Array.of(3, 4),
          mark: integers(rows, 6), // 5 is this batch
          row_by_length: Uint32Array.from({ length: rows }, (_, row) => row).reverse(), // any order
          row_start: rowStart,
          column,
          value: floats(column.length),
          near_column: new Uint32Array(column.length),
          near_value: new Float32Array(column.length),
          near_end: new Uint32Array(rows),
          reached_end: new Uint32Array(rows),
        },
        params: { rows },
        constants: { workgroup_size },
        size: { invocations: rows },
      };
    }),
};
