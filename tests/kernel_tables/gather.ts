/** Tables of the gather, in all the ways that it is put together. */
import { added, stored, withEachEnding } from "./endings.ts";
import {
  ALONE,
  batchRows,
  everyRow,
  graphEntries,
  layerMix,
  type MadePart,
  ofParts,
  ownSum,
  packed,
  plainSum,
  recurrence,
  segmented,
  sharedSum,
  sizes,
  someEntries,
  sumOf,
  touched,
  tripleEntries,
  WHOLE,
  wholeFor,
  wholeRows,
} from "./gather_parts.ts";
import { batchCases, type Case, clockAt, floats } from "./random_case.ts";

/** A gather of rows of dim by so many groups of invocations, `perWorkgroup` of them together. */
function gather(
  name: string,
  { groups, inputRows, dim, perWorkgroup = 16 }: {
    groups: number;
    inputRows: number;
    dim: number;
    perWorkgroup?: number | undefined;
  },
  ...made: MadePart[]
): Case {
  const vectors = made.includes(ownSum) ? 4 : 1; // that an invocation takes, as the parts declare
  const dim4 = dim / 4, lanes = Math.min(16, Math.ceil(dim4 / vectors));
  const workgroup_size = perWorkgroup * lanes, turns = Math.ceil(dim4 / (vectors * lanes));
  const own = {
    tensors: { input: floats(inputRows * dim) },
    constants: { dim4, lanes, workgroup_size },
  };
  const size = { invocations: Math.ceil(groups / perWorkgroup) * turns * workgroup_size };
  return ofParts(name, size, own, ...made);
}

/** Passes of stepwise convolution over all rows, dealt out in segments. */
const segmentedMixes = (): Case[] =>
  sizes.flatMap((size) =>
    [1, 3, 1000].flatMap((longest) => {
      const { rows, dim, groups: perWorkgroup } = size;
      const { walk, entries, groups } = segmented(size, rows, longest);
      const one = gather(
        `${rows} rows, dim ${dim}, segments of ${longest}, layer mix`,
        { groups, inputRows: rows, dim, perWorkgroup },
        walk,
        entries,
        sharedSum,
        layerMix(rows, dim),
      );
      return longest === 3 ? withEachEnding(one, rows * dim) : [stored(one, rows * dim)];
    })
  );

/** Rows that are too long, from the sums of their pieces: rows of the input that follow each other. */
const sumsOfPieces = (): Case[] =>
  sizes.filter(({ groups }) => !groups).flatMap((size) =>
    [0, 1].flatMap((mixed) => {
      const { rows, dim } = size;
      const { walk, groups, pieces } = segmented(size, rows, 2);
      const one = gather(
        `${rows} rows, dim ${dim}, of pieces, ${mixed ? "layer mix" : "recurrence"}`,
        { groups, inputRows: pieces, dim },
        walk,
        { parts: ["gather/unit_entries"] },
        sharedSum,
        mixed ? layerMix(rows, dim) : recurrence(rows, dim, -0.7),
      );
      return mixed ? withEachEnding(one, rows * dim) : [stored(one, rows * dim)];
    })
  );

/** Passes of stepwise convolution over whole rows. */
const layerMixes = (): Case[] =>
  sizes.flatMap(({ rows, dim, perRow, groups: perWorkgroup }) =>
    [graphEntries, someEntries].flatMap((entries) => {
      const one = gather(
        `${rows} rows, dim ${dim}, ${entries === someEntries ? "some" : "all"} entries, layer mix`,
        { groups: rows, inputRows: rows, dim, perWorkgroup },
        wholeRows(ALONE, everyRow(rows)),
        packed(entries(rows, rows, perRow)),
        ownSum,
        layerMix(rows, dim),
      );
      return withEachEnding(one, rows * dim);
    })
  );

/** The last pass forward, over the rows of a batch. */
const batchMixes = (): Case[] =>
  WHOLE.flatMap((sharing) =>
    batchCases((batch) => {
      const { rows, dim } = batch;
      return gather(
        "",
        { groups: sharing.share * touched(batch), inputRows: rows, dim },
        wholeRows(sharing, batchRows(batch)),
        packed(graphEntries(rows, rows, 5)),
        sumOf(sharing),
        layerMix(rows, dim),
      );
    }).map((one) =>
      stored({ ...one, name: `${one.name}, ${sharing.how}, layer mix` }, one.tensors.base!.length)
    )
  );

