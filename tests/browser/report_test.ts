/** The page's results are told in full: what fails, and what is slow. */
import { assertEquals } from "@std/assert";
import { report } from "./report.ts";
import { differences, type StairRun } from "./stair_run.ts";

const good = { name: "add, once", faults: [], seconds: 0.1 };

Deno.test("a case that fails and an error in the page are failures, told by name", () => {
  const bad = {
    name: "add, twice",
    faults: ["x[0] is 1, not 2", "x[1] is NaN, not 2"],
    seconds: 1,
  };
  assertEquals(report([good, bad], ["oh"]), {
    lines: [
      "failed: add, twice: x[0] is 1, not 2; x[1] is NaN, not 2",
      "error in the page: oh",
      "browser: 1 cases passed, 1 failed",
    ],
    ok: false,
  });
  assertEquals(report([good], ["oh"]).ok, false);
  assertEquals(report([good, bad], []).ok, false);
});

Deno.test("a case that is slow is no failure, but told", () => {
  assertEquals(report([good, { ...good, seconds: 12.3 }], []), {
    lines: ["slow: add, once (12 s)", "browser: 2 cases passed, 0 failed"],
    ok: true,
  });
});

Deno.test("numbers of the page may differ by a millionth, and none may be missing", () => {
  const deno: StairRun = { adapter: "a", losses: { first: 0.01 }, metrics: { recall: 0.01 } };
  const withNumbers = (first: number, recall: number): StairRun => ({
    adapter: "b",
    losses: { first },
    metrics: { recall },
  });
  assertEquals(differences(withNumbers(0.01 + 9e-9, 0.01 + 9e-7), deno), []);
  assertEquals(differences(withNumbers(0.01 + 2e-8, 0.01 + 2e-6), deno).length, 2);
  assertEquals(differences(withNumbers(NaN, 0.01), deno).length, 1);
  assertEquals(differences({ ...deno, metrics: {} }, deno), [
    "recall is undefined in the page and 0.01 in Deno",
  ]);
  assertEquals(differences(deno, { ...deno, losses: {} }).length, 1);
});
