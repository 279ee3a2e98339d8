/** Large matrices in slabs, and their inverses against a dense one in f64. */
import { assertEquals, assertLess, assertThrows } from "@std/assert";
import { inverse, Matrix } from "ml-matrix";
import { type GpuDevice, GpuError, openDevice } from "../../../src/gpu/device.ts";
import { gramMatrix } from "../../../src/ops/least_squares/gram_matrix.ts";
import { negativeInverse } from "../../../src/ops/least_squares/inverse.ts";
import {
  createLargeMatrix,
  type LargeMatrix,
  readRows,
} from "../../../src/ops/least_squares/large_matrix.ts";
import { createRandom, uniformReal } from "../../../src/random.ts";
import { patternOf } from "../../../src/sparse/csr.ts";
import { toDense } from "../../../src/sparse/graphs.ts";
import { valued } from "../../../src/sparse/matrix_sums.ts";

const random = createRandom(41);

async function read(gpu: GpuDevice, matrix: LargeMatrix, rows: number): Promise<Matrix> {
  const read: number[][] = [];
  for await (const [row, values] of readRows(gpu, matrix, rows)) {
    assertEquals(row, read.length);
    read.push([...values.subarray(0, rows)]);
  }
  return new Matrix(read);
}

Deno.test("a Gram matrix and minus its inverse, in one slab and in several", async (test) => {
  using gpu = await openDevice();
  for (const { items, users } of [{ items: 5, users: 9 }, { items: 300, users: 80 }]) {
    const pairs = Array.from(
      { length: users * items },
      (_, at) => [Math.floor(at / items), at % items] as const,
    ).filter(() => uniformReal(random) < 0.1);
    const weights = Array.from({ length: users }, () => 0.5 + uniformReal(random));
    const pattern = patternOf(users, items, pairs);
    const x = Matrix.from1DArray(users, items, toDense(valued(pattern)));
    const expected = x.transpose().mmul(Matrix.diag(weights)).mmul(x).add(Matrix.eye(items).mul(3));
    const found: Matrix[] = [];
    // Slabs of all rows, and of 128.
    for (const bytes of [2 ** 27, 4 * 128 * 64 * Math.ceil(items / 64)]) {
      await test.step(`${items} items, ${bytes} bytes at most`, async () => {
        using matrix = createLargeMatrix(gpu, "made", items, bytes);
        assertEquals(matrix.slabs.length, bytes === 2 ** 27 ? 1 : Math.ceil(matrix.size / 128));
        await gramMatrix(gpu, "made", valued(pattern, (user) => weights[user]!), 3, matrix);
        const gram = await read(gpu, matrix, items);
        assertLess(gram.sub(expected).abs().max(), 1e-5 * expected.max());
        const shares: number[] = [];
        await negativeInverse(gpu, "made", matrix, (share) => shares.push(share));
        assertEquals(shares.at(-1), 1);
        const inverted = await read(gpu, matrix, items);
        found.push(inverted.clone());
        assertLess(inverted.add(inverse(expected)).abs().max(), 1e-5);
      });
    }
    assertEquals(found[0]!.to1DArray(), found[1]!.to1DArray());
  }
});

Deno.test("what would not fit is refused with what it would take", async () => {
  using gpu = await openDevice({ dry: true });
  assertThrows(
    () => createLargeMatrix(gpu, "EASE, items × items", 63_001),
    GpuError,
    '"EASE, items × items" of 63001 × 63001 would take 15.9 GB, and 4.3 GB is the most.',
  );
});
