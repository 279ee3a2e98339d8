/** Kinds of models: how settings are completed, what is typed, and what is opaque. */
import { assertEquals, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import { openDevice } from "../../src/gpu/device.ts";
import { createTensor } from "../../src/gpu/tensor.ts";
import { InputError } from "../../src/input_error.ts";
import {
  defineModel,
  presetFor,
  restoreModel,
  settingsFor,
} from "../../src/models/define_model.ts";
import { builtModel, type Model } from "../../src/models/model.ts";
import { modelNamed, models } from "../../src/models/registry.ts";
import { madeDataset } from "../training/made_dataset.ts";

const training = { learningRate: 0.01, weightDecay: 0, batchSize: 64, epochs: 1 };
const dataset = madeDataset();
const ofName = (name: string) => ({ ...dataset, name });

/** Tells in `zeros` what it was asked to do. */
const zeros = defineModel({
  name: "zeros",
  title: "Zeros",
  settings: {
    dim: { default: 4, from: 4, to: 8, multipleOf: 4, help: "width" },
    scale: { default: 1, above: 0, help: "scale" },
  },
  presets: {
    baby: { model: { scale: 2 }, training, source: "a test" },
    shop: { model: { scale: 3, dim: 8 }, training: { ...training, epochs: 2 }, source: "a test" },
  },
  create: (gpu, { userCount, itemCount }, { dim }) => {
    const embeddings = createTensor(gpu, "zeros", [userCount + itemCount, dim]);
    return {
      parameters: { embeddings },
      lossTerms: {},
      phases: [],
      represent: () => embeddings,
      [Symbol.dispose]: () => embeddings[Symbol.dispose](),
    };
  },
});

Deno.test("given settings come first, then those of the preset, then the defaults", async (test) => {
  using gpu = await openDevice();
  const cases: [title: string, name: string, given: object | undefined, expected: object][] = [
    ["nothing given", "shop", undefined, { dim: 8, scale: 3, content: {}, filter: 0, seed: 1 }],
    ["one given", "shop", { dim: 4 }, { dim: 4, scale: 3, content: {}, filter: 0, seed: 1 }],
    ["a dataset without a preset", "made", { seed: 5 }, {
      dim: 4,
      scale: 2,
      content: {},
      filter: 0,
      seed: 5,
    }],
    ["a dataset of a strange name", "toString", {}, {
      dim: 4,
      scale: 2,
      content: {},
      filter: 0,
      seed: 1,
    }],
    ["a preset named", "made", { preset: "shop", scale: 9 }, {
      dim: 8,
      scale: 9,
      content: {},
      filter: 0,
      seed: 1,
    }],
    ["undefined", "shop", { scale: undefined, preset: undefined }, {
      dim: 8,
      scale: 3,
      content: {},
      filter: 0,
      seed: 1,
    }],
  ];
  for (const [title, name, given, expected] of cases) {
    await test.step(title, async () => {
      using model = await zeros.create(gpu, ofName(name), { ...given });
      assertEquals(model.settings, { ...expected });
      assertEquals(settingsFor(zeros, name, { ...given }).settings, model.settings);
    });
  }
  const unknown = () => zeros.create(gpu, dataset, { preset: "sports" });
  await assertRejects(unknown, InputError, 'preset is "sports", but must be baby, shop.');
  assertEquals(presetFor(zeros, "shop").training.epochs, 2);
  assertEquals(presetFor(zeros, "made").training.epochs, 1);
  assertEquals(gpu.bytes, 0);
});

Deno.test("a model is restored with the settings that it had, all of them", async () => {
  using gpu = await openDevice();
  using model = await restoreModel(gpu, zeros, ofName("shop"), { dim: 4, scale: 1, seed: 2 });
  assertEquals(model.settings, { content: {}, filter: 0, dim: 4, scale: 1, seed: 2 });
  const message = "scale is undefined, but must be above 0.";
  await assertRejects(
    () => restoreModel(gpu, zeros, dataset, { dim: 4, seed: 2 }),
    InputError,
    message,
  );
});

Deno.test("a model shows its name and sizes; what it is made of is there for the library", async () => {
  using gpu = await openDevice();
  using model: Model = await zeros.create(gpu, dataset);
  assertEquals([model.name, model.userCount, model.itemCount], ["zeros", 60, 40]);
  const built = builtModel(model);
  assertStrictEquals(built.gpu, gpu);
  assertStrictEquals(built.kind.name, "zeros");
  assertEquals(Object.keys(built.parameters), ["embeddings"]);
  const other: Model = { ...model, [Symbol.dispose]: () => {} };
  assertThrows(() => builtModel(other), InputError, "This is no model that");
});

Deno.test("the models of this library are typed by name", async () => {
  using gpu = await openDevice();
  using model = await models.lightgcn.create(gpu, dataset, { layers: 2, seed: 1 });
  assertEquals(model.settings, {
    dim: 64,
    layers: 2,
    regWeight: 0.01,
    content: {},
    filter: 0,
    seed: 1,
  });
  // @ts-expect-error: no setting is called so
  const misspelt = () => models.lightgcn.create(gpu, dataset, { layer: 2 });
  await assertRejects(misspelt, InputError, '"layer" is not a setting of lightgcn');
  // @ts-expect-error: a number is needed
  const text = () => models.lightgcn.create(gpu, dataset, { layers: "2" });
  await assertRejects(text, InputError, 'layers is "2", but must be a whole number from 0.');
});

Deno.test("a model is found by its name, which its kind has too", () => {
  for (const [name, kind] of Object.entries(models)) {
    assertStrictEquals(modelNamed(name).title, kind.title);
    assertEquals(kind.name, name);
  }
  const message = 'There is no model "toString": known are stair, mf_bpr, lightgcn,';
  assertThrows(() => modelNamed("toString"), InputError, message);
});
