import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertNotEquals,
  assertThrows,
} from "@std/assert";
import { openDevice } from "../../src/gpu/device.ts";
import { readIntegers } from "../../src/gpu/tensor.ts";
import { InputError } from "../../src/input_error.ts";
import { createBatch, type EpochShape, stepCount, uploadBatches } from "../../src/tape/batch.ts";
import { uploadClock } from "../../src/tape/clock.ts";
import { createRandom, uniformBelow, uniformReal } from "../../src/random.ts";
import { patternOf, type SparsePattern } from "../../src/sparse/csr.ts";
import {
  drawEpochs,
  type EpochBatches,
  gatherBatches,
  type Triples,
} from "../../src/training/sampler.ts";

const USERS = 20, ITEMS = 15;
const random = createRandom(41);

/** A train split in which each user has 0 to 8 items, user 3 all but one. */
const trainPairs = Array.from({ length: USERS }, (_, user) => {
  const drawn = user === 3
    ? Array.from({ length: ITEMS - 1 }, (_, item) => item)
    : Array.from({ length: uniformBelow(random, 9) }, () => uniformBelow(random, ITEMS));
  return [...new Set(drawn)].map((item): [number, number] => [user, item]);
}).flat();
const train = patternOf(USERS, ITEMS, trainPairs);
/** An epoch's triples, drawn at once. */
function sampleTriples(train: SparsePattern, seed: number, epoch: number): Triples {
  const { rowCount, columnCount, column } = train;
  const shape = { rows: rowCount + columnCount, triples: column.length, batchSize: column.length };
  const { user, positive, negative } = drawEpochs(train, seed, shape, epoch).next().value;
  return { user, positive, negative };
}

const isTrain = new Set(trainPairs.map(String));

/** (user id, item id) pairs of an epoch's rows of H. */
function pairsOf(user: Uint32Array, item: Uint32Array): [number, number][] {
  return Array.from(user, (u, t) => [u, item[t]! - USERS]);
}

Deno.test("every train pair comes once per epoch", () => {
  for (const epoch of [1, 2, 3]) {
    const { user, positive } = sampleTriples(train, 1, epoch);
    const drawn = pairsOf(user, positive).map(String);
    assertEquals(drawn.toSorted(), trainPairs.map(String).toSorted());
  }
});

Deno.test("negatives are any items but the user's own train items", () => {
  const seen = new Set<string>();
  for (let epoch = 1; epoch <= 200; epoch++) {
    const { user, negative } = sampleTriples(train, 1, epoch);
    for (const [u, item] of pairsOf(user, negative)) {
      assert(item >= 0 && item < ITEMS, `item ${item}`);
      assert(!isTrain.has(`${u},${item}`), `item ${item} is a train item of user ${u}`);
      seen.add(`${u},${item}`);
    }
  }
  // All others occur, so that items of the validation and test splits are among them.
  const active = new Set(trainPairs.map(([user]) => user));
  assertEquals(seen.size, active.size * ITEMS - trainPairs.length);
});

Deno.test("negatives are uniform", () => {
  const [user] = trainPairs.find(([u]) => u !== 3)!;
  const counts = new Map<number, number>();
  let total = 0;
  for (let epoch = 1; epoch <= 3000; epoch++) {
    const triples = sampleTriples(train, 7, epoch);
    for (const [u, item] of pairsOf(triples.user, triples.negative)) {
      if (u !== user) continue;
      counts.set(item, (counts.get(item) ?? 0) + 1);
      total++;
    }
  }
  const expected = total / counts.size;
  const freedom = counts.size - 1;
  const square = [...counts.values()]
    .reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
  // Chi-square has mean `freedom` and variance 2 `freedom`; four deviations are 1 in 10,000.
  assert(total >= 3000 && square < freedom + 4 * Math.sqrt(2 * freedom), `χ² ${square}`);
});

