// How much should embeddings keep of what products look and read like? (paper, Figure 7)
import { loadDataset, models, openGpu, train } from "../../mod.ts";

using gpu = await openGpu();
const data = await loadDataset("data/shop");
for (const gamma of [0.1, 0.5, 2]) {
  using model = await models.stair.create(gpu, data, { gamma, seed: 1 });
  const { bestEpoch, test } = await train(model, data, { epochs: 20 });
  console.log(`γ ${gamma}: best epoch ${bestEpoch}, test NDCG@20 ${test["ndcg@20"].toFixed(4)}`);
}
