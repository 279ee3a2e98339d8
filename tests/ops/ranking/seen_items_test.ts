/** What is done to rows of all items with what their users have in train. */
import { assertEquals } from "@std/assert";
import { openDevice } from "../../../src/gpu/device.ts";
import { Scratch } from "../../../src/gpu/scratch.ts";
import { createTensor, readFloats } from "../../../src/gpu/tensor.ts";
import { addInteractions, hideSeen } from "../../../src/ops/ranking/seen_items.ts";
import { uploadSeen } from "../../../src/ops/ranking/tiles.ts";
import { Tape, type Variable } from "../../../src/tape/tape.ts";
import { createRandom, uniformReal } from "../../../src/random.ts";
import { patternOf } from "../../../src/sparse/csr.ts";
import { assertClose, batchOf, madeEpoch, uniformFloats, uploadMade } from "../made_epoch.ts";

const random = createRandom(46);
const USERS = 4, ITEMS = 7, BATCH = 3;
const SEEN: readonly (readonly number[])[] = [[0, 3, 6], [], [2], [1, 2, 3, 4, 5, 6]];
const train = patternOf(
  USERS,
  ITEMS,
  SEEN.flatMap((items, user) => items.map((item) => [user, item] as const)),
);
/** The last batch holds two triples of three. */
const epoch = madeEpoch(random, { users: USERS, items: ITEMS, triples: 8, batchSize: BATCH });

Deno.test("numbers of train items become zero, and so do their gradients", async (test) => {
  using gpu = await openDevice();
  using seen = uploadSeen(gpu, train);
  for (const step of [0, 2]) {
    await test.step(`batch ${step}`, async () => {
      using scratch = new Scratch(gpu);
      using batches = uploadMade(gpu, epoch, step);
      const [data, upstream] = [1, 2].map(() => uniformFloats(random, BATCH * ITEMS));
      using value = createTensor(gpu, "scores", [BATCH, ITEMS], data);
      using gradient = createTensor(gpu, "gradient", [BATCH, ITEMS], upstream);
      const scores: Variable = { value };
      const tape = new Tape(gpu, "hide", scratch);
      hideSeen(tape, scores, seen, batches);
      scores.gradient = gradient;
      tape.backward();
      using program = tape.program;
      program.run();
      const { user } = batchOf(epoch, step);
      const hidden = (x: Float32Array) =>
        x.map((each, at) =>
          SEEN[user[Math.floor(at / ITEMS)] ?? 1]!.includes(at % ITEMS) ? 0 : each
        );
      assertEquals(await readFloats(gpu, value, gradient), [hidden(data!), hidden(upstream!)]);
    });
  }
});

Deno.test("softened interactions are added, and nothing beyond a partial batch", async (test) => {
  using gpu = await openDevice();
  using seen = uploadSeen(gpu, train);
  for (const step of [0, 2]) {
    await test.step(`batch ${step}`, async () => {
      using scratch = new Scratch(gpu);
      using batches = uploadMade(gpu, epoch, step);
      const data = uniformFloats(random, BATCH * ITEMS);
      const draws = Float32Array.from({ length: BATCH * ITEMS }, () => 0.9 * uniformReal(random));
      using scores = createTensor(gpu, "scores", [BATCH, ITEMS], data);
      using draw = createTensor(gpu, "draw", [BATCH, ITEMS], draws);
      const tape = new Tape(gpu, "interactions", scratch);
      addInteractions(tape, scores, draw, seen, batches, { noise: 0.3, factor: 0.5 });
      using program = tape.program;
      program.run();
      const { user } = batchOf(epoch, step);
      const expected = Float64Array.from(data);
      user.forEach((u, slot) => {
        const exponentials = Array.from({ length: ITEMS }, (_, item) => {
          const gumbel = -Math.log(-Math.log(draws[slot * ITEMS + item]! + 1e-8) + 1e-8);
          return Math.exp(Number(SEEN[u]!.includes(item)) + 0.3 * gumbel);
        });
        const sum = exponentials.reduce((total, each) => total + each, 0);
        exponentials.forEach((each, item) => expected[slot * ITEMS + item]! += 0.5 * each / sum);
      });
      assertClose((await readFloats(gpu, scores))[0]!, expected);
    });
  }
});
