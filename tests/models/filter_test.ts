/** Models that are trained on what the item filter leaves over. */
import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { recommend } from "../../src/evaluation/recommend.ts";
import { openDevice } from "../../src/gpu/device.ts";
import { readFloats } from "../../src/gpu/tensor.ts";
import { InputError } from "../../src/input_error.ts";
import { builtModel } from "../../src/models/model.ts";
import { models } from "../../src/models/registry.ts";
import { Scratch } from "../../src/gpu/scratch.ts";
import { createTrainingStep } from "../../src/training/training_step.ts";
import { gatherBatches } from "../../src/training/sampler.ts";
import { train } from "../../src/training/train.ts";
import { madeDataset } from "../training/made_dataset.ts";

const dataset = madeDataset();
const { userCount, itemCount } = dataset;
const all = { k: itemCount, users: Array.from({ length: userCount }, (_, user) => user) };

/** Scores by user and item, of what is not hidden. */
function scoresOf(lists: Awaited<ReturnType<typeof recommend>>): Map<string, number> {
  return new Map(
    lists.flatMap((list, user) =>
      list.map(({ item, score }) => [`${user} ${item}`, score] as const)
    ),
  );
}

Deno.test("scores are the model's plus the filter's, of deviation 1 for each user times the weight", async () => {
  using gpu = await openDevice();
  const settings = { dim: 8, seed: 3, content: { text: 0.3 } };
  using plain = await models.mf_bpr.create(gpu, dataset, { dim: 8, seed: 3 });
  using filter = await models.item_filter.create(gpu, dataset, { content: { text: 0.3 } });
  using both = await models.mf_bpr.create(gpu, dataset, { ...settings, filter: 0.7 });
  // Hiding train items alone, over which the deviation is.
  const train = { train: dataset.train, valid: emptied(dataset.valid) };
  const [own, ofFilter, sums] = await Promise.all(
    [plain, filter, both].map(async (model) => scoresOf(await recommend(model, train, all))),
  );
  for (const user of [0, 11, 59]) {
    const listed = [...ofFilter!.keys()].filter((key) => key.startsWith(`${user} `));
    const values = listed.map((key) => ofFilter!.get(key)!);
    const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
    const deviation = Math.sqrt(
      values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / values.length,
    );
    for (const key of listed) {
      const expected = own!.get(key)! + 0.7 / deviation * ofFilter!.get(key)!;
      assertAlmostEquals(sums!.get(key)!, expected, 1e-4);
    }
  }
});

function emptied(pattern: typeof dataset.valid): typeof dataset.valid {
  return { ...pattern, rowStart: pattern.rowStart.map(() => 0) };
}

Deno.test("the loss is that of margins with the filter's scores", async () => {
  using gpu = await openDevice();
  using model = builtModel(
    await models.mf_bpr.create(gpu, dataset, { dim: 8, seed: 3, filter: 0.7 }),
  );
  using scratch = new Scratch(gpu);
  const triples = { user: [0, 5, 5, 21], positive: [1, 2, 3, 4], negative: [9, 0, 30, 17] };
  const rows = (items: number[]) => Uint32Array.from(items, (item) => userCount + item);
  const shape = { rows: userCount + itemCount, triples: 4, batchSize: 4 };
  using step = createTrainingStep(model, shape, { learningRate: 0, weightDecay: 0 }, scratch);
  const drawn = {
    user: Uint32Array.from(triples.user),
    positive: rows(triples.positive),
    negative: rows(triples.negative),
  };
  step.load(gatherBatches(drawn, shape));
  await step.run();
  const [[loss]] = await step.read() as [Float32Array];
  const lists = scoresOf(
    await recommend(model, { train: emptied(dataset.train), valid: emptied(dataset.valid) }, all),
  );
  const losses = triples.user.map((user, t) => {
    const [p, n] = [triples.positive[t]!, triples.negative[t]!].map((item) =>
      lists.get(`${user} ${item}`)!
    );
    return Math.log1p(Math.exp(n! - p!));
  });
  const expected = losses.reduce((sum, x) => sum + x, 0) / losses.length;
  assertAlmostEquals(loss!, expected, 1e-5);
});

Deno.test("a run with a filter is saved, and goes on, like any other", async () => {
  using gpu = await openDevice();
  const folder = await Deno.makeTempDir();
  try {
    const settings = { gamma: 0.5, filter: 0.4, content: { text: 0.2 } };
    const run = async (out: string, epochs: number, resume = false) => {
      using model = await models.stair.create(gpu, dataset, settings);
      const options = { learningRate: 0.01, weightDecay: 0.1, batchSize: 64, evalEvery: 2 };
      await train(model, dataset, { ...options, epochs, out: `${folder}/${out}`, resume });
      const [data] = await readFloats(gpu, builtModel(model).parameters.embeddings!);
      return data;
    };
    const straight = await run("straight", 4);
    await run("stopped", 2);
    assertEquals(await run("stopped", 4, true), straight);
    using other = await models.stair.create(gpu, dataset, { gamma: 0.5 });
    const [start] = await readFloats(gpu, builtModel(other).parameters.embeddings!);
    assert(straight!.some((x, i) => x !== start![i]));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
  assertEquals(gpu.bytes, 0);
});

Deno.test("what BPR does not train has no filter in its training", async () => {
  using gpu = await openDevice();
  for (const kind of [models.ials, models.pure_svd]) {
    await assertRejects(
      () => kind.create(gpu, dataset, { dim: 8, filter: 0.5 }),
      InputError,
      `filter is 0.5, but ${kind.name} is not trained by BPR: blend the two.`,
    );
  }
  assertEquals(gpu.bytes, 0);
});
