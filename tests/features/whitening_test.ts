import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { Matrix, SVD } from "ml-matrix";
import { type FeatureMatrix, featuresOf } from "../../src/data/features.ts";
import { whiten } from "../../src/features/whitening.ts";
import { GpuDevice, openDevice } from "../../src/gpu/device.ts";
import { createRandom, uniformReal } from "../../src/random.ts";

const random = createRandom(17);

/** Features off centre, each column on a scale of its own. */
function randomFeatures(rows: number, width: number): FeatureMatrix {
  const values = Float32Array.from(
    { length: rows * width },
    (_, i) => 3 + (uniformReal(random) - 0.5) / (1 + i % width),
  );
  return featuresOf(values, width, `${rows} × ${width}`);
}

/** √(rows / dim) · U[:, :dim] of the centred features, row-major, in f64. */
async function reference({ rows, width, read }: FeatureMatrix, dim: number): Promise<number[]> {
  const raw = Matrix.from1DArray(rows, width, Array.from(await read(0, rows)));
  const svd = new SVD(raw.center("column"), { autoTranspose: true });
  const columns = Array.from({ length: dim }, (_, i) => {
    const column = svd.leftSingularVectors.getColumn(i);
    const largest = column.reduce((most, x) => Math.abs(x) > Math.abs(most) ? x : most);
    return column.map((x) => x * Math.sign(largest) * Math.sqrt(rows / dim));
  });
  return Array.from({ length: rows * dim }, (_, at) => columns[at % dim]![Math.floor(at / dim)]!);
}

/** Runs `body` and returns what it warned of. */
async function warningsOf(body: () => Promise<unknown>): Promise<string[]> {
  const { warn } = console;
  const warnings: string[] = [];
  console.warn = (...parts: unknown[]) => warnings.push(parts.join(" "));
  try {
    await body();
  } finally {
    console.warn = warn;
  }
  return warnings;
}

/** The same features, with a count of the rows read. */
function counted(features: FeatureMatrix): { features: FeatureMatrix; rowsRead: () => number } {
  let rowsRead = 0;
  const read = (from: number, to: number) => {
    rowsRead += to - from;
    return features.read(from, to);
  };
  return { features: { ...features, read }, rowsRead: () => rowsRead };
}

Deno.test("whitened features equal those of an SVD in f64", async (test) => {
  using gpu = await openDevice();
  const cases = [
    { rows: 40, width: 13, dim: 8 },
    { rows: 12, width: 30, dim: 4 }, // fewer items than features
    { rows: 90, width: 70, dim: 12 },
    { rows: 5000, width: 6, dim: 4 }, // more rows than are read at once
  ];
  for (const { rows, width, dim } of cases) {
    await test.step(`${rows} × ${width} to ${dim}`, async () => {
      const features = randomFeatures(rows, width);
      const whitened = await whiten(gpu, features, dim);
      const expected = await reference(features, dim);
      assertEquals(whitened.length, expected.length);
      expected.forEach((x, i) => assertAlmostEquals(whitened[i]!, x, 2e-4, `entry ${i}`));
      for (let column = 0; column < dim; column++) {
        const entries = Array.from(whitened).filter((_, i) => i % dim === column);
        const square = entries.reduce((sum, x) => sum + x * x, 0) / rows;
        assertAlmostEquals(square, 1 / dim, 1e-5, `mean square of column ${column}`);
        assertAlmostEquals(entries.reduce((sum, x) => sum + x, 0) / rows, 0, 1e-4);
        assertEquals(Math.max(...entries), Math.max(...entries.map(Math.abs)));
      }
    });
  }
});

Deno.test("columns beyond the rank are zero, and a warning says so", async () => {
  using gpu = await openDevice();
  // Two directions: the third column is their sum, the others are constant.
  const values = Float32Array.from({ length: 20 * 5 }, (_, i) => {
    const [row, column] = [Math.floor(i / 5), i % 5];
    const [a, b] = [row % 4, row % 5];
    return [a, b, a + b, 7, 0][column]!;
  });
  const features = featuresOf(values, 5, "pictures.npy");
  let whitened: Float32Array | undefined;
  const warnings = await warningsOf(async () => whitened = await whiten(gpu, features, 4));
  assertEquals(warnings, ["pictures.npy: features of rank 2 leave 2 of 4 embedding columns zero."]);
  whitened!.forEach((x, i) => assertEquals(x === 0, i % 4 >= 2, `entry ${i} is ${x}`));
});

Deno.test("very large and very small features are whitened as others are", async (test) => {
  using gpu = await openDevice();
  const plain = randomFeatures(60, 9);
  const values = await plain.read(0, 60);
  const expected = await whiten(gpu, plain, 6);
  for (const exponent of [20, 83, 124, -20, -83]) {
    await test.step(`2^${exponent} times as large`, async () => {
      const scaled = featuresOf(values.map((x) => x * 2 ** exponent), 9, "text_feat.npy");
      const whitened = await whiten(gpu, scaled, 6);
      whitened.forEach((x, i) => assertAlmostEquals(x, expected[i]!, 1e-5, `entry ${i}`));
    });
  }
  await test.step("both signs of the largest float", async () => {
    const largest = values.map((_, i) => i % 2 === 0 ? 3e38 : i % 3 === 0 ? -3e38 : 1);
    const whitened = await whiten(gpu, featuresOf(largest, 9, "text_feat.npy"), 1);
    assert(whitened.every(Number.isFinite) && whitened.some((x) => x !== 0));
  });
});

Deno.test("each pass over the features is told from its start to its end", async () => {
  using gpu = await openDevice();
  const told: [string, number][] = [];
  const onProgress = (what: string, share: number) => told.push([what, share]);
  await whiten(gpu, randomFeatures(5000, 6), 4, { onProgress });
  const passes = [...new Set(told.map(([what]) => what))];
  assertEquals(passes, passes.map((_, i) => `whitening 5000 × 6, pass ${i + 1}`));
  assert(passes.length >= 3, "means, products and projection are passes of their own");
  for (const pass of passes) {
    const shares = told.filter(([what]) => what === pass).map(([, share]) => share);
    assertEquals(shares, shares.toSorted((a, b) => a - b));
    assertEquals(shares.filter((share) => share === 1).length, 1, pass);
  }
});

Deno.test("whitened features are taken from the cache where it has them", async () => {
  using gpu = await openDevice();
  const cacheFolder = await Deno.makeTempDir();
  try {
    const { features, rowsRead } = counted(randomFeatures(20, 6));
    const results: Float32Array[] = [];
    // A copy, as if of another run: the same one would be found in memory.
    const run = async () => results.push(await whiten(gpu, { ...features }, 8, { cacheFolder }));
    const warnings = await warningsOf(run);
    const read = rowsRead();
    assert(read > 0);
    assertEquals(await warningsOf(run), warnings); // of rank 6, told on every run
    assertEquals(rowsRead(), read);
    assertEquals(results[1], results[0]);
    await whiten(gpu, features, 4, { cacheFolder });
    assert(rowsRead() > read, "another dim is another key");
    const other = counted(randomFeatures(20, 6));
    await whiten(gpu, other.features, 4, { cacheFolder });
    assert(other.rowsRead() > 0, "other content is another key");
    const before = rowsRead();
    const elsewhere = new GpuDevice(gpu.device, "another adapter");
    await whiten(elsewhere, features, 4, { cacheFolder });
    assert(rowsRead() > before, "another adapter is another key");
  } finally {
    await Deno.remove(cacheFolder, { recursive: true });
  }
});
