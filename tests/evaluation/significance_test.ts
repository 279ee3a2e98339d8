import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { pairedTTest } from "../../src/evaluation/significance.ts";
import { InputError } from "../../src/input_error.ts";

/** The p-value of differences made to give exactly this t with this many degrees of freedom. */
function pValueAt(t: number, degreesOfFreedom: number): number {
  const count = degreesOfFreedom + 1;
  const spread = Array.from({ length: count }, (_, i) => i - degreesOfFreedom / 2);
  const variance = spread.reduce((sum, d) => sum + d * d, 0) / degreesOfFreedom;
  const shift = t * Math.sqrt(variance / count);
  const test = pairedTTest(spread.map((d) => d + shift), spread.map(() => 0));
  assertEquals(test.degreesOfFreedom, degreesOfFreedom);
  assertAlmostEquals(test.t, t, 1e-9 * Math.abs(t));
  return test.pValue;
}

// Critical values as printed in any table of Student's t.
const table: [number, number, number][] = [
  [12.7062047, 1, 0.05],
  [4.30265273, 2, 0.05],
  [2.776445105, 4, 0.05],
  [4.604094871, 4, 0.01],
  [2.228138852, 10, 0.05],
  [2.042272456, 30, 0.05],
  [1.983971519, 100, 0.05],
];

for (const [t, degreesOfFreedom, p] of table) {
  Deno.test(`t = ${t} with ${degreesOfFreedom} degrees of freedom has p = ${p}`, () => {
    assertAlmostEquals(pValueAt(t, degreesOfFreedom), p, 1e-8);
    assertAlmostEquals(pValueAt(-t, degreesOfFreedom), p, 1e-8);
  });
}

// From SciPy 1.17.1: 2 * scipy.stats.t.sf(|t|, df).
const reference: [number, number, number][] = [
  [1e-6, 5, 0.9999992407866204],
  [0.5, 3, 0.651447964848151],
  [-2.5, 19, 0.02174041116839744],
  [40, 9, 1.8982998449339822e-11],
  [8, 500, 8.729662793880161e-15],
  [1e-3, 19_444, 0.9992021258308674],
  [3.7, 19_444, 0.0002161937210313719],
];

Deno.test("p-values agree with SciPy to eleven digits, from tiny to almost 1", () => {
  for (const [t, degreesOfFreedom, p] of reference) {
    assertAlmostEquals(pValueAt(t, degreesOfFreedom), p, 1e-11 * p);
  }
});

Deno.test("one and two degrees of freedom have closed forms", () => {
  for (const t of [0.01, 0.3, 1, 2, 7, 1000]) {
    assertAlmostEquals(pValueAt(t, 1), 1 - (2 / Math.PI) * Math.atan(t), 1e-12);
    assertAlmostEquals(pValueAt(t, 2), 1 - t / Math.sqrt(2 + t * t), 1e-12);
  }
});

Deno.test("a whole test agrees with SciPy, and swapping the samples changes the sign", () => {
  const a = [0.0271, 0.0265, 0.0280, 0.0274, 0.0269];
  const b = [0.0262, 0.0266, 0.0271, 0.0268, 0.0259];
  const test = pairedTTest(a, b);
  assertAlmostEquals(test.meanDifference, 0.00066, 1e-15);
  assertAlmostEquals(test.t, 3.275525002104072, 1e-9);
  assertAlmostEquals(test.pValue, 0.03062941583048092, 1e-11);
  const swapped = pairedTTest(Float64Array.from(b), Float64Array.from(a));
  assertAlmostEquals(swapped.t, -test.t, 1e-12);
  assertAlmostEquals(swapped.pValue, test.pValue, 1e-12);
});

Deno.test("differences without variance give the limits", () => {
  const a = [0.1, 0.7, 0.3];
  const same = { meanDifference: 0, t: 0, degreesOfFreedom: 2, pValue: 1 };
  assertEquals(pairedTTest(a, a), same);
  assertEquals(pairedTTest([1, -1], [0, 0]), { ...same, degreesOfFreedom: 1 });
  const up = { meanDifference: 0.1, t: Infinity, degreesOfFreedom: 2, pValue: 0 };
  assertEquals(pairedTTest([0.1, 0.1, 0.1], [0, 0, 0]), up);
  const down = { meanDifference: -0.1, t: -Infinity, degreesOfFreedom: 2, pValue: 0 };
  assertEquals(pairedTTest([0, 0, 0], [0.1, 0.1, 0.1]), down);
});

Deno.test("samples that cannot be paired are refused", () => {
  assertThrows(() => pairedTTest([1, 2], [1, 2, 3]), InputError, "have 2 and 3 values");
  assertThrows(() => pairedTTest([], []), InputError, "there are 0");
  assertThrows(() => pairedTTest([1], [2]), InputError, "there are 1");
  assertThrows(() => pairedTTest([1, NaN], [2, 0]), InputError, "pair 1 is NaN and 0");
});
