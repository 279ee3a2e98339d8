/** Loss and gradient of batches against the formula, triple by triple in f64; and on gathered rows. */
import { assertAlmostEquals, assertEquals } from "@std/assert";
import { type GpuDevice, openDevice } from "../../../src/gpu/device.ts";
import { Scratch } from "../../../src/gpu/scratch.ts";
import { createTensor, readFloats } from "../../../src/gpu/tensor.ts";
import { bprLoss, bprRowsLoss } from "../../../src/ops/losses/bpr_loss.ts";
import { createBatch, type EpochShape, stepCount, uploadBatches } from "../../../src/tape/batch.ts";
import { uploadClock } from "../../../src/tape/clock.ts";
import type { LossTerm } from "../../../src/tape/loss_term.ts";
import { Tape, type Variable } from "../../../src/tape/tape.ts";
import { createRandom, uniformBelow, uniformReal } from "../../../src/random.ts";
import { gatherBatches, type Triples } from "../../../src/training/sampler.ts";
import { operand } from "../check_operation.ts";
import { assertClose, finiteDifferences, madeEpoch, uploadMade } from "../made_epoch.ts";

const random = createRandom(5);

function randomTriples(users: number, items: number, count: number): Triples {
  const rows = (from: number, bound: number) =>
    Uint32Array.from({ length: count }, () => from + uniformBelow(random, bound));
  return { user: rows(0, users), positive: rows(users, items), negative: rows(users, items) };
}

/** The only term of the loss, as in STAIR. */
const ALONE: LossTerm = { index: 0, count: 1, weight: 1 };

/** Records the loss of a batch with its adjoint, and apart from it what ends an epoch. */
function recordBatches(
  gpu: GpuDevice,
  shape: EpochShape,
  triples: Triples,
  h: Float32Array<ArrayBuffer>,
  term = ALONE,
  gamma = 0,
) {
  const size = [shape.rows, h.length / shape.rows];
  const resources = new DisposableStack();
  const scratch = resources.use(new Scratch(gpu));
  const batches = resources.use(createBatch(gpu, shape, term.count));
  const value = resources.use(createTensor(gpu, "h", size, h));
  const epoch = gatherBatches(triples, shape);
  uploadBatches(gpu, batches, epoch);
  uploadClock(gpu, batches.clock, epoch, 0, { learningRate: 1, weightDecay: 0 });
  const tape = new Tape(gpu, "loss", scratch);
  const variable: Variable = { value };
  bprLoss(tape, variable, batches, term, gamma);
  tape.backward();
  return {
    batches,
    gradient: variable.gradient!,
    loss: resources.use(tape.program),
    closing: resources.use(tape.closing),
    [Symbol.dispose]: () => resources.dispose(),
  };
}

/** Mean loss and its gradient by H in one batch: every triple adds to its three rows. */
function expectedBatch(
  { user, positive, negative }: Triples,
  h: Float32Array,
  dim: number,
  gamma = 0,
) {
  const gradient = new Float64Array(h.length);
  let loss = 0;
  user.forEach((u, t) => {
    const [p, n] = [positive[t]!, negative[t]!];
    let margin = 0;
    for (let j = 0; j < dim; j++) margin += h[u * dim + j]! * (h[p * dim + j]! - h[n * dim + j]!);
    const better = 1 / (1 + Math.exp(-margin));
    loss -= Math.log(gamma + better) / user.length;
    const c = -better * (1 - better) / (gamma + better) / user.length;
    for (let j = 0; j < dim; j++) {
      const [hu, hp, hn] = [h[u * dim + j]!, h[p * dim + j]!, h[n * dim + j]!];
      gradient[u * dim + j]! += c * (hp - hn);
      gradient[p * dim + j]! += c * hu;
      gradient[n * dim + j]! -= c * hu;
    }
  });
  return { loss, gradient };
}

function batchOf(triples: Triples, { batchSize }: EpochShape, step: number): Triples {
  const part = (rows: Uint32Array<ArrayBuffer>) =>
    rows.slice(step * batchSize, (step + 1) * batchSize);
  const { user, positive, negative } = triples;
  return { user: part(user), positive: part(positive), negative: part(negative) };
}

const sizes = [
  { users: 1, items: 2, count: 1, batchSize: 1, dim: 4 },
  { users: 4, items: 3, count: 50, batchSize: 20, dim: 12 }, // rows repeat; the last batch is partial
  { users: 300, items: 200, count: 100, batchSize: 40, dim: 64 }, // most rows untouched
  { users: 3, items: 3, count: 1500, batchSize: 1500, dim: 256 }, // more triples than a workgroup
];

Deno.test("loss and gradient of every batch of an epoch equal the formula", async (test) => {
  using gpu = await openDevice();
  for (const { users, items, count, batchSize, dim } of sizes) {
    await test.step(`${count} triples by ${batchSize}, dim ${dim}`, async () => {
      const shape = { rows: users + items, triples: count, batchSize };
      const triples = randomTriples(users, items, count);
      const h = Float32Array.from(
        { length: shape.rows * dim },
        () => (2 * uniformReal(random) - 1) / Math.sqrt(dim),
      );
      using recorded = recordBatches(gpu, shape, triples, h);
      const expected = Array.from(
        { length: stepCount(shape) },
        (_, step) => expectedBatch(batchOf(triples, shape, step), h, dim),
      );
      for (const [step, { gradient }] of expected.entries()) {
        recorded.loss.run(step);
        const [actual] = await readFloats(gpu, recorded.gradient);
        gradient.forEach((x, i) => assertAlmostEquals(actual![i]!, x, 1e-6, `entry ${i}`));
      }
      recorded.closing.run();
      const [losses] = await readFloats(gpu, recorded.batches.terms);
      expected.forEach(({ loss }, step) => assertAlmostEquals(losses![step]!, loss, 1e-6));
    });
  }
});

