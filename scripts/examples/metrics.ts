// The state that validates best by Recall@50 is kept; then what its lists are like beyond accuracy.
import { evaluate, loadDataset, models, openGpu, popularityMetrics, train } from "../../mod.ts";

using gpu = await openGpu();
const data = await loadDataset("data/shop");
using model = await models.lightgcn.create(gpu, data, { layers: 2, seed: 1 });
const metrics = ["recall@50", "mrr@10"] as const;
const { test, history } = await train(model, data, { epochs: 20, metrics, select: "recall@50" });
console.log("validated after epochs", history.flatMap(({ epoch, valid }) => valid ? epoch : []));
console.log("test", test["recall@50"], test["mrr@10"]);

const beyond = ["hit_rate@5", "map@20", "coverage@20", "gini@20", "mean_popularity@20"];
console.log("LightGCN", await evaluate(model, data, "test", { metrics: beyond }));
console.log("best-sellers", popularityMetrics(data, "test", beyond));
