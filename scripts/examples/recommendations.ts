// What would shopper 7 like, and what is like the first of it? With titles.
import { loadDataset, models, openGpu, recommend, similarItems, train } from "../../mod.ts";

using gpu = await openGpu();
const data = await loadDataset("data/shop");
using model = await models.stair.create(gpu, data);
await train(model, data, { epochs: 20 });

const [list = []] = await recommend(model, data, { users: [7], k: 5 }); // seen items hidden
console.log("For shopper 7:");
for (const { item, score } of list) console.log(score.toFixed(3), data.titles.get(item));

const best = list[0]!.item;
console.log(`Like ${data.titles.get(best)}:`);
for (const { item, score } of await similarItems(model, best, { k: 5 })) {
  console.log(score.toFixed(3), data.titles.get(item));
}
