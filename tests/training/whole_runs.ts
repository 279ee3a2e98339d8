/** Whole runs of a small STAIR on a made dataset, and what they leave in their folder. */
import { assert, assertEquals } from "@std/assert";
import { type GpuDevice, openDevice } from "../../src/gpu/device.ts";
import { type BuiltModel, builtModel } from "../../src/models/model.ts";
import { stair as stairKind } from "../../src/models/stair.ts";
import { train, type TrainResult } from "../../src/training/train.ts";
import type { TrainOptions } from "../../src/training/train_options.ts";
import { madeDataset } from "./made_dataset.ts";

export const dataset = madeDataset();
export async function stair(gpu: GpuDevice, gamma = 0.3, data = dataset): Promise<BuiltModel> {
  const settings = { dim: 8, gamma, neighbors: { text: 3, image: 1 } };
  return builtModel(await stairKind.create(gpu, data, settings));
}

export const settings: TrainOptions = {
  epochs: 6,
  batchSize: 64,
  learningRate: 0.01,
  weightDecay: 0.1,
  seed: 4,
  evalEvery: 3,
};

/** Trains a fresh model. */
export async function run(
  gpu: GpuDevice,
  options: Partial<TrainOptions> = {},
): Promise<TrainResult> {
  using model = await stair(gpu);
  return await train(model, dataset, { ...settings, ...options });
}

/** Runs `body` with an open device and an empty folder; all memory must have been given back. */
export async function withRun(
  body: (gpu: GpuDevice, folder: string) => Promise<void>,
): Promise<void> {
  using gpu = await openDevice();
  const folder = await Deno.makeTempDir();
  try {
    await body(gpu, folder);
    assertEquals(gpu.bytes, 0);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** What does not depend on the clock. */
export const outcome = ({ epochs, ended, bestEpoch, valid, test }: TrainResult) => (
  { epochs, ended, bestEpoch, valid, test }
);

export async function checkpointBytes(path: string): Promise<Uint8Array[]> {
  return await Promise.all(
    ["best", "last"].map((name) => Deno.readFile(`${path}/${name}.safetensors`)),
  );
}

/** Rows of metrics.csv, header first, without the seconds. */
export async function metricsRows(path: string): Promise<string[][]> {
  const text = await Deno.readTextFile(`${path}/metrics.csv`);
  assert(text.endsWith("\n"), "the last line is cut short");
  return text.trimEnd().split("\n").map((line) => line.split(",").toSpliced(2, 1));
}
