/** Singular vectors against ml-matrix's SVD in f64. */
import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { Matrix, SVD } from "ml-matrix";
import { openDevice } from "../../src/gpu/device.ts";
import {
  leftSingularVectors,
  padRows,
  type SingularVectors,
  type TiledMatrix,
} from "../../src/features/singular_vectors.ts";
import { createRandom, uniformReal } from "../../src/random.ts";

type Floats = Float32Array<ArrayBuffer>;

const random = createRandom(3);
const uniform = (): number => 2 * uniformReal(random) - 1;

function matrixOf(rows: number, width: number, entry: (column: number) => number): Floats {
  return Float32Array.from({ length: rows * width }, (_, i) => entry(i % width));
}

/** A matrix with the given singular values, in random directions. */
function withSpectrum(rows: number, width: number, values: readonly number[]): Floats {
  const directions = (size: number): Matrix =>
    new SVD(
      Matrix.from1DArray(size, values.length, Array.from(matrixOf(size, values.length, uniform))),
    )
      .leftSingularVectors;
  const product = directions(rows).mmul(Matrix.diag([...values]))
    .mmul(directions(width).transpose());
  return Float32Array.from(product.to1DArray());
}

function tiled(data: Floats, width: number): TiledMatrix {
  return {
    rows: data.length / width,
    width,
    read: (from, to) => Promise.resolve(data.slice(from * width, to * width)),
  };
}

/** Left vectors as columns, each with its largest entry positive, and the values, strongest first. */
function reference(data: Floats, width: number): { vectors: number[][]; values: number[] } {
  const matrix = Matrix.from1DArray(data.length / width, width, Array.from(data));
  const svd = new SVD(matrix, { autoTranspose: true });
  const vectors = svd.diagonal.map((_, i) => {
    const column = svd.leftSingularVectors.getColumn(i);
    const largest = column.reduce((most, x) => Math.abs(x) > Math.abs(most) ? x : most);
    return column.map((x) => x * Math.sign(largest));
  });
  return { vectors, values: svd.diagonal };
}

/** Rounding of f32 products moves a direction by the more, the weaker it is beside the strongest. */
function assertVectors(
  { vectors, values }: SingularVectors,
  expected: ReturnType<typeof reference>,
  rank: number,
): void {
  const count = values.length;
  for (let i = 0; i < count; i++) {
    const column = Array.from(vectors).filter((_, at) => at % count === i);
    if (i >= rank) {
      assertEquals([values[i], column.findIndex((x) => x !== 0)], [0, -1]);
      continue;
    }
    const tolerance = 2e-6 * expected.values[0]! / expected.values[i]!;
    assertAlmostEquals(values[i]!, expected.values[i]!, tolerance * expected.values[i]!);
    column.forEach((x, row) =>
      assertAlmostEquals(x, expected.vectors[i]![row]!, tolerance, `row ${row} of vector ${i}`)
    );
  }
}

const geometric = (count: number, ratio: number): number[] =>
  Array.from({ length: count }, (_, i) => ratio ** i);

const cases: { title: string; data: Floats; width: number; count: number; rank?: number }[] = [
  { title: "fewer rows than columns", data: matrixOf(10, 24, uniform), width: 24, count: 8 },
  { title: "an odd width", data: matrixOf(50, 13, uniform), width: 13, count: 5 },
  { title: "one row", data: matrixOf(1, 4, uniform), width: 4, count: 3, rank: 1 },
  { title: "one column", data: matrixOf(9, 1, uniform), width: 1, count: 2, rank: 1 },
  {
    title: "more vectors than columns",
    data: matrixOf(30, 6, uniform),
    width: 6,
    count: 10,
    rank: 6,
  },
  // Wider than the block, so that subspace iteration has to converge.
  { title: "values close together", data: matrixOf(300, 200, uniform), width: 200, count: 16 },
  {
    title: "values that decay",
    data: withSpectrum(300, 201, geometric(100, 0.9)),
    width: 201,
    count: 16,
  },
  // Weaker than f32 sums of squares can tell beside the strongest: found by deflation.
  {
    title: "a column 10,000 times the others",
    data: matrixOf(200, 20, (column) => uniform() * (column === 7 ? 1e4 : 1)),
    width: 20,
    count: 8,
  },
  {
    title: "values over four decades",
    data: withSpectrum(300, 120, geometric(40, 10 ** -0.25)),
    width: 120,
    count: 16,
  },
  { title: "rank 3", data: withSpectrum(40, 12, [5, 3, 1]), width: 12, count: 8, rank: 3 },
  { title: "zeros", data: new Float32Array(25), width: 5, count: 3, rank: 0 },
];

Deno.test("left singular vectors equal those of an SVD in f64", async (test) => {
  using gpu = await openDevice();
  for (const { title, data, width, count, rank = count } of cases) {
    await test.step(title, async () => {
      const found = await leftSingularVectors(gpu, tiled(data, width), count);
      assertEquals(found.rank, rank);
      assertVectors(found, reference(data, width), rank);
    });
  }
});

Deno.test("a matrix of several tiles is treated as one", async () => {
  using gpu = await openDevice();
  // A block repeated n times has its own vectors, repeated and divided by √n.
  const [period, times, width, count] = [1060, 1000, 16, 4];
  const block = withSpectrum(period, width, geometric(width, 0.8));
  let reads = 0;
  const found = await leftSingularVectors(gpu, {
    rows: period * times,
    width,
    read: (from, to) => {
      reads++;
      const rows = new Float32Array((to - from) * width);
      for (let row = from; row < to; row++) {
        const at = (row % period) * width;
        rows.set(block.subarray(at, at + width), (row - from) * width);
      }
      return Promise.resolve(rows);
    },
  }, count);
  assert(reads > 2, "the matrix was read in one tile");
  const { vectors, values } = reference(block, width);
  const scale = Math.sqrt(times);
  for (let i = 0; i < count; i++) {
    assertAlmostEquals(found.values[i]! / scale, values[i]!, 1e-5);
    let error = 0;
    for (let row = 0; row < period * times; row++) {
      const x = found.vectors[row * count + i]! * scale;
      error = Math.max(error, Math.abs(x - vectors[i]![row % period]!));
    }
    assert(error < 1e-5, `vector ${i} is off by ${error}`);
  }
});

Deno.test("the memory used is given back", async () => {
  using gpu = await openDevice();
  await leftSingularVectors(gpu, tiled(matrixOf(20, 6, uniform), 6), 3);
  assertEquals(gpu.bytes, 0);
});

Deno.test("padRows fills up with zeros", () => {
  assertEquals(
    padRows(Float32Array.of(1, 2, 3, 4, 5, 6), 3, 4),
    Float32Array.of(1, 2, 3, 0, 4, 5, 6, 0),
  );
});
