/** What cases of the gather are put together from: its parts with what they are bound to. */
import { packEntries } from "../../src/ops/graphs/gather.ts";
import { MOST_COLUMNS } from "../../src/ops/graphs/layer_weights.ts";
import { dealRows } from "../../src/sparse/row_segments.ts";
import { below, type Case, floats, type randomBatch, randomPattern } from "./random_case.ts";

export const sizes = [
  { rows: 1, dim: 4, perRow: 1 },
  { rows: 7, dim: 12, perRow: 3 },
  { rows: 300, dim: 64, perRow: 9 },
  { rows: 33, dim: 256, perRow: 4 },
  { rows: 300, dim: 256, perRow: 2 }, // several lines of an image
  { rows: 40, dim: 20, perRow: 40 },
  { rows: 70_001, dim: 4, perRow: 1, groups: 1 }, // > 65,535 workgroups
];

export type Size = typeof sizes[number];
export type Batch = ReturnType<typeof randomBatch>;

/** A part with what it is bound to, for a case. */
export type MadePart = Partial<Case>;

/** A case of these parts: all that any of them needs. */
export function ofParts(name: string, size: Case["size"], ...made: MadePart[]): Case {
  const all: Case = { name, size, tensors: {} };
  return made.reduce<Case>((sum, { parts = [], tensors, params, constants }) => ({
    ...sum,
    parts: [...sum.parts ?? [], ...parts],
    tensors: { ...sum.tensors, ...tensors },
    params: { ...sum.params, ...params },
    constants: { ...sum.constants, ...constants },
  }), all);
}

export const everyRow = (rows: number): MadePart => ({
  parts: ["gather/every_row"],
  params: { rows },
});

export const batchRows = (
  { clock, gathers: { row } }: Batch,
  with_stale = 0,
): MadePart => ({
  parts: ["gather/batch_rows"],
  tensors: { clock, row },
  constants: { with_stale },
});

export const touched = ({ rows, batchSize }: Batch): number => Math.min(rows, 3 * batchSize);

/** How whole rows are walked: by one group on its own, or with a few set aside for each. */
export interface Sharing {
  readonly how: string;
  readonly share: number;
  readonly longest: number;
  /** Entries of a row at most. */
  readonly most?: number;
}
export const ALONE: Sharing = { how: "alone", share: 1, longest: 1 };
export const WHOLE: readonly Sharing[] = [
  ALONE,
  { how: "by 1", share: 1, longest: 1 },
  { how: "by 4", share: 4, longest: 2 },
  { how: "by 16", share: 16, longest: 1 },
  { how: "by 16, but long ones", share: 16, longest: 1, most: 3 },
];

/** Those of which a workgroup of so many groups can walk rows. */
export const wholeFor = (groups = 16): readonly Sharing[] =>
  WHOLE.filter(({ share }) => share <= groups);

export const ownSum: MadePart = { parts: ["gather/own_sum"] };
export const sharedSum: MadePart = { parts: ["gather/shared_sum"] };
export const sumOf = (sharing: Sharing): MadePart => sharing === ALONE ? ownSum : sharedSum;

/** Whole rows, all or some of them. */
export const wholeRows = ({ share, longest, most = 1e9 }: Sharing, which: MadePart): MadePart => ({
  ...which,
  parts: ["gather/whole_rows", ...which.parts!],
  constants: { ...which.constants, share, longest, most_entries: most },
});

/** Segments of so many entries at most; where there are many, but for the first and the last ones. */
export const rowSegments = (
  pattern: ReturnType<typeof randomPattern>,
  longest: number,
): MadePart => {
  const { rows: segments } = dealRows(pattern, longest);
  const count = segments.length / 4, left = count > 64 ? 16 : 0;
  const params = { first_segment: left, end_segment: count - left };
  return { parts: ["gather/row_segments"], tensors: { segments }, params };
};

/** The entries of a matrix, and where its rows have them. */
export const graphEntries = (rows: number, columns: number, perRow: number): MadePart => {
  const { rowStart: row_start, column } = randomPattern(rows, columns, perRow);
  return {
    parts: ["gather/row_bounds", "gather/graph_entries"],
    tensors: { row_start, column, value: floats(column.length) },
  };
};

/** The same, packed. */
export const packed = ({ tensors, constants }: MadePart): MadePart => {
  const { column, value, ...rest } = tensors!;
  const entries = packEntries({
    column: Uint32Array.from(column!),
    value: Float32Array.from(value!),
  });
  return {
    parts: ["gather/row_bounds", "gather/packed_entries"],
    tensors: { ...rest, entries },
    ...(constants ? { constants } : {}),
  };
};

/** Rows of which some end early, some at once. */
export const someEntries = (rows: number, columns: number, perRow: number): MadePart => {
  const graph = graphEntries(rows, columns, perRow);
  const starts = graph.tensors!.row_start!;
  const row_start = Uint32Array.from({ length: 2 * rows }, (_, i) => {
    const start = starts[i >> 1]!, end = starts[(i >> 1) + 1]!;
    return i % 2 === 0 ? start : start + below(end - start + 1);
  });
  return { ...graph, tensors: { ...graph.tensors, row_start }, constants: { row_stride: 2 } };
};

export const tripleEntries = ({ gathers, batchSize }: Batch): MadePart => {
  const { entry_start, partner, signed_slot } = gathers;
  return {
    parts: ["gather/triple_entries"],
    tensors: { entry_start, partner, signed_slot, coefficient: floats(batchSize) },
  };
};

export const plainSum: MadePart = { parts: ["gather/plain_sum"] };

/** As much as the kernels' uniform declares, of which 2 × dim count. */
export const layerWeights = (dim: number) => {
  const weights = new Float32Array(2 * MOST_COLUMNS);
  weights.set(floats(2 * dim));
  return weights;
};

export const layerMix = (rows: number, dim: number): MadePart => ({
  parts: ["gather/layer_mix"],
  tensors: { base: floats(rows * dim), weights: layerWeights(dim) },
});

export const recurrence = (rows: number, dim: number, earlier_weight: number): MadePart => ({
  parts: ["gather/recurrence"],
  tensors: {
    base: floats(rows * dim),
    own: floats(rows * dim),
    earlier: floats(rows * dim),
  },
  constants: { base_weight: 0.25, sum_weight: 1.5, own_weight: -0.4, earlier_weight },
});

/** A matrix with a walk of its rows in segments of so many entries at most. */
export function segmented({ rows, perRow, groups = 16 }: Size, columns: number, longest: number) {
  const pattern = randomPattern(rows, columns, perRow);
  const value = floats(pattern.column.length);
  // A row that is shared is shared within a workgroup.
  const walk = rowSegments(pattern, groups === 1 ? pattern.column.length : longest);
  const entries = {
    parts: ["gather/packed_entries"],
    tensors: { entries: packEntries({ ...pattern, value }) },
  };
  return { walk, entries, groups: walk.tensors!.segments!.length / 4, pieces: value.length };
}
