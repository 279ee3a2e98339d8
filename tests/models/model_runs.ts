/** What every model must do, on a small dataset. */
import { assert, assertEquals, assertLess } from "@std/assert";
import { type Gpu, openGpu } from "../../src/gpu/device.ts";
import { type ModelSettings, presetFor } from "../../src/models/model.ts";
import { models } from "../../src/models/registry.ts";
import { Trainer } from "../../src/training/trainer.ts";
import { madeDataset } from "../training/made_dataset.ts";

/** What a run left. */
interface Outcome {
  readonly losses: readonly number[];
  /** Parameters by name. */
  readonly parameters: Readonly<Record<string, Float32Array>>;
}

/** Trains a model of a kind for some epochs. */
async function runEpochs(
  gpu: Gpu,
  kind: string,
  settings: ModelSettings,
  epochs: number,
): Promise<Outcome> {
  const dataset = madeDataset();
  const complete = { ...presetFor(models[kind]!, "made").model, ...settings, seed: 3 };
  using model = await models[kind]!.create(gpu, dataset, complete, {});
  assertEquals(model.name, kind);
  const training = { learningRate: 0.01, weightDecay: 0, batchSize: 64, seed: 4 };
  using trainer = new Trainer(gpu, model, dataset.train, training);
  const losses: number[] = [];
  for (let epoch = 0; epoch < epochs; epoch++) losses.push((await trainer.runEpoch()).loss);
  const { tensors } = await trainer.state();
  const names = Object.keys(model.parameters);
  return {
    losses,
    parameters: Object.fromEntries(names.map((name) => [name, tensors[name]!.data])),
  };
}

/**
 * Checks that training lowers the loss and moves every parameter that is trained, that the same seed gives
 * the same bits, and that all memory is given back.
 */
export async function assertTrains(
  kind: string,
  settings: ModelSettings = {},
  epochs = 4,
): Promise<void> {
  using gpu = await openGpu();
  const first = await runEpochs(gpu, kind, settings, epochs);
  assertEquals(gpu.bytes, 0);
  assert(first.losses.every(Number.isFinite), `losses ${first.losses}`);
  assertLess(first.losses.at(-1)!, first.losses[0]!);
  assertEquals(await runEpochs(gpu, kind, settings, epochs), first);
  const untrained = await runEpochs(gpu, kind, settings, 0);
  for (const [name, values] of Object.entries(first.parameters)) {
    assert(values.some((x, i) => x !== untrained.parameters[name]![i]), `${name} stood still`);
  }
  assertEquals(gpu.bytes, 0);
}