Deno.test("every place of the order is as likely for every pair", () => {
  const places = trainPairs.length;
  const [first] = trainPairs;
  const counts = new Float64Array(places);
  const epochs = 100 * places;
  for (let epoch = 1; epoch <= epochs; epoch++) {
    const { user, positive } = sampleTriples(train, 9, epoch);
    counts[pairsOf(user, positive).findIndex(([u, i]) => u === first![0] && i === first![1])]!++;
  }
  const square = counts.reduce((sum, count) => sum + (count - 100) ** 2 / 100, 0);
  const freedom = places - 1;
  assert(Math.abs(square - freedom) < 4 * Math.sqrt(2 * freedom), `χ² ${square}`);
});

Deno.test("an epoch follows from seed and number alone", () => {
  const epoch = sampleTriples(train, 5, 2);
  sampleTriples(train, 5, 3);
  assertEquals(sampleTriples(train, 5, 2), epoch);
  assertNotEquals(sampleTriples(train, 5, 3), epoch);
  assertNotEquals(sampleTriples(train, 6, 2), epoch);
  // Seed and number do not merely add up.
  assertNotEquals(sampleTriples(train, 6, 1), epoch);
});

Deno.test("an epoch drawn in chunks is the same, batch by batch", () => {
  const shape = { rows: USERS + ITEMS, triples: train.column.length, batchSize: 7 };
  const whole = drawEpochs(train, 5, shape, 2);
  const chunks = drawEpochs(train, 5, { ...shape, triples: 14 }, 2);
  for (let epoch = 2; epoch <= 4; epoch++) {
    const expected = whole.next().value;
    for (let first = 0, batch = 0; first < shape.triples; first += 14) {
      const chunk = chunks.next().value;
      assertEquals(chunk.user, expected.user.subarray(first, first + 14));
      assertEquals(chunk.negative, expected.negative.subarray(first, first + 14));
      for (let own = 0; own < chunk.batchLength.length; own++, batch++) {
        assertEquals(batchOf(chunk, own), batchOf(expected, batch));
      }
    }
  }
});

/** A batch's rows with their entries. */
function batchOf(epoch: EpochBatches, batch: number) {
  const { batchStart, batchEnd, batchLength, row, entryStart, partner, signedSlot } = epoch;
  const places = Array.from(row.subarray(batchStart[batch], batchEnd[batch]), (r, i) => {
    const place = batchStart[batch]! + i;
    const [from, to] = [entryStart[place], entryStart[place + 1]];
    return [r, [...partner.subarray(from, to)], [...signedSlot.subarray(from, to)]];
  });
  return { size: batchLength[batch], places };
}

Deno.test("a user with all items in train is refused", () => {
  const full = patternOf(2, 3, [[0, 1], [1, 0], [1, 1], [1, 2]]);
  const message = "User 1 has all 3 items in train: no negative is left.";
  assertThrows(() => sampleTriples(full, 1, 1), InputError, message);
});

function randomTriples(users: number, items: number, count: number): Triples {
  const rows = (from: number, bound: number) =>
    Uint32Array.from({ length: count }, () => from + uniformBelow(random, bound));
  return { user: rows(0, users), positive: rows(users, items), negative: rows(users, items) };
}

const shapes = [
  { users: 1, items: 1, triples: 1, batchSize: 1 },
  { users: 5, items: 4, triples: 40, batchSize: 16 }, // the last batch is partial
  { users: 50, items: 60, triples: 90, batchSize: 30 },
  { users: 8, items: 3, triples: 10, batchSize: 64 }, // one batch, not full
];

Deno.test("gathers of a batch add up what its triples would scatter", async (test) => {
  for (const { users, items, triples: count, batchSize } of shapes) {
    await test.step(`${count} triples by ${batchSize}`, () => {
      const shape = { rows: users + items, triples: count, batchSize };
      const triples = randomTriples(users, items, count);
      const h = Float64Array.from({ length: shape.rows }, () => uniformReal(random) - 0.5);
      const coefficient = Float64Array.from({ length: batchSize }, () => uniformReal(random));
      for (let step = 0; step < stepCount(shape); step++) {
        const gathered = gather(triples, shape, step, h, coefficient);
        const scattered = scatter(triples, shape, step, h, coefficient);
        scattered.forEach((x, row) => assertAlmostEquals(gathered[row]!, x, 1e-12, `row ${row}`));
      }
    });
  }
});

