// A run is written to a folder, opened again, and trained on from where it was.
import { evaluate, loadDataset, models, openGpu, openRun, train } from "../../mod.ts";

using gpu = await openGpu();
const data = await loadDataset("data/shop");
const out = "runs/example";
{
  using model = await models.stair.create(gpu, data);
  await train(model, data, { epochs: 10, out });
}
using run = await openRun(gpu, out); // its dataset, and its model at the best state
console.log(await evaluate(run.model, run.data, "valid"));
const { epochs, bestEpoch, test } = await train(run.model, run.data, {
  ...run.options,
  epochs: 20,
});
console.log(`best epoch ${bestEpoch} of ${epochs}, test NDCG@20 ${test["ndcg@20"]}`);
