// What STAIR starts from, and what it ranks with in the end: arrays, row after row.
import { embeddings, loadDataset, models, openGpu, parameters, train } from "../../mod.ts";

using gpu = await openGpu();
const data = await loadDataset("data/shop");
using model = await models.stair.create(gpu, data);
const start = (await parameters(model)).embeddings!.data; // users, then items
await train(model, data, { epochs: 20 });
const { items, dim } = await embeddings(model); // of items alone, after the convolution

const row = (array: Float32Array, at: number) => array.subarray(at * dim, (at + 1) * dim);
const dot = (a: Float32Array, b: Float32Array) => a.reduce((sum, x, j) => sum + x * b[j]!, 0);
const cosine = (a: Float32Array, b: Float32Array) => dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
for (const item of [0, 1, 2]) {
  const kept = cosine(row(start, data.userCount + item), row(items, item));
  console.log(data.titles.get(item), "keeps a cosine of", kept.toFixed(3));
}
