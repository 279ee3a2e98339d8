/** Models that a test puts together itself. */
import type { Dataset } from "../../src/data/dataset.ts";
import type { GpuDevice } from "../../src/gpu/device.ts";
import { InputError } from "../../src/input_error.ts";
import { defineModel, presetFor } from "../../src/models/define_model.ts";
import { assembleModel, type BuiltModel, type ModelParts } from "../../src/models/model.ts";

const made = defineModel({
  name: "made",
  title: "Made for a test",
  settings: {},
  presets: {
    baby: {
      model: {},
      training: { learningRate: 0.01, weightDecay: 0, batchSize: 64, epochs: 1 },
      source: "a test",
    },
  },
  create: () => {
    throw new InputError("This kind makes no models by itself.");
  },
});

/** A model of these parts. */
export function madeModel(
  gpu: GpuDevice,
  sizes: Pick<Dataset, "userCount" | "itemCount">,
  parts: ModelParts,
): BuiltModel {
  const { training } = presetFor(made, "baby");
  return assembleModel({ gpu, kind: made, data: sizes, settings: { seed: 1 }, training }, parts);
}
