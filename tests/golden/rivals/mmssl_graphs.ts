/**
 * MMSSL's graphs of modalities beside those of mmssl.json.
 *
 * @module
 */
import type { GpuDevice } from "../../../src/gpu/device.ts";
import { readFloats, readIntegers } from "../../../src/gpu/tensor.ts";
import type { Compare } from "../replay.ts";
import { at, type RivalFile } from "../rival_file.ts";
import type { Mmssl } from "./mmssl_setup.ts";

/** The graphs of modalities as dense (users + items)² matrices. */
export async function readGraphs(
  gpu: GpuDevice,
  model: Mmssl,
): Promise<Record<string, Float64Array>> {
  const nodes = model.userCount + model.itemCount;
  const dense: Record<string, Float64Array> = {};
  for (const { name, graph: { matrix } } of model.data.modalities) {
    const [[rowStart, column], [value]] = await Promise.all([
      readIntegers(gpu, matrix.rowStart, matrix.column),
      readFloats(gpu, matrix.value),
    ]);
    dense[name] = new Float64Array(nodes * nodes);
    for (let row = 0; row < nodes; row++) {
      for (let entry = rowStart![row]!; entry < rowStart![row + 1]!; entry++) {
        dense[name][row * nodes + column![entry]!]! += value![entry]!;
      }
    }
  }
  return dense;
}

/** Compares a graph with the file's list of [row, column, value], users × items or items × users. */
export function compareGraph(
  { userCount, itemCount }: Mmssl,
  file: RivalFile,
  key: string,
  ours: Float64Array,
  side: "ui" | "iu",
  compare: Compare,
): void {
  const entries = at(file, key) as unknown as readonly (readonly [number, number, number])[];
  const nodes = userCount + itemCount;
  const [rows, columns] = side === "ui" ? [userCount, itemCount] : [itemCount, userCount];
  const [firstRow, firstColumn] = side === "ui" ? [0, userCount] : [userCount, 0];
  const theirs = new Array<number>(rows * columns).fill(0);
  for (const [row, column, value] of entries) theirs[row * columns + column] = value;
  const block = theirs.map((_, i) =>
    ours[(firstRow + Math.floor(i / columns)) * nodes + firstColumn + i % columns]!
  );
  compare(key, block, theirs);
}
