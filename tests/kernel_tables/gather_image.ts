/** Tables of the gather from images. */
import { pairEntries } from "../../src/sparse/paired_entries.ts";
import { stored, withEachEnding } from "./endings.ts";
import {
  batchRows,
  everyRow,
  layerMix,
  type MadePart,
  ofParts,
  type Size,
  sizes,
  touched,
} from "./gather_parts.ts";
import { batchCases, type Case, floats, randomPattern } from "./random_case.ts";

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
  sizes.flatMap(({ rows, dim, perRow, groups: workgroup_size = 32 }: Size) =>
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
  gather_image: () => [...imagesToEveryRow(), ...imagesToBatch()],
};
