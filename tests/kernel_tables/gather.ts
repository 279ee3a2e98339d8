/** Tables of the gather, in all the ways that it is put together. */
import { pairEntries } from "../../src/sparse/paired_entries.ts";
import { packEntries } from "../../src/ops/graphs/gather.ts";
import { MOST_COLUMNS } from "../../src/ops/graphs/layer_weights.ts";
import { added, stored, withEachEnding } from "./endings.ts";
import {
  batchCases,
  below,
  type Case,
  clockAt,
  floats,
  type randomBatch,
  randomPattern,
} from "./random_case.ts";

const sizes = [
  { rows: 1, dim: 4, perRow: 1 },
  { rows: 7, dim: 12, perRow: 3 },
  { rows: 300, dim: 64, perRow: 9 },
  { rows: 33, dim: 256, perRow: 4 },
  { rows: 300, dim: 256, perRow: 2 }, // several lines of an image
  { rows: 40, dim: 20, perRow: 40 },
  { rows: 70_001, dim: 4, perRow: 1, workgroup_size: 1 }, // > 65,535 workgroups
];

type Size = typeof sizes[number];
type Batch = ReturnType<typeof randomBatch>;

/** A part with what it is bound to, for a case. */
type MadePart = Partial<Case>;

/** A case of these parts: all that any of them needs. */
function ofParts(name: string, size: Case["size"], ...made: MadePart[]): Case {
  const all: Case = { name, size, tensors: {} };
  return made.reduce<Case>((sum, { parts = [], tensors, params, constants }) => ({
    ...sum,
    parts: [...sum.parts ?? [], ...parts],
    tensors: { ...sum.tensors, ...tensors },
    params: { ...sum.params, ...params },
    constants: { ...sum.constants, ...constants },
  }), all);
}

const everyRow = (rows: number): MadePart => ({ parts: ["gather/every_row"], params: { rows } });

const batchRows = (
  { clock, gathers: { row } }: Batch,
  with_stale = 0,
): MadePart => ({
  parts: ["gather/batch_rows"],
  tensors: { clock, row },
  constants: { with_stale },
});

const touched = ({ rows, batchSize }: Batch): number => Math.min(rows, 3 * batchSize);

const graphEntries = (rows: number, columns: number, perRow: number): MadePart => {
  const { rowStart: row_start, column } = randomPattern(rows, columns, perRow);
  return {
    parts: ["gather/graph_entries"],
    tensors: { row_start, column, value: floats(column.length) },
  };
};

/** The same, packed. */
const packed = ({ tensors, constants }: MadePart): MadePart => {
  const { column, value, ...rest } = tensors!;
  const entries = packEntries({
    column: Uint32Array.from(column!),
    value: Float32Array.from(value!),
  });
  return {
    parts: ["gather/packed_entries"],
    tensors: { ...rest, entries },
    ...(constants ? { constants } : {}),
  };
};

/** Rows of which some end early, some at once. */
const someEntries = (rows: number, columns: number, perRow: number): MadePart => {
  const graph = graphEntries(rows, columns, perRow);
  const starts = graph.tensors!.row_start!;
  const row_start = Uint32Array.from({ length: 2 * rows }, (_, i) => {
    const start = starts[i >> 1]!, end = starts[(i >> 1) + 1]!;
    return i % 2 === 0 ? start : start + below(end - start + 1);
  });
  return { ...graph, tensors: { ...graph.tensors, row_start }, constants: { row_stride: 2 } };
};

const tripleEntries = ({ gathers, batchSize }: Batch): MadePart => {
  const { entry_start, partner, signed_slot } = gathers;
  return {
    parts: ["gather/triple_entries"],
    tensors: { entry_start, partner, signed_slot, coefficient: floats(batchSize) },
  };
};

const plainSum: MadePart = { parts: ["gather/plain_sum"] };

/** As much as the kernels' uniform declares, of which 2 × dim count. */
const layerWeights = (dim: number) => {
  const weights = new Float32Array(2 * MOST_COLUMNS);
  weights.set(floats(2 * dim));
  return weights;
};

const layerMix = (rows: number, dim: number): MadePart => ({
  parts: ["gather/layer_mix"],
  tensors: { base: floats(rows * dim), weights: layerWeights(dim) },
});

const recurrence = (rows: number, dim: number, earlier_weight: number): MadePart => ({
  parts: ["gather/recurrence"],
  tensors: { base: floats(rows * dim), earlier: floats(rows * dim) },
  constants: { base_weight: 0.25, sum_weight: 1.5, input_weight: -0.4, earlier_weight },
});

/** What the kernel itself needs, with an input of so many rows. */
const gather = (rows: number, dim: number, workgroup_size = 128): MadePart => ({
  tensors: { input: floats(rows * dim) },
  constants: { dim4: dim / 4, workgroup_size },
});

/** Invocations for so many rows. */
const lanes = (rows: number, dim: number) => ({ invocations: rows * Math.ceil(dim / 16) });

/** Passes of stepwise convolution over all rows. */
const layerMixes = (): Case[] =>
  sizes.flatMap(({ rows, dim, perRow, workgroup_size }) =>
    [graphEntries, someEntries].flatMap((entries) => {
      const one = ofParts(
        `${rows} rows, dim ${dim}, ${entries === someEntries ? "some" : "all"} entries, layer mix`,
        lanes(rows, dim),
        gather(rows, dim, workgroup_size),
        everyRow(rows),
        packed(entries(rows, rows, perRow)),
        layerMix(rows, dim),
      );
      return withEachEnding(one, rows * dim);
    })
  );

