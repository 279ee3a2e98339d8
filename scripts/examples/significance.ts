// Is STAIR better than LightGCN? A test over seeds, and one over the users of one seed.
import { compare, evaluatePerUser, loadDataset, models, openGpu } from "../../mod.ts";
import { pairedTTest, train } from "../../mod.ts";

const data = await loadDataset("data/shop");
const { table } = await compare(data, { models: ["stair", "lightgcn"], seeds: 3, epochs: 10 });
console.log(table);

using gpu = await openGpu();
const ndcg = []; // of every user, by model
for (const kind of [models.stair, models.lightgcn]) {
  using model = await kind.create(gpu, data, { seed: 1 });
  await train(model, data, { epochs: 10 });
  const { values } = await evaluatePerUser(model, data, "test", { metrics: ["ndcg@20"] });
  ndcg.push(values["ndcg@20"]!);
}
const { meanDifference, pValue } = pairedTTest(ndcg[0]!, ndcg[1]!);
console.log(`over users: ${meanDifference.toFixed(4)} more, p = ${pValue.toExponential(1)}`);
