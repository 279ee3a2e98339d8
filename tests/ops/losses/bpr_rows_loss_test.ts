/** The ranking loss on gathered rows against its formula, and its gradients against differences. */
import { assertAlmostEquals, assertEquals } from "@std/assert";
import { openDevice } from "../../../src/gpu/device.ts";
import { Scratch } from "../../../src/gpu/scratch.ts";
import { createTensor, readFloats } from "../../../src/gpu/tensor.ts";
import { bprRowsLoss } from "../../../src/ops/losses/bpr_loss.ts";
import { Tape, type Variable } from "../../../src/tape/tape.ts";
import { createRandom } from "../../../src/random.ts";
import { operand } from "../check_operation.ts";
import { assertClose, finiteDifferences, madeEpoch, uploadMade } from "../made_epoch.ts";

const term = { index: 1, count: 3, weight: 0.3 };
const BATCH = 4;
const epoch = madeEpoch(createRandom(42), { users: 3, items: 4, triples: 11, batchSize: BATCH });

/** Over the first triples. */
function loss(
  [users, items]: readonly Float64Array[],
  width: number,
  triples: number,
): number {
  let sum = 0;
  for (let t = 0; t < triples; t++) {
    let margin = 0;
    for (let i = t * width; i < (t + 1) * width; i++) {
      margin += users![i]! * (items![i]! - items![BATCH * width + i]!);
    }
    sum -= Math.log(1 / (1 + Math.exp(-margin)));
  }
  return sum / triples;
}

Deno.test("the loss on rows, and its gradients", async (test) => {
  using gpu = await openDevice();
  for (const [step, triples, width] of [[0, 4, 4], [1, 4, 12], [2, 3, 64]]) {
    await test.step(`${triples} triples of width ${width}`, async () => {
      using resources = new DisposableStack();
      const scratch = resources.use(new Scratch(gpu));
      const batches = resources.use(uploadMade(gpu, epoch, step!, term.count));
      const operands = [operand(BATCH, width!), operand(2 * BATCH, width!)];
      const [users, items] = operands.map(({ shape, data }): Variable => ({
        value: resources.use(createTensor(gpu, "rows", shape, data)),
      }));
      const tape = new Tape(gpu, "loss", scratch);
      // Twice, so that gradients add up.
      bprRowsLoss(tape, users!, items!, batches, term);
      bprRowsLoss(tape, users!, items!, batches, { ...term, index: 2 });
      tape.backward();
      resources.use(tape.program).run();
      const [terms, ...gradients] = await readFloats(
        gpu,
        batches.terms,
        users!.gradient!,
        items!.gradient!,
      );
      const inputs = operands.map(({ data }) => Float64Array.from(data));
      const expected = loss(inputs, width!, triples!);
      assertAlmostEquals(terms![step! * term.count + term.index]!, expected, 1e-6);
      inputs.forEach((input, i) => {
        const at = (x: Float64Array) => inputs.with(i, Float64Array.from(x));
        const differences = finiteDifferences((x) => loss(at(x), width!, triples!), input);
        assertClose(gradients[i]!, differences.map((d) => 2 * term.weight * d), 5e-6);
      });
    });
  }
});

Deno.test("constants get no gradient", async () => {
  using gpu = await openDevice();
  using resources = new DisposableStack();
  const scratch = resources.use(new Scratch(gpu));
  const batches = resources.use(uploadMade(gpu, epoch, 0, term.count));
  const [users, items] = [BATCH, 2 * BATCH].map((rows): Variable => ({
    value: resources.use(createTensor(gpu, "rows", [rows, 4])),
    constant: true,
  }));
  const tape = new Tape(gpu, "loss", scratch);
  bprRowsLoss(tape, users!, items!, batches, term);
  tape.backward();
  using program = tape.program;
  assertEquals(program.kernels, ["bpr_scores: gathered_rows", "bpr_coefficients"]);
  assertEquals([users!.gradient, items!.gradient], [undefined, undefined]);
});