/** The last pass forward, over the rows of a batch. */
const batchMixes = (): Case[] =>
  batchCases((batch) => {
    const { rows, dim } = batch;
    const made = [batchRows(batch), packed(graphEntries(rows, rows, 5)), layerMix(rows, dim)];
    return ofParts("", lanes(touched(batch), dim), gather(rows, dim), ...made);
  }).map((one) => stored({ ...one, name: `${one.name}, layer mix` }, one.tensors.base!.length));

const products = (): Case[] =>
  sizes.flatMap(({ rows, dim, perRow, workgroup_size }) => {
    const columns = Math.min(2 * rows + 3, 130);
    const one = ofParts(
      `${rows} × ${columns} times ${columns} × ${dim}`,
      lanes(rows, dim),
      gather(columns, dim, workgroup_size),
      everyRow(rows),
      graphEntries(rows, columns, perRow),
      plainSum,
    );
    const replaced = stored(one, rows * dim);
    replaced.tensors.output!.fill(NaN); // may hold anything
    return [replaced, added(one, rows * dim)];
  });

const recurrences = (): Case[] =>
  sizes.flatMap(({ rows, dim, perRow, workgroup_size }) =>
    [0, -0.7].map((earlier) => {
      const one = ofParts(
        `${rows} rows, dim ${dim}, recurrence with ${earlier} of the one before`,
        lanes(rows, dim),
        gather(rows, dim, workgroup_size),
        everyRow(rows),
        graphEntries(rows, rows, perRow),
        recurrence(rows, dim, earlier),
      );
      return stored(one, rows * dim);
    })
  );

/** The gradient of BPR by H; rows that are neither touched nor stale stay as they are. */
const gradientsByBatch = (): Case[] =>
  [0, 1].flatMap((withStale) =>
    batchCases((batch) => {
      const { rows, dim } = batch;
      const made = [batchRows(batch, withStale), tripleEntries(batch), plainSum];
      const count = Math.min(rows, (1 + withStale) * touched(batch));
      return ofParts("", lanes(count, dim), gather(rows, dim), ...made);
    }).flatMap((one) => {
      const named = { ...one, name: `${one.name}, triples${withStale ? " and stale rows" : ""}` };
      const elements = one.tensors.input!.length;
      return [stored(named, elements), added(named, elements)];
    })
  );

/** The gradient of BPR by gathered rows; the third batch of three, which is partial where it is not alone. */
const gradientsByRows = (): Case[] =>
  [
    { batch: 1, dim: 4 },
    { batch: 9, dim: 12 },
    { batch: 30, dim: 64 },
    { batch: 3, dim: 300 },
    { batch: 35_001, dim: 4, workgroup_size: 1 }, // > 65,535 workgroups for items
  ].flatMap(({ batch, dim, workgroup_size }) =>
    [[1, 2], [2, 1]].flatMap(([own, other]) => {
      const rows = own! * batch, of_users = 2 - own!;
      const slotEntries = {
        parts: ["gather/slot_entries"],
        tensors: {
          clock: clockAt(2, { size: Math.ceil(0.6 * batch) }),
          coefficient: floats(batch),
        },
        constants: { of_users, batch_size: batch },
      };
      const one = ofParts(
        `${batch} × ${dim}, ${of_users ? "users" : "items"}`,
        lanes(rows, dim),
        gather(other! * batch, dim, workgroup_size),
        everyRow(rows),
        slotEntries,
        plainSum,
      );
      return [stored(one, rows * dim), added(one, rows * dim)];
    })
  );

/** What the kernel itself needs where it gathers from images: a graph, its entries two by two. */
function gatherImage(
  rows: number,
  dim: number,
  perRow: number,
  constants: Case["constants"],
): MadePart {
  const pattern = randomPattern(rows, rows, perRow);
  const { pairStart, entries } = pairEntries({ ...pattern, value: floats(pattern.column.length) });
  const { tensors } = layerMix(rows, dim);
  return {
    tensors: { pair_start: pairStart, entries, input: floats(rows * dim), ...tensors },
    constants: { dim4: dim / 4, ...constants },
  };
}

/** Invocations for so many rows, some of which share one. */
const imageLanes = (rows: number, dim: number, rowsEach: number) => ({
  invocations: Math.ceil(rows / rowsEach) * Math.ceil(dim / 8),
});

const imagesOf = (dim: number) => ({ images: { base: dim / 4, input: dim / 4 } });

const imagesToEveryRow = (): Case[] =>
  sizes.flatMap(({ rows, dim, perRow, workgroup_size = 32 }: Size) =>
    [8, 1].flatMap((rows_each) => {
      const one = ofParts(
        `${rows} rows, dim ${dim}, ${rows_each} each`,
        imageLanes(rows, dim, rows_each),
        gatherImage(rows, dim, perRow, { rows_each, workgroup_size }),
        everyRow(rows),
      );
      return withEachEnding({ ...one, ...imagesOf(dim) }, rows * dim);
    })
  );

const imagesToBatch = (): Case[] =>
  [8, 3, 1].flatMap((rows_each) =>
    batchCases((batch) => {
      const { rows, dim } = batch;
      const size = imageLanes(touched(batch), dim, rows_each);
      const own = gatherImage(rows, dim, 5, { rows_each });
      return { ...ofParts("", size, own, batchRows(batch)), ...imagesOf(dim) };
    }).map((one) =>
      stored({ ...one, name: `${one.name}, ${rows_each} each` }, one.tensors.base!.length)
    )
  );

export const cases: Record<string, () => Case[]> = {
  gather: () => [
    ...layerMixes(),
    ...batchMixes(),
    ...products(),
    ...recurrences(),
    ...gradientsByBatch(),
    ...gradientsByRows(),
  ],

  gather_image: () => [...imagesToEveryRow(), ...imagesToBatch()],
};
