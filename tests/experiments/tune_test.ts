import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { tune } from "../../src/experiments/tune.ts";
import { InputError } from "../../src/input_error.ts";
import { models } from "../../src/models/registry.ts";
import { madeDataset } from "../training/made_dataset.ts";

const dataset = madeDataset();
const content: Record<string, number>[] = [{}, { text: 0.5 }];
const tried = {
  settings: { neighbors: [2, 8, 30], content },
  select: "recall@10",
};

Deno.test("all combinations are tried, and come by validation", async () => {
  const seen: [number, number][] = [];
  const { trials, table } = await tune(models.item_filter, dataset, {
    ...tried,
    onProgress: (done, total, { result }) => {
      seen.push([done, total]);
      assertEquals(Object.keys(result.valid).length, 4);
    },
  });
  assertEquals(seen, Array.from({ length: 6 }, (_, i) => [i + 1, 6]));
  const values = trials.map(({ result }) => result.valid["recall@10"]!);
  assertEquals(values, values.toSorted((a, b) => b - a));
  const combinations = trials.map(({ settings }) => JSON.stringify(settings)).sort();
  assertEquals(new Set(combinations).size, 6);
  assertStringIncludes(table.split("\n")[0]!, "| neighbors | content");
  assertStringIncludes(table, "text=0.5");
});

Deno.test("some are tried at random, the same with the same seed, and trained as they are told", async () => {
  const options = {
    settings: { dim: [4, 8], regWeight: [0, 0.1] },
    training: { learningRate: [0.01, 0.1], batchSize: [64] },
    trials: 3,
    epochs: 2,
    seed: 5,
  };
  const { trials } = await tune(models.mf_bpr, dataset, options);
  assertEquals(trials.length, 3);
  for (const { training, result } of trials) {
    assertEquals([training.batchSize, result.epochs], [64, 2]);
  }
  const again = await tune(models.mf_bpr, dataset, options);
  assertEquals(
    again.trials.map(({ settings, training, result }) => [settings, training, result.test]),
    trials.map(({ settings, training, result }) => [settings, training, result.test]),
  );
});

Deno.test("what is wrong is told before the first run", async () => {
  const cases: [Parameters<typeof tune>[2], string][] = [
    [{ settings: { neighbors: [5, 0] } }, "neighbors is 0"],
    [{ settings: { width: [5] } }, "width"],
    [{ settings: { neighbors: [] } }, "There is no value of neighbors to be tried."],
    [{ trials: 0 }, "trials is 0, but must be a whole number from 1."],
    [
      { settings: { neighbors: new Array(200).fill(1), rowPower: new Array(200).fill(1) } },
      "There are more than 10000 combinations to be tried.",
    ],
  ];
  for (const [options, message] of cases) {
    let runs = 0;
    const wrong = { ...options, onProgress: () => runs++ };
    await assertRejects(() => tune(models.item_filter, dataset, wrong), InputError, message);
    assertEquals(runs, 0);
  }
});