/** One column of dL/dH as in kernels/gather/triple_entries.wgsl; each touched row comes once. */
function gather(
  triples: Triples,
  shape: EpochShape,
  step: number,
  h: Float64Array,
  coefficient: Float64Array,
): Float64Array {
  const epoch = gatherBatches(triples, shape);
  const { batchStart, batchEnd, row, entryStart, partner, signedSlot } = epoch;
  const from = batchStart[step]!, to = batchEnd[step]!;
  const touched = new Set(row.subarray(from, to));
  assertEquals(touched.size, to - from);
  // What the batch before touched, and this one does not, follows without entries.
  const before = step === 0 ? [] : row.subarray(batchStart[step - 1], batchEnd[step - 1]);
  const stale = row.subarray(to, batchStart[step + 1]);
  assertEquals(new Set(stale), new Set(before).difference(touched));
  assertEquals(entryStart[batchStart[step + 1]!], entryStart[to]);
  const gradient = new Float64Array(shape.rows);
  for (let place = from; place < to; place++) {
    for (let entry = entryStart[place]!; entry < entryStart[place + 1]!; entry++) {
      const sign = signedSlot[entry]! % 2 === 0 ? 1 : -1;
      gradient[row[place]!]! += sign * coefficient[signedSlot[entry]! >> 1]! * h[partner[entry]!]!;
    }
  }
  return gradient;
}

/** The same, triple by triple. */
function scatter(
  { user, positive, negative }: Triples,
  { rows, triples, batchSize }: EpochShape,
  step: number,
  h: Float64Array,
  coefficient: Float64Array,
): Float64Array {
  const gradient = new Float64Array(rows);
  const first = step * batchSize;
  for (let t = first; t < Math.min(triples, first + batchSize); t++) {
    const [u, p, n] = [user[t]!, positive[t]!, negative[t]!];
    const c = coefficient[t - first]!;
    gradient[u]! += c * (h[p]! - h[n]!);
    gradient[p]! += c * h[u]!;
    gradient[n]! -= c * h[u]!;
  }
  return gradient;
}

Deno.test("batches hold all triples, the last one what is left", () => {
  const shape = { rows: 9, triples: 40, batchSize: 16 };
  assertEquals(stepCount(shape), 3);
  const { batchStart, entryStart } = gatherBatches(randomTriples(5, 4, 40), shape);
  // A triple has four entries: two of its user, one of each item.
  const entriesUpTo = Array.from(batchStart, (place) => entryStart[place]!);
  assertEquals(entriesUpTo, [0, 64, 128, 160]);
});

Deno.test("uploading an epoch puts batch after batch on record, and batches go on counting", async () => {
  using gpu = await openDevice();
  for (const { users, items, triples: count, batchSize } of shapes) {
    const shape = { rows: users + items, triples: count, batchSize };
    const epoch = gatherBatches(randomTriples(users, items, count), shape);
    using tensors = createBatch(gpu, shape, 1);
    uploadBatches(gpu, tensors, epoch);
    uploadClock(gpu, tensors.clock, epoch, 12, { learningRate: 1, weightDecay: 0 });
    const [clock, row, partner] = await readIntegers(
      gpu,
      tensors.clock,
      tensors.row,
      tensors.partner,
    );
    for (let step = 0; step < stepCount(shape); step++) {
      const [batch, count, size, ...places] = clock!.subarray(64 * step, 64 * step + 6);
      assertEquals([batch, count, size], [step, 12 + step, epoch.batchLength[step]]);
      const { batchStart, batchEnd } = epoch;
      assertEquals(places, [batchStart[step]!, batchEnd[step]!, batchStart[step + 1]!]);
    }
    assertEquals(row!.subarray(0, epoch.row.length), epoch.row);
    assertEquals(partner, epoch.partner);
  }
});
