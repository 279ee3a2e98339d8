/** The penalty on squares against its formula, and its gradient. */
import { assertAlmostEquals, assertEquals } from "@std/assert";
import { openGpu } from "../../src/gpu/device.ts";
import { Scratch } from "../../src/gpu/scratch.ts";
import { createTensor, readFloats } from "../../src/gpu/tensor.ts";
import { l2Penalty } from "../../src/ops/l2_penalty.ts";
import { Tape, type Variable } from "../../src/ops/tape.ts";
import { createRandom } from "../../src/random.ts";
import { assertClose, madeEpoch, uniformFloats, uploadMade } from "./made_epoch.ts";

const random = createRandom(35);
const term = { index: 1, count: 3, weight: 0.3 };

Deno.test("half the squares over a number, and the gradient", async () => {
  using gpu = await openGpu();
  using scratch = new Scratch(gpu);
  const epoch = madeEpoch(random, { users: 2, items: 2, triples: 5, batchSize: 2 });
  using batches = uploadMade(gpu, epoch, 1, term.count);
  const data = uniformFloats(random, 60 * 7);
  using value = createTensor(gpu, "x", [60, 7], data);
  const x: Variable = { value };
  const tape = new Tape(gpu, "penalty", scratch);
  l2Penalty(tape, x, batches, term, 16);
  tape.backward();
  using program = tape.program;
  program.run();
  const [terms, gradient] = await readFloats(gpu, batches.terms, x.gradient!);
  const squares = data.reduce((sum, entry) => sum + entry ** 2, 0);
  assertAlmostEquals(terms![term.count + term.index]!, squares / 32, 1e-5);
  assertClose(gradient!, data.map((entry) => term.weight * entry / 16));
});

Deno.test("a constant has a penalty and no gradient", async () => {
  using gpu = await openGpu();
  using scratch = new Scratch(gpu);
  const epoch = madeEpoch(random, { users: 2, items: 2, triples: 3, batchSize: 3 });
  using batches = uploadMade(gpu, epoch, 0, term.count);
  using value = createTensor(gpu, "x", [3, 2]);
  const x: Variable = { value, constant: true };
  const tape = new Tape(gpu, "penalty", scratch);
  l2Penalty(tape, x, batches, term, 1);
  tape.backward();
  using program = tape.program;
  assertEquals(program.kernels, ["sum_squares", "l2_penalty"]);
});
