/** Products, layers and their adjoints against plain loops in f64. */
import { assertEquals } from "@std/assert";
import { GpuDevice, openDevice } from "../../../src/gpu/device.ts";
import { Scratch } from "../../../src/gpu/scratch.ts";
import { createTensor, readFloats, type Tensor } from "../../../src/gpu/tensor.ts";
import { jointLinear, linear, multiply } from "../../../src/ops/rows/linear.ts";
import { recordProduct } from "../../../src/ops/rows/matrix_product.ts";
import { recordEnding, storedIn } from "../../../src/tape/ending.ts";
import { Tape, type Variable } from "../../../src/tape/tape.ts";
import { createRandom } from "../../../src/random.ts";
import { assertClose, finiteDifferences, uniformFloats } from "../made_epoch.ts";

const random = createRandom(31);

interface Matrix {
  readonly rows: number;
  readonly columns: number;
  readonly data: ArrayLike<number>;
}

const made = (rows: number, columns: number) => ({
  rows,
  columns,
  data: uniformFloats(random, rows * columns),
});

const transpose = ({ rows, columns, data }: Matrix): Matrix => ({
  rows: columns,
  columns: rows,
  data: Array.from(data, (_, at) => data[at % rows * columns + Math.floor(at / rows)]!),
});

function product(a: Matrix, b: Matrix): Matrix {
  const data = new Float64Array(a.rows * b.columns);
  for (let i = 0; i < a.rows; i++) {
    for (let k = 0; k < a.columns; k++) {
      const x = a.data[i * a.columns + k]!;
      for (let j = 0; j < b.columns; j++) {
        data[i * b.columns + j]! += x * b.data[k * b.columns + j]!;
      }
    }
  }
  return { rows: a.rows, columns: b.columns, data };
}

/** Uploads matrices for the life of a test. */
const upload =
  (gpu: GpuDevice, resources: DisposableStack) => (label: string, matrix: Matrix): Tensor =>
    resources.use(
      createTensor(gpu, label, [matrix.rows, matrix.columns], Float32Array.from(matrix.data)),
    );

/** rows, inner, columns: none a multiple of 4, all of them, one long inner dimension, single ones. */
const sizes = [
  [1, 1, 1],
  [5, 7, 3],
  [40, 12, 64],
  [33, 30, 70],
  [3, 2050, 5],
  [18, 1, 9],
] as const;

Deno.test("products of transposed and straight operands, written or added", async (test) => {
  using gpu = await openDevice();
  for (const [rows, inner, columns] of sizes) {
    for (const [transposeA, transposeB] of [[false, false], [true, false], [false, true]]) {
      await test.step(`${rows} × ${inner} × ${columns}, ${transposeA}, ${transposeB}`, async () => {
        using scratch = new Scratch(gpu);
        using resources = new DisposableStack();
        const put = upload(gpu, resources);
        const a = made(rows, inner), b = made(inner, columns), c = made(rows, columns);
        const [left, right] = [
          put("a", transposeA ? transpose(a) : a),
          put("b", transposeB ? transpose(b) : b),
        ];
        const [written, added] = [put("written", c), put("added", c)];
        const tape = new Tape(gpu, "product", scratch);
        recordProduct(tape, left, right, { transposeA, transposeB }, written);
        recordProduct(tape, left, right, { transposeA, transposeB }, added, true);
        using program = tape.program;
        program.run();
        const [first, second] = await readFloats(gpu, written, added);
        const expected = product(a, b).data;
        assertClose(first!, expected);
        assertClose(second!, Array.from(expected, (x, at) => x + c.data[at]!));
      });
    }
  }
});

/** rows, inner, columns: many row tiles, several column tiles, and an inner dimension in parts. */
const cutSizes = [[301, 30, 150], [19, 2050, 131], [40, 2300, 10]] as const;

