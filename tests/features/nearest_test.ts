/** Neighbours against brute force in f64. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { type FeatureMatrix, featuresOf } from "../../src/data/features.ts";
import { nearestItems } from "../../src/features/nearest.ts";
import { GpuDevice, openDevice } from "../../src/gpu/device.ts";
import { InputError } from "../../src/input_error.ts";
import { createRandom, uniformReal } from "../../src/random.ts";
import { inBothWays } from "../gpu/gather/both_gathers.ts";

type Rows = readonly (readonly number[])[];

const random = createRandom(23);
const randomRows = (rows: number, width: number): number[][] =>
  Array.from(
    { length: rows },
    () => Array.from({ length: width }, () => uniformReal(random) - 0.5),
  );

function features(rows: Rows): FeatureMatrix {
  return featuresOf(Float32Array.from(rows.flat()), rows[0]!.length, "text_feat.npy");
}

/** Per item the `k` others of largest cosine, ties by id. */
function bruteForce(rows: Rows, k: number): number[] {
  const f32 = rows.map((row) => row.map(Math.fround));
  const dot = (a: number[], b: number[]): number => a.reduce((sum, x, j) => sum + x * b[j]!, 0);
  const length = f32.map((row) => Math.sqrt(dot(row, row)) || 1);
  return f32.flatMap((query, q) =>
    f32.map((row, id) => ({ id, cosine: dot(query, row) / (length[q]! * length[id]!) }))
      .filter(({ id }) => id !== q)
      .sort((a, b) => b.cosine - a.cosine || a.id - b.id)
      .slice(0, k)
      .map(({ id }) => id)
  );
}

const some = randomRows(30, 8);
const axes = [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0]];
const cases: { title: string; rows: Rows; k: number }[] = [
  { title: "two items", rows: randomRows(2, 4), k: 1 },
  { title: "a width that is no multiple of 4", rows: randomRows(50, 13), k: 5 },
  { title: "one feature", rows: [[1], [-2], [3], [-4], [5]], k: 2 },
  { title: "all others", rows: randomRows(40, 6), k: 39 },
  { title: "several groups of queries and candidates", rows: randomRows(301, 20), k: 10 },
  { title: "duplicates, ties by id", rows: [...some, ...some, ...some], k: 4 },
  { title: "items of no features", rows: [...axes, [0, 0, 0, 0], ...axes, [0, 0, 0, 0]], k: 6 },
  { title: "no features at all", rows: Array.from({ length: 9 }, () => [0, 0]), k: 3 },
];

Deno.test("the nearest items equal those of brute force", async (test) => {
  using opened = await openDevice();
  for (const { title, rows, k, gpu, from } of inBothWays(opened, cases)) {
    await test.step(`${title}: ${k} of ${rows.length}, from ${from}`, async () => {
      const found = await nearestItems(gpu, features(rows), k);
      assertEquals(found.k, k);
      assertEquals(Array.from(found.ids), bruteForce(rows, k));
    });
  }
});

Deno.test("lengths of features do not matter, however far apart", async () => {
  using gpu = await openDevice();
  const stretched = some.map((row, i) => row.map((x) => x * 2 ** (7 * i - 100)));
  const { ids } = await nearestItems(gpu, features(stretched), 5);
  assertEquals(Array.from(ids), bruteForce(some, 5));
});

Deno.test("features of several blocks are searched as one", async () => {
  using gpu = await openDevice();
  // So wide that neither all queries nor all candidates fit at once: few numbers far between zeros.
  const rows = randomRows(140, 8);
  const width = 250_000, gap = width / 8 - 1;
  let reads = 0;
  const wide: FeatureMatrix = {
    rows: rows.length,
    width,
    source: "wide.npy",
    contentHash: () => Promise.resolve("wide"),
    read: (from, to) => {
      reads++;
      const data = new Float32Array((to - from) * width);
      for (let row = from; row < to; row++) {
        rows[row]!.forEach((x, j) => data[(row - from) * width + (j + 1) * gap] = x);
      }
      return Promise.resolve(data);
    },
  };
  const { ids } = await nearestItems(gpu, wide, 6);
  assert(reads > 4, `${reads} reads are not several blocks on both sides`);
  assertEquals(Array.from(ids), bruteForce(rows, 6));
});

Deno.test("as many neighbours as items are refused", async () => {
  using gpu = await openDevice();
  for (const k of [3, 4]) {
    const message = `text_feat.npy: ${k} neighbours are asked of 3 items.`;
    await assertRejects(() => nearestItems(gpu, features(axes), k), InputError, message);
  }
});

Deno.test("lists longer than the kernel's are refused by file", async () => {
  using gpu = await openDevice();
  for (const k of [0, 1.5, 129]) {
    const message = `k of text_feat.npy is ${k}, but must be a whole number from 1 to 128.`;
    await assertRejects(() => nearestItems(gpu, features(axes), k), InputError, message);
  }
});

Deno.test("neighbours are taken from the cache where it has them", async () => {
  using gpu = await openDevice();
  const cacheFolder = await Deno.makeTempDir();
  try {
    const read: number[] = [];
    const open = (rows: Rows): FeatureMatrix => {
      const matrix = features(rows);
      return { ...matrix, read: (from, to) => (read.push(to - from), matrix.read(from, to)) };
    };
    const first = await nearestItems(gpu, open(some), 3, { cacheFolder });
    const reads = read.length;
    assert(reads > 0);
    assertEquals(await nearestItems(gpu, open(some), 3, { cacheFolder }), first);
    assertEquals(read.length, reads);
    await nearestItems(gpu, open(some), 4, { cacheFolder });
    assert(read.length > reads, "another k is another key");
    const before = read.length;
    await nearestItems(gpu, open(some.toReversed()), 3, { cacheFolder });
    assert(read.length > before, "other content is another key");
    const again = read.length;
    const elsewhere = new GpuDevice(gpu.device, "another adapter");
    await nearestItems(elsewhere, open(some), 3, { cacheFolder });
    assert(read.length > again, "another adapter is another key");
    await nearestItems(gpu, { ...open(some), rows: 15 }, 3, { cacheFolder });
    assert(read.length > again + 2, "another shape is another key");
  } finally {
    await Deno.remove(cacheFolder, { recursive: true });
  }
});
