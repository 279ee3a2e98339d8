/**
 * Batch normalisation and its gradient against their formulas over the rows that a batch fills, and both
 * adjoints against the formulas' differences.
 */
import { assertEquals } from "@std/assert";
import { openDevice } from "../../../src/gpu/device.ts";
import { batchNorm, batchNormGradient } from "../../../src/ops/rows/batch_norm.ts";
import { createRandom } from "../../../src/random.ts";
import { checkOperation, operand } from "../check_operation.ts";
import { madeEpoch, uploadMade } from "../made_epoch.ts";

const EPSILON = 1e-5;
const random = createRandom(41);

interface Sizes {
  readonly blocks: number;
  readonly width: number;
  readonly batchSize: number;
  /** Rows of each block that count. */
  readonly length: number;
}

const sizes: readonly Sizes[] = [
  { blocks: 1, width: 1, batchSize: 5, length: 5 },
  { blocks: 2, width: 3, batchSize: 5, length: 3 },
  { blocks: 2, width: 19, batchSize: 17, length: 17 },
];

const batchesOf = (gpu: Parameters<typeof uploadMade>[0], { batchSize, length }: Sizes) => {
  const triples = batchSize + length;
  return uploadMade(gpu, madeEpoch(random, { users: 3, items: 4, triples, batchSize }), 1);
};

const mean = (numbers: readonly number[]): number =>
  numbers.reduce((sum, x) => sum + x, 0) / numbers.length;

/** Maps every column's counting entries, and leaves the other rows zero. */
function byColumn(
  { blocks, width, batchSize, length }: Sizes,
  map: (places: readonly number[], column: number) => readonly number[],
): Float64Array {
  const output = new Float64Array(blocks * batchSize * width);
  for (let column = 0; column < width; column++) {
    const places = Array.from(
      { length: blocks * length },
      (_, i) => (Math.floor(i / length) * batchSize + i % length) * width + column,
    );
    map(places, column).forEach((y, i) => output[places[i]!] = y);
  }
  return output;
}

function normalise(x: readonly number[]): { deviation: number; normalised: number[] } {
  const centre = mean(x);
  const deviation = Math.sqrt(mean(x.map((each) => (each - centre) ** 2)) + EPSILON);
  return { deviation, normalised: x.map((each) => (each - centre) / deviation) };
}

Deno.test("columns are normalised over the rows that count", async (test) => {
  using gpu = await openDevice();
  for (const each of sizes) {
    await test.step(JSON.stringify(each), async () => {
      using batches = batchesOf(gpu, each);
      const { blocks, width, batchSize } = each;
      const operands = [operand(blocks * batchSize, width), operand(width), operand(width)];
      await checkOperation(gpu, operands, {
        record: (tape, [x, scale, shift]) => batchNorm(tape, x!, scale!, shift!, batches).output,
        formula: ([x, scale, shift]) =>
          byColumn(each, (places, j) =>
            normalise(places.map((at) => x![at]!)).normalised
              .map((entry) => scale![j]! * entry + shift![j]!)),
      });
    });
  }
});

Deno.test("the gradient of a normalisation, as a value of its own", async (test) => {
  using gpu = await openDevice();
  for (const each of sizes) {
    await test.step(JSON.stringify(each), async () => {
      using batches = batchesOf(gpu, each);
      const { blocks, width, batchSize } = each;
      const rows = blocks * batchSize;
      const operands = [operand(rows, width), operand(width), operand(rows, width)];
      await checkOperation(gpu, operands, {
        record: (tape, [x, scale, direction]) => {
          const shift = { value: scale!.value, constant: true };
          const normalised = batchNorm(tape, x!, scale!, shift, batches);
          return batchNormGradient(tape, normalised, direction!, batches);
        },
        formula: ([x, scale, direction]) =>
          byColumn(each, (places, j) => {
            const { deviation, normalised } = normalise(places.map((at) => x![at]!));
            const d = places.map((at) => direction![at]!);
            const along = mean(d.map((entry, i) => entry * normalised[i]!));
            return d.map((entry, i) =>
              scale![j]! / deviation * (entry - mean(d) - normalised[i]! * along)
            );
          }),
      });
    });
  }
});

Deno.test("constant scales get no gradient, and what all is constant is", async () => {
  using gpu = await openDevice();
  const each = sizes[1]!;
  using batches = batchesOf(gpu, each);
  const x = operand(each.blocks * each.batchSize, each.width);
  const constants = [operand(each.width), operand(each.width)].map((one) => ({
    ...one,
    constant: true,
  }));
  for (const constant of [false, true]) {
    await checkOperation(gpu, [{ ...x, constant }, ...constants], {
      record: (tape, [x, scale, shift]) => {
        const { output } = batchNorm(tape, x!, scale!, shift!, batches);
        assertEquals(output.constant ?? false, constant);
        return output;
      },
      formula: ([x, scale, shift]) =>
        byColumn(each, (places, j) =>
          normalise(places.map((at) => x![at]!)).normalised
            .map((entry) => scale![j]! * entry + shift![j]!)),
    });
  }
});