/** Products with a matrix that may change, or one dealt out in segments, or one that does not change. */
const products = (): Case[] =>
  sizes.flatMap((size) => {
    const { rows, dim, perRow, groups: perWorkgroup } = size;
    const columns = Math.min(2 * rows + 3, 130);
    const name = `${rows} × ${columns} times ${columns} × ${dim}`;
    const among = { inputRows: columns, dim, perWorkgroup };
    const { walk, entries, groups } = segmented(size, columns, 2);
    const whole = wholeFor(perWorkgroup).map((sharing) =>
      gather(
        `${name}, rows ${sharing.how}`,
        { ...among, groups: sharing.share * rows },
        wholeRows(sharing, everyRow(rows)),
        graphEntries(rows, columns, perRow),
        sumOf(sharing),
        plainSum,
      )
    );
    const alone = gather(
      `${name}, packed`,
      { ...among, groups: rows },
      wholeRows(ALONE, everyRow(rows)),
      packed(graphEntries(rows, columns, perRow)),
      ownSum,
      plainSum,
    );
    const dealt = gather(
      `${name}, dealt`,
      { ...among, groups },
      walk,
      entries,
      sharedSum,
      plainSum,
    );
    return [...whole, alone, dealt].flatMap((one) => {
      const replaced = stored(one, rows * dim);
      if (one === whole[0]) replaced.tensors.output!.fill(NaN); // may hold anything
      return [replaced, added(one, rows * dim)];
    });
  });

const recurrences = (): Case[] =>
  sizes.flatMap((size) =>
    [0, -0.7].flatMap((earlier) => {
      const { rows, dim, perRow, groups: perWorkgroup } = size;
      const name = `${rows} rows, dim ${dim}, recurrence with ${earlier} of the one before`;
      const { walk, entries, groups } = segmented(size, rows, 2);
      const among = { inputRows: rows, dim, perWorkgroup };
      const result = recurrence(rows, dim, earlier);
      const whole = wholeRows(ALONE, everyRow(rows)),
        all = packed(graphEntries(rows, rows, perRow));
      return [
        gather(name, { ...among, groups: rows }, whole, all, ownSum, result),
        gather(`${name}, dealt`, { ...among, groups }, walk, entries, sharedSum, result),
      ].map((one) => stored(one, rows * dim));
    })
  );

/** The gradient of BPR by H; rows that are neither touched nor stale stay as they are. */
const gradientsByBatch = (): Case[] =>
  WHOLE.flatMap((sharing) =>
    [0, 1].flatMap((withStale) =>
      batchCases((batch) => {
        const { rows, dim } = batch;
        const count = Math.min(rows, (1 + withStale) * touched(batch));
        return gather(
          "",
          { groups: sharing.share * count, inputRows: rows, dim },
          wholeRows(sharing, batchRows(batch, withStale)),
          tripleEntries(batch),
          sumOf(sharing),
          plainSum,
        );
      }).flatMap((one) => {
        const stale = withStale ? " and stale rows" : "";
        const named = { ...one, name: `${one.name}, ${sharing.how}, triples${stale}` };
        const elements = one.tensors.input!.length;
        return [stored(named, elements), added(named, elements)];
      })
    )
  );

/** The gradient of BPR by gathered rows; the third batch of three, which is partial where it is not alone. */
const gradientsByRows = (): Case[] =>
  [
    { batch: 1, dim: 4 },
    { batch: 9, dim: 12 },
    { batch: 30, dim: 64 },
    { batch: 3, dim: 300 },
    { batch: 35_001, dim: 4, perWorkgroup: 1 }, // > 65,535 workgroups for items
  ].flatMap(({ batch, dim, perWorkgroup }) =>
    wholeFor(1).flatMap((sharing) =>
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
        const one = gather(
          `${batch} × ${dim}, ${of_users ? "users" : "items"} ${sharing.how}`,
          { groups: rows, inputRows: other! * batch, dim, perWorkgroup },
          wholeRows(sharing, everyRow(rows)),
          slotEntries,
          sumOf(sharing),
          plainSum,
        );
        return [stored(one, rows * dim), added(one, rows * dim)];
      })
    )
  );

export const cases: Record<string, () => Case[]> = {
  gather: () => [
    ...segmentedMixes(),
    ...sumsOfPieces(),
    ...layerMixes(),
    ...batchMixes(),
    ...products(),
    ...recurrences(),
    ...gradientsByBatch(),
    ...gradientsByRows(),
  ],
};