Deno.test("a product in several dispatches has the same bits as in one", async (test) => {
  using opened = await openDevice();
  const hardware = new GpuDevice(opened.device, "an adapter with large workgroups");
  for (const [rows, inner, columns] of cutSizes) {
    for (const gpu of [opened, hardware]) {
      await test.step(`${rows} × ${inner} × ${columns} on ${gpu.adapterName}`, async () => {
        using scratch = new Scratch(gpu);
        using resources = new DisposableStack();
        const put = upload(gpu, resources);
        const a = made(rows, inner), b = put("b", made(inner, columns)), c = made(rows, columns);
        const across = put("a, transposed", transpose(a)), straight = put("a", a);
        const bias = put("bias", made(1, columns));
        const third = 2 * rows * inner * columns / 3;
        const results: Float32Array[][] = [];
        for (const limit of [undefined, third, 1]) {
          const [biased, kept, transposed] = [put("biased", c), put("kept", c), put("of Aᵀ", c)];
          const tape = new Tape(gpu, "product", scratch);
          const added = { ...bias, shape: [columns] };
          recordProduct(tape, straight, b, {}, biased, false, added, limit);
          recordProduct(tape, straight, b, {}, kept, true, undefined, limit);
          recordProduct(tape, across, b, { transposeA: true }, transposed, false, undefined, limit);
          using program = tape.program;
          const dispatched = program.kernels.filter((name) => name === "product").length;
          assertEquals(dispatched > 3, limit !== undefined, `${dispatched} at ${limit}`);
          program.run();
          results.push(await readFloats(gpu, biased, kept, transposed));
        }
        assertEquals(results[1], results[0]);
        assertEquals(results[2], results[0]);
      });
    }
  }
});

/** Reads an op's output, and its inputs' gradients when dLoss/dOutput is given. */
async function run(
  gpu: GpuDevice,
  tape: Tape,
  output: Variable,
  given: Tensor,
  inputs: Variable[],
) {
  output.gradient = given;
  using value = createTensor(gpu, "Y", output.value.shape);
  recordEnding(tape.program, output.value, storedIn(value)); // before gradients take its memory
  tape.backward();
  using program = tape.program;
  program.run();
  return await readFloats(gpu, value, ...inputs.map(({ gradient }) => gradient!));
}

Deno.test("a linear layer and its adjoint", async (test) => {
  using gpu = await openDevice();
  for (const [rows, inner, columns] of sizes) {
    await test.step(`${rows} × ${inner} to ${columns}`, async () => {
      using scratch = new Scratch(gpu);
      using resources = new DisposableStack();
      const put = upload(gpu, resources);
      const [x, w, b] = [made(rows, inner), made(columns, inner), made(1, columns)];
      const dy = made(rows, columns);
      const input: Variable = { value: put("x", x) };
      const weight: Variable = { value: put("w", w) };
      const bias: Variable = { value: { ...put("b", b), shape: [columns] } };
      const tape = new Tape(gpu, "linear", scratch);
      const output = linear(tape, input, weight, bias);
      const gradient = put("dY", dy);
      const [y, dx, dw, db] = await run(gpu, tape, output, gradient, [input, weight, bias]);
      const plain = product(x, transpose(w)).data;
      assertClose(y!, Array.from(plain, (sum, at) => sum + b.data[at % columns]!));
      assertClose(dx!, product(dy, w).data);
      assertClose(dw!, product(transpose(dy), x).data);
      assertClose(db!, product({ rows: 1, columns: rows, data: Array(rows).fill(1) }, dy).data);
    });
  }
});

