/** The cosine loss against its formula, and its gradients against the formula's differences. */
import { assertAlmostEquals, assertEquals } from "@std/assert";
import { openDevice } from "../../../src/gpu/device.ts";
import { Scratch } from "../../../src/gpu/scratch.ts";
import { createTensor, readFloats } from "../../../src/gpu/tensor.ts";
import { cosineLoss } from "../../../src/ops/losses/cosine_loss.ts";
import { Tape, type Variable } from "../../../src/tape/tape.ts";
import { createRandom } from "../../../src/random.ts";
import { assertClose, finiteDifferences, madeEpoch, uploadMade } from "../made_epoch.ts";
import { operand } from "../check_operation.ts";

const term = { index: 1, count: 3, weight: 0.3 };
const epoch = madeEpoch(createRandom(41), { users: 3, items: 4, triples: 11, batchSize: 4 });

/** 1 − the mean cosine of the first rows. */
function loss(x: ArrayLike<number>, y: ArrayLike<number>, width: number, rows: number): number {
  const dot = (a: ArrayLike<number>, b: ArrayLike<number>, r: number): number => {
    let sum = 0;
    for (let i = r * width; i < (r + 1) * width; i++) sum += a[i]! * b[i]!;
    return sum;
  };
  let cosines = 0;
  for (let r = 0; r < rows; r++) {
    cosines += dot(x, y, r) / Math.sqrt(dot(x, x, r) * dot(y, y, r));
  }
  return 1 - cosines / rows;
}

Deno.test("one minus the mean cosine, and its gradients", async (test) => {
  using gpu = await openDevice();
  for (const [step, rows, width] of [[0, 4, 1], [1, 4, 7], [2, 3, 64]] as const) {
    await test.step(`${rows} rows of ${width}`, async () => {
      using resources = new DisposableStack();
      const scratch = resources.use(new Scratch(gpu));
      const batches = resources.use(uploadMade(gpu, epoch, step, term.count));
      const [x, y] = [operand(4, width), operand(4, width)].map(({ shape, data }) => {
        const value = resources.use(createTensor(gpu, "rows", shape, data));
        return { data: Float64Array.from(data), variable: { value } as Variable };
      }) as [
        { data: Float64Array; variable: Variable },
        { data: Float64Array; variable: Variable },
      ];
      const tape = new Tape(gpu, "loss", scratch);
      cosineLoss(tape, x.variable, y.variable, batches, term);
      tape.backward();
      resources.use(tape.program).run();
      const [terms, dx, dy] = await readFloats(
        gpu,
        batches.terms,
        x.variable.gradient!,
        y.variable.gradient!,
      );
      assertAlmostEquals(
        terms![step * term.count + term.index]!,
        loss(x.data, y.data, width, rows),
        1e-6,
      );
      if (width === 1) {
        // Nothing but the rounding of ten operations; WGSL lets a division be 2.5 units in the last place off.
        const share = term.weight / rows;
        [x, y].forEach(({ data }, side) =>
          data.forEach((own, r) => {
            const rounding = 10 * 2.5 * 2 ** -23 * share / Math.abs(own);
            assertAlmostEquals([dx!, dy!][side]![r]!, 0, rounding);
          })
        );
        return;
      }
      const weighted = (f: (at: Float64Array) => number, at: Float64Array) =>
        finiteDifferences(f, at).map((difference) => term.weight * difference);
      assertClose(dx!, weighted((at) => loss(at, y.data, width, rows), x.data), 5e-6);
      assertClose(dy!, weighted((at) => loss(x.data, at, width, rows), y.data), 5e-6);
    });
  }
});

Deno.test("a target gets no gradient, and what is there already is added to", async () => {
  using gpu = await openDevice();
  using resources = new DisposableStack();
  const scratch = resources.use(new Scratch(gpu));
  const batches = resources.use(uploadMade(gpu, epoch, 0, term.count));
  const [x, y] = [operand(4, 3), operand(4, 3)];
  const variable: Variable = { value: resources.use(createTensor(gpu, "x", x.shape, x.data)) };
  const value = resources.use(createTensor(gpu, "y", y.shape, y.data));
  const stopped: Variable = { value, constant: true };
  const tape = new Tape(gpu, "loss", scratch);
  cosineLoss(tape, variable, stopped, batches, term);
  cosineLoss(tape, variable, stopped, batches, { ...term, index: 2 });
  tape.backward();
  resources.use(tape.program).run();
  assertEquals(stopped.gradient, undefined);
  const [gradient] = await readFloats(gpu, variable.gradient!);
  const differences = finiteDifferences((at) => loss(at, y.data, 3, 4), Float64Array.from(x.data));
  assertClose(gradient!, differences.map((difference) => 2 * term.weight * difference), 5e-6);
});

Deno.test("rows without length have cosine 0", async () => {
  using gpu = await openDevice();
  using resources = new DisposableStack();
  const scratch = resources.use(new Scratch(gpu));
  const batches = resources.use(uploadMade(gpu, epoch, 0, term.count));
  const variable: Variable = { value: resources.use(createTensor(gpu, "zeros", [4, 3])) };
  const tape = new Tape(gpu, "loss", scratch);
  cosineLoss(tape, variable, { ...variable, constant: true }, batches, term);
  tape.backward();
  resources.use(tape.program).run();
  const [terms, gradient] = await readFloats(gpu, batches.terms, variable.gradient!);
  assertEquals(terms![term.index], 1);
  assertEquals(gradient, new Float32Array(12));
});
