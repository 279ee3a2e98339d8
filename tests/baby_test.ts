/** Three epochs on real data: everything together, at the size of the paper's smallest dataset. */
import { assertEquals, assertGreater, assertLess } from "@std/assert";
import { type EpochReport, loadDataset, models, openGpu, train } from "../mod.ts";
import { testOnRealData } from "./real_data.ts";

testOnRealData("baby", "STAIR trains on Baby for three epochs", async (folder) => {
  using gpu = await openGpu();
  const dataset = await loadDataset(folder);
  using model = await models.stair.create(gpu, dataset, { preset: "baby" });
  const reports: EpochReport[] = [];
  const result = await train(model, dataset, {
    epochs: 3,
    evalEvery: 3,
    seed: 1,
    onEpoch: (report) => reports.push(report),
  });

  const losses = reports.flatMap(({ loss }) => loss ?? []);
  assertEquals(losses.length, 3);
  assertLess(losses[0], Math.LN2); // below what equal scores give
  assertLess(losses[1], losses[0]);
  assertLess(losses[2], losses[1]);

  const [before, after] = reports.flatMap(({ valid }) => valid ? [valid] : []);
  assertGreater(after!["ndcg@20"], 1.5 * before!["ndcg@20"]!);
  assertEquals(result.bestEpoch, 3);
  assertEquals(result.valid, after);
  // A random order finds 20 of 7,050 items; three epochs find ten times as much in data not seen.
  assertGreater(result.test["recall@20"], 10 * 20 / 7050);
  assertLess(gpu.peakBytes, 150e6);
});