Deno.test("inputs side by side have a weight each, and a layer's adjoint", async () => {
  using gpu = await openDevice();
  using scratch = new Scratch(gpu);
  using resources = new DisposableStack();
  const put = upload(gpu, resources);
  const [x, z, v, w, b, dy] = [
    made(7, 5),
    made(7, 8),
    made(6, 5),
    made(6, 8),
    made(1, 6),
    made(7, 6),
  ];
  const inputs: Variable[] = [x, z, v, w].map((matrix) => ({ value: put("input", matrix) }));
  const bias: Variable = { value: { ...put("b", b), shape: [6] } };
  const parts = [0, 1].map((part) => ({ x: inputs[part]!, weight: inputs[2 + part]! }));
  const tape = new Tape(gpu, "joint linear", scratch);
  const output = jointLinear(tape, parts, bias);
  const [y, dx, dz, dv, dw, db] = await run(gpu, tape, output, put("dY", dy), [...inputs, bias]);
  const [first, second] = [product(x, transpose(v)).data, product(z, transpose(w)).data];
  assertClose(y!, Array.from(first, (sum, at) => sum + second[at]! + b.data[at % 6]!));
  assertClose(dx!, product(dy, v).data);
  assertClose(dz!, product(dy, w).data);
  assertClose(dv!, product(transpose(dy), x).data);
  assertClose(dw!, product(transpose(dy), z).data);
  assertClose(db!, product({ rows: 1, columns: 7, data: Array(7).fill(1) }, dy).data);
});

Deno.test("a product's gradient is that of its differences", async () => {
  using gpu = await openDevice();
  using scratch = new Scratch(gpu);
  using resources = new DisposableStack();
  const put = upload(gpu, resources);
  const [a, b, dc] = [made(3, 5), made(5, 2), made(3, 2)];
  const [left, right]: Variable[] = [{ value: put("a", a) }, { value: put("b", b) }];
  const tape = new Tape(gpu, "product", scratch);
  const output = multiply(tape, left!, right!);
  const inputs = [left!, right!];
  const [c, da, db] = await run(gpu, tape, output, put("dC", dc), inputs);
  const loss = (c: Matrix): number =>
    Array.from(c.data).reduce((sum, x, at) => sum + x * dc.data[at]!, 0);
  assertClose(c!, product(a, b).data);
  const ofA = (data: Float64Array) => loss(product({ ...a, data }, b));
  const ofB = (data: Float64Array) => loss(product(a, { ...b, data }));
  assertClose(da!, finiteDifferences(ofA, Float64Array.from(a.data)));
  assertClose(db!, finiteDifferences(ofB, Float64Array.from(b.data)));
});

Deno.test("a weight used twice gets the sum of both uses", async () => {
  using gpu = await openDevice();
  using scratch = new Scratch(gpu);
  using resources = new DisposableStack();
  const put = upload(gpu, resources);
  const [x, w, dy] = [made(6, 3), made(5, 3), made(6, 5)];
  const weight: Variable = { value: put("w", w) };
  const bias: Variable = { value: { ...put("b", made(1, 5)), shape: [5] } };
  const input: Variable = { value: put("x", x), constant: true };
  const tape = new Tape(gpu, "twice", scratch);
  linear(tape, input, weight, bias).gradient = put("dY", dy);
  linear(tape, input, weight, bias); // no loss depends on it
  const output = linear(tape, input, weight, bias);
  const [, dw, db] = await run(gpu, tape, output, put("dY", dy), [weight, bias]);
  const doubled = (data: ArrayLike<number>) => Array.from(data, (x) => 2 * x);
  assertClose(dw!, doubled(product(transpose(dy), x).data));
  assertClose(db!, doubled(product({ rows: 1, columns: 6, data: Array(6).fill(1) }, dy).data));
  assertEquals(input.gradient, undefined);
});

Deno.test("constants get no gradient, and of constants alone the result is one", async () => {
  using gpu = await openDevice();
  using scratch = new Scratch(gpu);
  using value = createTensor(gpu, "x", [4, 4]);
  const tape = new Tape(gpu, "constants", scratch);
  const [constant, trained]: Variable[] = [{ value, constant: true }, { value }];
  assertEquals(linear(tape, constant!, constant!).constant, true);
  assertEquals(multiply(tape, constant!, constant!).constant, true);
  assertEquals(linear(tape, constant!, constant!, trained!).constant ?? false, false);
  const output = multiply(tape, constant!, trained!);
  assertEquals(output.constant ?? false, false);
  output.gradient = tape.take("dC", [4, 4]);
  tape.backward();
  using program = tape.program;
  assertEquals(constant!.gradient, undefined);
  assertEquals(program.kernels.slice(-1), ["product"]);
});
