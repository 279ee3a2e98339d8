/** Short runs of LATTICE on a made dataset, and what it refuses. */
import { assert, assertEquals } from "@std/assert";
import { buildDataset, type Dataset } from "../../src/data/dataset.ts";
import { type GpuDevice, openDevice } from "../../src/gpu/device.ts";
import { readFloats } from "../../src/gpu/tensor.ts";
import { lattice, type LatticeSettings } from "../../src/models/lattice.ts";
import { builtModel } from "../../src/models/model.ts";
import { createRandom, shuffle, uniformReal } from "../../src/random.ts";
import { train } from "../../src/training/train.ts";
import type { EpochReport } from "../../src/training/train_options.ts";
import { assertRefuses, assertResumes } from "./model_runs.ts";

const USERS = 30, ITEMS = 20;

/** Users and items of two tastes, which the features show; as many modalities as widths. */
function madeDataset(widths: Readonly<Record<string, number>>): Dataset {
  const random = createRandom(5);
  const user: number[] = [], item: number[] = [], split: number[] = [];
  for (let u = 0; u < USERS; u++) {
    const own = Uint32Array.from({ length: ITEMS / 2 }, (_, i) => 2 * i + u % 2);
    shuffle(random, own);
    own.slice(0, 6).forEach((i, place) => {
      user.push(u);
      item.push(i);
      split.push(place < 4 ? 0 : place - 3);
    });
  }
  const features = Object.fromEntries(
    Object.entries(widths).map(([name, width]) => {
      const values = Float32Array.from(
        { length: ITEMS * width },
        (_, at) => uniformReal(random) + Math.floor(at / width) % 2 * (at % width),
      );
      return [name, { values, width }];
    }),
  );
  return buildDataset({ name: "made", interactions: { user, item, split }, features });
}

const dataset = madeDataset({ text: 5, image: 6 });
const settings: LatticeSettings = {
  dim: 8,
  layers: 2,
  itemLayers: 1,
  knn: 4,
  lambda: 0.6,
  regWeight: 1e-3,
  seed: 3,
};
const options = { batchSize: 32, learningRate: 0.02, weightDecay: 0, seed: 4 };

/** Losses of all epochs, and the parameters before and after. */
async function run(
  gpu: GpuDevice,
  data: Dataset,
  changed: Partial<LatticeSettings>,
  epochs: number,
  evalEvery = epochs,
) {
  using model = builtModel(await lattice.create(gpu, data, { ...settings, ...changed }));
  const parameters = () => readFloats(gpu, ...Object.values(model.parameters));
  const before = await parameters();
  const losses: number[] = [];
  const onEpoch = ({ loss }: EpochReport) => loss !== undefined && losses.push(loss);
  await train(model, data, { ...options, epochs, evalEvery, onEpoch });
  return { losses, before, after: await parameters() };
}

Deno.test("a few epochs of LATTICE", async (test) => {
  using gpu = await openDevice();
  const first = await run(gpu, dataset, {}, 3);

  await test.step("lower the loss, and move every parameter", () => {
    const { losses, before, after } = first;
    assertEquals(losses.length, 3);
    assert(losses[2]! < losses[0]! - 0.01, `${losses}`);
    before.forEach((values, parameter) => {
      assert(values.some((value, i) => Math.abs(value - after[parameter]![i]!) > 1e-4));
      assert(after[parameter]!.every(Number.isFinite));
    });
  });

  await test.step("give the same bits again, also with more rankings, which build the item graph anew", async () => {
    assertEquals((await run(gpu, dataset, {}, 3, 1)).losses, first.losses);
  });

  const cases: [string, Readonly<Record<string, number>>, Partial<LatticeSettings>][] = [
    ["one modality", { text: 5 }, {}],
    ["three modalities", { text: 5, image: 6, sound: 3 }, { itemLayers: 2 }],
    ["no layers", { text: 5 }, { layers: 0, itemLayers: 0 }],
  ];
  for (const [title, widths, changed] of cases) {
    await test.step(`with ${title}`, async () => {
      const { losses } = await run(gpu, madeDataset(widths), changed, 2);
      assert(losses[1]! < losses[0]!, `${losses}`);
    });
  }
  assertEquals(gpu.bytes, 0);
});

Deno.test("LATTICE resumed goes on as if it had not stopped", async () => {
  await assertResumes("lattice", { dim: 8, knn: 4 });
});

Deno.test("what cannot be trained is refused", async () => {
  const neighbours = {
    itemCount: ITEMS,
    limit: 1,
    cosines: () => new Float32Array(),
    source: "n.csv",
    nearest: () => new Uint32Array(),
  };
  const modalities = [{ name: "text", neighbours }];
  await assertRefuses("lattice", settings, [
    [{ knn: 1 }, "knn is 1, but must be a whole number from 2 to 128."],
    [{ knn: 21 }, "21 neighbours are asked of 20 items."],
    [{ lambda: 1.5 }, "lambda is 1.5, but must be from 0 to 1."],
    [{ itemLayers: -1 }, "item-layers is -1"],
    [{ regWeight: -1 }, "reg-weight is -1"],
    [{}, "made has no modalities.", { modalities: [] }],
    [{}, 'made has neighbours alone of "text".', { modalities }],
  ], dataset);
});