Deno.test("a term among others has its own column, its weight in the gradient alone, and γ", async () => {
  using gpu = await openDevice();
  const [rows, dim, gamma] = [20, 8, 0.25];
  const shape = { rows, triples: 30, batchSize: 12 };
  const triples = randomTriples(12, 8, 30);
  const h = Float32Array.from({ length: rows * dim }, () => 2 * uniformReal(random) - 1);
  const term = { index: 1, count: 3, weight: 0.5 };
  using recorded = recordBatches(gpu, shape, triples, h, term, gamma);
  const expected = [0, 1, 2].map((step) =>
    expectedBatch(batchOf(triples, shape, step), h, dim, gamma)
  );
  for (const [step, { gradient }] of expected.entries()) {
    recorded.loss.run(step);
    const [actual] = await readFloats(gpu, recorded.gradient);
    gradient.forEach((x, i) => assertAlmostEquals(actual![i]!, 0.5 * x, 1e-6, `entry ${i}`));
  }
  recorded.closing.run();
  const [terms] = await readFloats(gpu, recorded.batches.terms);
  const columns = expected.flatMap(({ loss }) => [0, loss, 0]);
  columns.forEach((x, i) => assertAlmostEquals(terms![i]!, x, 1e-6, `place ${i}`));
});

Deno.test("a batch after another gives the bits that it gives alone", async () => {
  using gpu = await openDevice();
  const shape = { rows: 40, triples: 60, batchSize: 25 };
  const triples = randomTriples(25, 15, 60);
  const h = Float32Array.from({ length: 40 * 8 }, () => uniformReal(random) - 0.5);
  using inARow = recordBatches(gpu, shape, triples, h);
  for (let step = 0; step < stepCount(shape); step++) {
    inARow.loss.run(step);
    using alone = recordBatches(gpu, shape, triples, h);
    alone.loss.run(step);
    const [expected, actual] = await readFloats(gpu, alone.gradient, inARow.gradient);
    assertEquals(actual, expected);
  }
});

/** A term among others. */
const SECOND: LossTerm = { index: 1, count: 3, weight: 0.3 };
const BATCH = 4;
const gatheredEpoch = madeEpoch(createRandom(42), {
  users: 3,
  items: 4,
  triples: 11,
  batchSize: BATCH,
});

/** The loss of the first triples, on gathered rows. */
function rowsLoss(
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

Deno.test("the loss on gathered rows equals the formula, and its gradients differences", async (test) => {
  using gpu = await openDevice();
  for (const [step, triples, width] of [[0, 4, 4], [1, 4, 12], [2, 3, 64]]) {
    await test.step(`${triples} triples of width ${width}`, async () => {
      using resources = new DisposableStack();
      const scratch = resources.use(new Scratch(gpu));
      const batches = resources.use(uploadMade(gpu, gatheredEpoch, step!, SECOND.count));
      const operands = [operand(BATCH, width!), operand(2 * BATCH, width!)];
      const [users, items] = operands.map(({ shape, data }): Variable => ({
        value: resources.use(createTensor(gpu, "rows", shape, data)),
      }));
      const tape = new Tape(gpu, "loss", scratch);
      // Twice, so that gradients add up.
      bprRowsLoss(tape, users!, items!, batches, SECOND);
      bprRowsLoss(tape, users!, items!, batches, { ...SECOND, index: 2 });
      tape.backward();
      resources.use(tape.program).run();
      resources.use(tape.closing).run();
      const [terms, ...gradients] = await readFloats(
        gpu,
        batches.terms,
        users!.gradient!,
        items!.gradient!,
      );
      const inputs = operands.map(({ data }) => Float64Array.from(data));
      const expected = rowsLoss(inputs, width!, triples!);
      assertAlmostEquals(terms![step! * SECOND.count + SECOND.index]!, expected, 1e-6);
      inputs.forEach((input, i) => {
        const at = (x: Float64Array) => inputs.with(i, Float64Array.from(x));
        const differences = finiteDifferences((x) => rowsLoss(at(x), width!, triples!), input);
        assertClose(gradients[i]!, differences.map((d) => 2 * SECOND.weight * d), 5e-6);
      });
    });
  }
});

Deno.test("gathered rows that are constant get no gradient", async () => {
  using gpu = await openDevice();
  using resources = new DisposableStack();
  const scratch = resources.use(new Scratch(gpu));
  const batches = resources.use(uploadMade(gpu, gatheredEpoch, 0, SECOND.count));
  const [users, items] = [BATCH, 2 * BATCH].map((rows): Variable => ({
    value: resources.use(createTensor(gpu, "rows", [rows, 4])),
    constant: true,
  }));
  const tape = new Tape(gpu, "loss", scratch);
  bprRowsLoss(tape, users!, items!, batches, SECOND);
  tape.backward();
  using program = tape.program;
  assertEquals(program.kernels, ["bpr_scores: gathered_rows", "bpr_coefficients"]);
  assertEquals([users!.gradient, items!.gradient], [undefined, undefined]);
});
