/** Blends of runs against their formula, and through the run folder. */
import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { blend, blendWeights, evaluate, openRun, recommend, train } from "../../mod.ts";
import { openDevice } from "../../src/gpu/device.ts";
import { InputError } from "../../src/input_error.ts";
import type { ScoredItem } from "../../src/evaluation/recommend.ts";
import { models } from "../../src/models/registry.ts";
import { rowOf } from "../../src/sparse/csr.ts";
import { loadDataset } from "../../src/data/load_dataset.ts";

const shop = new URL("../../data/shop", import.meta.url).pathname;

/** Scores by item. */
const scoresOf = (list: readonly ScoredItem[]): Map<number, number> =>
  new Map(list.map(({ item, score }) => [item, score]));

Deno.test("a blend of runs", async (test) => {
  const folder = await Deno.makeTempDir();
  const data = await loadDataset(shop);
  using gpu = await openDevice();
  const a = `${folder}/mf`, b = `${folder}/filter`, both = `${folder}/both`;
  using mf = await models.mf_bpr.create(gpu, data, { dim: 8, seed: 1 });
  await train(mf, data, { epochs: 2, out: a });
  using filter = await models.item_filter.create(gpu, data, { content: { text: 0.2 } });
  await train(filter, data, { out: b });

  await test.step("scores are standardised per user and weighted", async () => {
    using blended = await blend.create(gpu, data, { runs: { [a]: 0.5, [b]: 2 } });
    const users = [3, 900], everything = { users, k: data.itemCount };
    // Validation items count for deviations, as they are not in train.
    const shown = {
      train: data.train,
      valid: { ...data.valid, rowStart: data.valid.rowStart.map(() => 0) },
    };
    const [ofBlend, ofMf, ofFilter] = [
      await recommend(blended, shown, everything),
      await recommend(mf, shown, everything),
      await recommend(filter, shown, everything),
    ];
    users.forEach((user, at) => {
      assertEquals(ofBlend[at]!.length, data.itemCount - rowOf(data.train, user).length);
      const deviation = (list: readonly ScoredItem[]): number => {
        const mean = list.reduce((sum, { score }) => sum + score, 0) / list.length;
        return Math.sqrt(
          list.reduce((sum, { score }) => sum + (score - mean) ** 2, 0) / list.length,
        );
      };
      const parts = [[ofMf[at]!, 0.5], [ofFilter[at]!, 2]] as const;
      for (const { item, score } of ofBlend[at]!) {
        const expected = parts.reduce(
          (sum, [list, weight]) => sum + weight * scoresOf(list).get(item)! / deviation(list),
          0,
        );
        assertAlmostEquals(score, expected, 1e-3);
      }
    });
  });

  await test.step("weights are chosen by validation", async () => {
    const seen: number[] = [];
    const weights = await blendWeights(gpu, data, [a, b], {
      onProgress: (done, total, best) => seen.push(done, total, best),
    });
    assertEquals(weights[a], 1);
    assertEquals(seen.length, 3 * 11);
    using chosen = await blend.create(gpu, data, { runs: weights });
    const { "ndcg@20": value } = await evaluate(chosen, data, "valid");
    assertEquals(value, seen.at(-1));
    for (const [run, model] of [[a, mf], [b, filter]] as const) {
      assert(value >= (await evaluate(model, data, "valid"))["ndcg@20"] - 0.005, run);
    }
  });

  await test.step("a blend is saved and opened as any run", async () => {
    using made = await blend.create(gpu, data, { runs: { [a]: 1, [b]: 1 } });
    const { test: tested } = await train(made, data, { out: both });
    using opened = await openRun(gpu, both);
    assertEquals(opened.model.settings, made.settings);
    assertEquals(await evaluate(opened.model, opened.data, "test"), tested);
  });

  await test.step("what cannot be blended is refused", async () => {
    const refused = (runs: Record<string, number>, message: string) =>
      assertRejects(() => blend.create(gpu, data, { runs }), InputError, message);
    await refused({}, "A blend needs runs");
    await refused({ [`${folder}/none`]: 1 }, `${folder}/none`);
    const other = { ...data, train: data.valid, valid: data.train };
    await assertRejects(
      () => blend.create(gpu, other, { runs: { [a]: 1 } }),
      InputError,
      `${a} is a run on shop, and not on this shop.`,
    );
    await assertRejects(() => blendWeights(gpu, data, [a, a]), InputError, "two different runs");
  });
  await Deno.remove(folder, { recursive: true });
});
