/** The slope of the logistic function against its formula, and its gradient against differences. */
import { openDevice } from "../../../src/gpu/device.ts";
import { sigmoidSlope } from "../../../src/ops/rows/sigmoid.ts";
import { createRandom } from "../../../src/random.ts";
import { checkOperation, operand } from "../check_operation.ts";
import { madeEpoch, uploadMade } from "../made_epoch.ts";

const random = createRandom(43);
const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

/** Two blocks of a batch of 5, of which the current one fills `length`. */
const BLOCKS = 2, BATCH = 5;
const made = (length: number) =>
  madeEpoch(random, { users: 3, items: 4, triples: BATCH + length, batchSize: BATCH });

Deno.test("the slope is a value of its own", async (test) => {
  using gpu = await openDevice();
  for (const length of [BATCH, 2]) {
    await test.step(`${length} of ${BATCH}`, async () => {
      using batches = uploadMade(gpu, made(length), 1);
      await checkOperation(gpu, [operand(BLOCKS * BATCH, 1)], {
        record: (tape, [x]) => sigmoidSlope(tape, x!, batches, 100),
        formula: ([x]) =>
          x!.map((each, r) => r % BATCH < length ? 100 * sigmoid(each) * sigmoid(-each) : 0),
      });
    });
  }
});
