/** What every model must do, on a small dataset. */
import { assert, assertEquals, assertLess, assertRejects } from "@std/assert";
import type { Dataset } from "../../src/data/dataset.ts";
import { createRanker, seenBefore } from "../../src/evaluation/ranking.ts";
import { type GpuDevice, openDevice } from "../../src/gpu/device.ts";
import { InputError } from "../../src/input_error.ts";
import { restoreModel } from "../../src/models/define_model.ts";
import { type BuiltModel, builtModel } from "../../src/models/model.ts";
import { modelNamed } from "../../src/models/registry.ts";
import type { TrainingState } from "../../src/models/saved_tensor.ts";
import { Trainer } from "../../src/training/trainer.ts";
import { madeDataset } from "../training/made_dataset.ts";

/** What a run left. */
interface Outcome {
  readonly losses: readonly number[];
  /** Parameters by name. */
  readonly parameters: Readonly<Record<string, Float32Array>>;
}

const dataset = madeDataset();
const training = { learningRate: 0.01, weightDecay: 0, batchSize: 64, seed: 4 };

/** Settings of whatever model, those that are wrong among them. */
type Settings = Readonly<Record<string, unknown>>;

/** A model of a kind, ready for training. */
async function createModel(gpu: GpuDevice, kind: string, settings: Settings): Promise<BuiltModel> {
  return builtModel(await modelNamed(kind).create(gpu, dataset, { ...settings, seed: 3 }));
}

/** Trains a model of a kind for some epochs. */
async function runEpochs(
  gpu: GpuDevice,
  kind: string,
  settings: Settings,
  epochs: number,
): Promise<Outcome> {
  using model = await createModel(gpu, kind, settings);
  assertEquals(model.name, kind);
  using trainer = new Trainer(model, dataset.train, training);
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
  settings: Settings = {},
  epochs = 4,
): Promise<void> {
  using gpu = await openDevice();
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

/**
 * Checks that a run that is stopped after two epochs, and resumed with a restored model, leaves the same
 * bits as one that goes on: of parameters, moments and the model's buffers. The run that goes on is ranked
 * between its epochs, the resumed one never is. Weights decay in both ways that there are.
 */
export async function assertResumes(kind: string, settings: Settings): Promise<void> {
  using gpu = await openDevice();
  const decaying = { ...training, weightDecay: 0.1, l2: 0.01 };
  using straight = await createModel(gpu, kind, settings);
  using trainer = new Trainer(straight, dataset.train, decaying);
  using ranker = createRanker(straight, seenBefore(dataset, "valid"), 5, trainer.scratch);
  await trainer.runEpoch();
  await ranker.rank();
  await trainer.runEpoch();
  const stopped = await trainer.state();
  await ranker.rank();
  const { loss } = await trainer.runEpoch();

  using resumed = builtModel(await restoreModel(gpu, modelNamed(kind), dataset, straight.settings));
  using other = new Trainer(resumed, dataset.train, decaying);
  other.restore(stopped);
  assertEquals((await other.runEpoch()).loss, loss);
  const [ours, theirs] = [bits(await other.state()), bits(await trainer.state())];
  assertEquals(Object.keys(ours), Object.keys(theirs));
  for (const name of Object.keys(ours)) {
    assert(ours[name]!.every((word, i) => word === theirs[name]![i]), `${name} differs`);
  }
}

/** Checks that a kind refuses each of these settings, or data, with its message, and keeps no memory. */
export async function assertRefuses(
  kind: string,
  settings: Settings,
  cases: readonly (readonly [wrong: Settings, message: string, changed?: Partial<Dataset>])[],
  data = dataset,
): Promise<void> {
  using gpu = await openDevice();
  for (const [wrong, message, changed] of cases) {
    const create = () =>
      modelNamed(kind).create(gpu, { ...data, ...changed }, { ...settings, ...wrong });
    await assertRejects(create, InputError, message);
    assertEquals(gpu.bytes, 0, message);
  }
}

/** Every saved tensor as words: some hold integers, which as floats may not be equal to themselves. */
function bits({ tensors }: TrainingState): Readonly<Record<string, Uint32Array>> {
  const words = Object.entries(tensors).map(([name, { data }]) =>
    [name, new Uint32Array(data.buffer, data.byteOffset, data.length)] as const
  );
  return Object.fromEntries(words);
}
