import { assertAlmostEquals, assertEquals, assertLess, assertThrows } from "@std/assert";
import { pairedBootstrap } from "../../src/evaluation/bootstrap.ts";
import { InputError } from "../../src/input_error.ts";
import { createRandom, normal } from "../../src/random.ts";

Deno.test("the interval of many normal differences is the normal one", () => {
  const random = createRandom(3), count = 4000;
  const a = Float64Array.from({ length: count }, () => 0.2 + normal(random));
  const b = new Float64Array(count);
  const { meanDifference, low, high } = pairedBootstrap(a, b);
  const half = 1.96 / Math.sqrt(count);
  assertAlmostEquals(meanDifference, a.reduce((sum, x) => sum + x, 0) / count, 1e-12);
  assertAlmostEquals(low, meanDifference - half, 0.15 * half);
  assertAlmostEquals(high, meanDifference + half, 0.15 * half);
  assertEquals(pairedBootstrap(a, b), pairedBootstrap(a, b));
  const narrow = pairedBootstrap(a, b, { confidence: 0.5 });
  assertLess(narrow.high - narrow.low, 0.5 * (high - low));
});

Deno.test("it covers the true mean about as often as it says", () => {
  let covered = 0;
  for (let trial = 0; trial < 200; trial++) {
    const random = createRandom(trial, 8);
    const a = Float64Array.from({ length: 60 }, () => normal(random));
    const { low, high } = pairedBootstrap(a, new Float64Array(60), {
      confidence: 0.8,
      seed: trial,
    });
    covered += Number(low <= 0 && 0 <= high);
  }
  // 0.8 of 200 is 160, with a standard deviation of 5.7.
  assertLess(Math.abs(covered - 160), 18);
});

Deno.test("equal samples have an interval of nothing", () => {
  const { meanDifference, low, high } = pairedBootstrap([1, 2, 5], [0, 1, 4]);
  assertEquals([meanDifference, low, high], [1, 1, 1]);
});

Deno.test("what is no sample, and options out of range, are refused", () => {
  const cases: [number[], number[], Parameters<typeof pairedBootstrap>[2], string][] = [
    [[1, 2], [1], {}, "2 at least, but they have 2 and 1 values."],
    [[1], [1], {}, "but they have 1 and 1 values."],
    [[1, 2], [1, 2], { resamples: 0 }, "resamples is 0, but must be a whole number from 1."],
    [[1, 2], [1, 2], { confidence: 1 }, "confidence is 1, but must be between 0 and 1."],
  ];
  for (const [a, b, options, message] of cases) {
    assertThrows(() => pairedBootstrap(a, b, options), InputError, message);
  }
});
