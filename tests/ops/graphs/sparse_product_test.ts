/** Sparse products and their adjoints against plain loops in f64. */
import { assertEquals } from "@std/assert";
import { openDevice } from "../../../src/gpu/device.ts";
import { Scratch } from "../../../src/gpu/scratch.ts";
import { createTensor, readFloats } from "../../../src/gpu/tensor.ts";
import { sparseProduct } from "../../../src/ops/graphs/sparse_product.ts";
import { uploadSparse } from "../../../src/ops/graphs/packed_matrix.ts";
import { Tape, type Variable } from "../../../src/tape/tape.ts";
import { createRandom, uniformReal } from "../../../src/random.ts";
import { patternOf, type SparseMatrix, transpose } from "../../../src/sparse/csr.ts";
import { assertClose, uniformFloats } from "../made_epoch.ts";

const random = createRandom(32);

/** About a third of the entries; the first row is empty. */
function madeMatrix(rows: number, columns: number): SparseMatrix {
  const pairs = Array.from(
    { length: rows * columns },
    (_, at) => [Math.floor(at / columns), at % columns] as const,
  )
    .filter(([row]) => row > 0 && uniformReal(random) < 0.3);
  const pattern = patternOf(rows, columns, pairs);
  return { ...pattern, value: uniformFloats(random, pattern.column.length) };
}

function product(
  { rowCount, rowStart, column, value }: SparseMatrix,
  x: Float32Array,
  width: number,
) {
  const output = new Float64Array(rowCount * width);
  for (let row = 0; row < rowCount; row++) {
    for (let e = rowStart[row]!; e < rowStart[row + 1]!; e++) {
      for (let c = 0; c < width; c++) {
        output[row * width + c]! += value[e]! * x[column[e]! * width + c]!;
      }
    }
  }
  return output;
}

Deno.test("any width, and the adjoint by the transpose, for a value used twice", async (test) => {
  using gpu = await openDevice();
  for (const width of [1, 6, 8, 40, 10]) {
    await test.step(`width ${width}`, async () => {
      const a = madeMatrix(9, 13);
      const x = uniformFloats(random, 13 * width), given = uniformFloats(random, 9 * width);
      using matrix = uploadSparse(gpu, "A", a);
      using transposed = uploadSparse(gpu, "Aᵀ", transpose(a));
      using value = createTensor(gpu, "x", [13, width], x);
      using gradient = createTensor(gpu, "dY", [9, width], given);
      using scratch = new Scratch(gpu);
      const tape = new Tape(gpu, "sparse product", scratch);
      const input: Variable = { value };
      sparseProduct(tape, matrix, transposed, input).gradient = gradient;
      const output = sparseProduct(tape, matrix, transposed, input);
      output.gradient = gradient;
      tape.backward();
      using program = tape.program;
      program.run();
      const [y, dx] = await readFloats(gpu, output.value, input.gradient!);
      assertClose(y!, product(a, x, width));
      assertClose(dx!, product(transpose(a), given, width).map((d) => 2 * d));
    });
  }
});

Deno.test("of a constant the product is one, and what nothing uses has no adjoint", async () => {
  using gpu = await openDevice();
  using scratch = new Scratch(gpu);
  using matrix = uploadSparse(gpu, "A", madeMatrix(5, 5));
  using value = createTensor(gpu, "x", [5, 4]);
  const tape = new Tape(gpu, "sparse product", scratch);
  const [constant, unused]: Variable[] = [{ value, constant: true }, { value }];
  const output = sparseProduct(tape, matrix, matrix, constant!);
  assertEquals(output.constant, true);
  output.gradient = tape.take("dY", [5, 4]);
  sparseProduct(tape, matrix, matrix, unused!);
  tape.backward();
  using program = tape.program;
  assertEquals(program.kernels.map((name) => name.split(":")[0]), ["gather", "gather"]);
  assertEquals([constant!.gradient, unused!.gradient], [undefined, undefined]);
});
