import { assertEquals, assertThrows } from "@std/assert";
import { resolve } from "node:path";
import { InputError } from "../../../src/input_error.ts";
import { runFolders } from "../../../scripts/cli/blended_runs.ts";

const [a, b] = [resolve("runs/a"), resolve("runs/x=y/b")];

Deno.test("runs are folders, with a weight for each or none", () => {
  assertEquals(runFolders({ runs: "runs/a,runs/x=y/b" }), {
    weights: { [a]: 1, [b]: 1 },
    given: false,
  });
  assertEquals(runFolders({ runs: "runs/a=0.5,runs/x=y/b=3" }), {
    weights: { [a]: 0.5, [b]: 3 },
    given: true,
  });
});

Deno.test("no runs, or weights for some, are refused", () => {
  for (const runs of [undefined, ""]) {
    assertThrows(() => runFolders({ runs }), InputError, "--model blend needs --runs A,B");
  }
  assertThrows(() => runFolders({ runs: "a=x,b=1" }), InputError, "must be a number");
  assertThrows(
    () => runFolders({ runs: "runs/a=1,runs/b" }),
    InputError,
    '--runs is "runs/a=1,runs/b", but must have a weight for each run, or none.',
  );
});
