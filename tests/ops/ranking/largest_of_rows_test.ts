/** Lists of several tiles and of several rounds, against products in plain loops. */
import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { GpuDevice, GpuError, openDevice } from "../../../src/gpu/device.ts";
import { Scratch } from "../../../src/gpu/scratch.ts";
import { createTensor } from "../../../src/gpu/tensor.ts";
import { largestOfRows } from "../../../src/ops/ranking/largest_of_rows.ts";
import { uploadCandidateRows } from "../../../src/ops/ranking/sparse_scores.ts";
import { createLists, recordTopK } from "../../../src/ops/ranking/top_k.ts";
import { uploadSeen } from "../../../src/ops/ranking/tiles.ts";
import { diagonal, rowOf, transpose, valuesOf } from "../../../src/sparse/csr.ts";
import { valued } from "../../../src/sparse/matrix_sums.ts";
import { Tape } from "../../../src/tape/tape.ts";
import { randomPattern } from "../../kernel_tables/random_case.ts";

for (
  const { items, users, perUser, k } of [
    { items: 8100, users: 500, perUser: 20, k: 5 }, // three tiles
    { items: 400, users: 60, perUser: 60, k: 300 }, // three rounds
  ]
) {
  Deno.test(`${k} similar ones of ${items}`, async () => {
    using gpu = await openDevice();
    const x = valued(randomPattern(users, items, perUser), (u, i) => 1 + (u * 7 + i * 3) % 5);
    const xt = transpose(x);
    using rows = uploadCandidateRows(gpu, "x", x);
    using scale = createTensor(gpu, "scale", [items], new Float32Array(items).fill(1));
    const similarity = { queryScale: scale, candidateScale: scale, shrinkage: 0, power: 1 };
    const lists = await largestOfRows(gpu, "similar", { queries: xt, rows, similarity }, k);
    for (let item = 0; item < items; item += 97) {
      const sums = new Map<number, number>();
      rowOf(xt, item).forEach((user, place) => {
        const weight = valuesOf(xt, item)[place]!, values = valuesOf(x, user);
        rowOf(x, user).forEach((other, at) =>
          sums.set(other, (sums.get(other) ?? 0) + weight * values[at]!)
        );
      });
      sums.delete(item);
      const best = [...sums].sort(([a, x], [b, y]) => y - x || a - b).slice(0, k)
        .sort(([a], [b]) => a - b);
      assertEquals([...rowOf(lists, item)], best.map(([other]) => other));
      best.forEach(([, sum], at) => assertAlmostEquals(valuesOf(lists, item)[at]!, sum, 1e-4));
    }
  });
}

Deno.test("a row that the software driver's loops cannot walk is refused, not cut", async () => {
  using opened = await openDevice({ dry: true });
  const gpu = new GpuDevice(opened.device, "llvmpipe", { dry: true });
  using scratch = new Scratch(gpu);
  const one = valued({
    rowCount: 1,
    columnCount: 40_000,
    rowStart: Uint32Array.of(0, 40_000),
    column: Uint32Array.from({ length: 40_000 }, (_, i) => i),
  });
  using rows = uploadCandidateRows(gpu, "each alone", valued(diagonal(40_000)));
  using seen = uploadSeen(gpu, diagonal(1));
  using lists = createLists(gpu, 1, 5);
  const block = { firstRow: 0, firstId: 0 };
  const ranked = {
    queries: { ...block, count: 1 },
    candidates: { ...block, count: 40_000 },
    products: [{ queries: one, rows }],
  };
  assertThrows(
    () => recordTopK(new Tape(gpu, "long", scratch), ranked, seen, lists),
    GpuError,
    'Row 0 of "long, tiles" takes 120129 rounds, and llvmpipe loops 65535 times at most.',
  );
});
