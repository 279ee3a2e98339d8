/** Singular vectors of sparse matrices against a dense decomposition in f64. */
import { assertAlmostEquals, assertEquals, assertLess } from "@std/assert";
import { EigenvalueDecomposition, Matrix } from "ml-matrix";
import { rightSingularVectors } from "../../src/features/sparse_singular_vectors.ts";
import { openDevice } from "../../src/gpu/device.ts";
import { createRandom, uniformReal } from "../../src/random.ts";
import { patternOf, type SparseMatrix } from "../../src/sparse/csr.ts";
import { toDense } from "../../src/sparse/graphs.ts";

const random = createRandom(12);

function madeMatrix(rows: number, columns: number, density: number): SparseMatrix {
  const pairs = Array.from(
    { length: rows * columns },
    (_, at) => [Math.floor(at / columns), at % columns] as const,
  ).filter(() => uniformReal(random) < density);
  const pattern = patternOf(rows, columns, pairs);
  return { ...pattern, value: Float32Array.from(pattern.column, () => 0.2 + uniformReal(random)) };
}

/** VᵀV of the strongest ones, and their values. */
function decomposed(matrix: SparseMatrix, count: number) {
  const a = Matrix.from1DArray(matrix.rowCount, matrix.columnCount, toDense(matrix));
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(
    a.transpose().mmul(a),
    { assumeSymmetric: true },
  );
  const order = [...realEigenvalues.keys()]
    .sort((i, j) => realEigenvalues[j]! - realEigenvalues[i]!).slice(0, count);
  const v = new Matrix(order.map((i) => eigenvectorMatrix.getColumn(i))).transpose();
  return {
    projection: v.mmul(v.transpose()),
    values: order.map((i) => Math.sqrt(Math.max(0, realEigenvalues[i]!))),
  };
}

Deno.test("they span what a dense decomposition says, with its values", async (test) => {
  using gpu = await openDevice();
  const cases = [
    { rows: 20, columns: 6, density: 0.5, count: 4 }, // the block is the whole space
    { rows: 300, columns: 120, density: 0.1, count: 8 },
    { rows: 40, columns: 200, density: 0.1, count: 5 }, // more columns than rows
  ];
  for (const { rows, columns, density, count } of cases) {
    await test.step(`${count} of ${rows} × ${columns}`, async () => {
      const matrix = madeMatrix(rows, columns, density);
      const { vectors, values } = await rightSingularVectors(gpu, "made", matrix, count);
      const expected = decomposed(matrix, count);
      values.forEach((value, i) =>
        assertAlmostEquals(value, expected.values[i]!, 1e-3 * expected.values[0]!)
      );
      const v = Matrix.from1DArray(columns, count, vectors);
      const off = v.mmul(v.transpose()).sub(expected.projection);
      assertLess(off.norm("frobenius"), 0.02 * Math.sqrt(count));
      assertEquals(
        (await rightSingularVectors(gpu, "made", matrix, count)).vectors,
        vectors,
        "the same bits each time",
      );
    });
  }
});

Deno.test("columns beyond the rank are zero", async () => {
  using gpu = await openDevice();
  const pattern = patternOf(3, 5, [[0, 0], [0, 1], [1, 2]]);
  const matrix = { ...pattern, value: Float32Array.of(1, 1, 3) };
  const { vectors, values } = await rightSingularVectors(gpu, "low rank", matrix, 4);
  const found = [...values].map((value) => Math.round(1e3 * value) / 1e3);
  assertEquals(found, [3, 1.414, 0, 0]);
  const columnOf = (c: number): number[] =>
    [0, 1, 2, 3, 4].map((row) => Math.abs(Math.round(1e3 * vectors[4 * row + c]!) / 1e3));
  assertEquals([0, 1, 2, 3].map(columnOf), [
    [0, 0, 1, 0, 0],
    [0.707, 0.707, 0, 0, 0],
    [0, 0, 0, 0, 0],
    [0, 0, 0, 0, 0],
  ]);
  assertEquals(gpu.bytes, 0);
});
