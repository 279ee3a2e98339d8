import { assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { Matrix, SingularValueDecomposition } from "ml-matrix";
import { truncatedSvd } from "../../../scripts/encode/truncated_svd.ts";
import { openDevice } from "../../../src/gpu/device.ts";
import { InputError } from "../../../src/input_error.ts";
import { createRandom, uniformBelow, uniformReal } from "../../../src/random.ts";
import { patternOf, type SparseMatrix, transpose } from "../../../src/sparse/csr.ts";
import { toDense } from "../../../src/sparse/graphs.ts";

const random = createRandom(5);

/** A random sparse matrix whose later columns weigh less, so that singular values are well apart. */
function randomSparse(rows: number, columns: number, perRow: number): SparseMatrix {
  const pairs = new Map<string, readonly [number, number]>();
  for (let row = 0; row < rows; row++) {
    for (let n = 0; n < perRow; n++) {
      const column = uniformBelow(random, columns);
      pairs.set(`${row},${column}`, [row, column]);
    }
  }
  const pattern = patternOf(rows, columns, pairs.values());
  const value = Float32Array.from(pattern.column, (column) => uniformReal(random) / (1 + column));
  return { ...pattern, value };
}

Deno.test("U Σ equals that of a dense decomposition in f64", async () => {
  using gpu = await openDevice();
  for (const [rows, columns, perRow, dims] of [[5, 3, 2, 2], [40, 70, 9, 6], [300, 90, 12, 8]]) {
    const sparse = randomSparse(rows!, columns!, perRow!);
    const dense = Matrix.from1DArray(rows!, columns!, toDense(sparse));
    const svd = new SingularValueDecomposition(dense, { autoTranspose: true });
    const actual = await truncatedSvd(gpu, sparse, dims!);
    for (let dim = 0; dim < dims!; dim++) {
      const left = svd.leftSingularVectors.getColumn(dim);
      const peak = left.reduce((most, x) => Math.abs(x) > Math.abs(most) ? x : most, 0);
      const scale = Math.sign(peak) * svd.diagonal[dim]!;
      left.forEach((entry, row) =>
        assertAlmostEquals(actual[row * dims! + dim], scale * entry, 2e-3 * svd.diagonal[0]!)
      );
    }
  }
});

Deno.test("columns beyond the rank are zero", async () => {
  using gpu = await openDevice();
  // Three rows, each four times: rank 3.
  const pairs = Array.from({ length: 12 }, (_, row) => [row, row % 3] as const);
  const pattern = patternOf(12, 6, pairs);
  const result = await truncatedSvd(gpu, { ...pattern, value: new Float32Array(12).fill(2) }, 5);
  for (let row = 0; row < 12; row++) {
    assertEquals([...result.subarray(row * 5 + 3, row * 5 + 5)], [0, 0]);
    const length = Math.hypot(...result.subarray(row * 5, row * 5 + 3));
    assertAlmostEquals(length, 2, 1e-5);
  }
});

Deno.test("more dimensions than rows or columns are refused", async () => {
  using gpu = await openDevice();
  await assertRejects(
    () => truncatedSvd(gpu, randomSparse(9, 4, 2), 5),
    InputError,
    "5 dimensions",
  );
});

Deno.test("transposing twice gives the matrix back", () => {
  const matrix = randomSparse(20, 31, 4);
  assertEquals(transpose(transpose(matrix)), matrix);
});
