/**
 * PureSVD: what a user has, projected on the strongest singular vectors of the interactions (Cremonesi, Koren &
 * Turrin, RecSys 2010), here of normalised interactions, which is an ideal low-pass filter: see spectral.ts.
 *
 * @module
 */
import { defineModel } from "../define_model.ts";
import { type ModelKind, type ModelParts, NOTHING_TRAINED } from "../model.ts";
import type { Tensor } from "../../gpu/tensor.ts";
import type { SettingsOf } from "../settings.ts";
import { COMPUTED_FOR_BABY } from "../shared_presets.ts";
import { createSpectralTable, spectralTable } from "./spectral.ts";

const settings = {
  dim: { default: 64, from: 4, to: 512, multipleOf: 4, help: "singular vectors kept (d)" },
  userPower: { default: 0.25, from: 0, help: "a user of n items counts n^-b (b)" },
  itemPower: { default: 0.5, from: 0, help: "an item of n users counts n^-a (a)" },
} as const;

/** Settings by validation on Baby. */
export const pureSvd: ModelKind<SettingsOf<typeof settings>> = defineModel({
  name: "pure_svd",
  title: "PureSVD, normalised (Cremonesi et al., RecSys 2010)",
  settings,
  presets: { baby: COMPUTED_FOR_BABY },
  create: async (gpu, data, settings) => partsOf(await spectralTable(gpu, data, settings)),
  restore: (gpu, data, { dim }) => partsOf(createSpectralTable(gpu, data, dim)),
});

function partsOf(embeddings: Tensor): ModelParts {
  return {
    ...NOTHING_TRAINED,
    parameters: { embeddings },
    represent: () => embeddings,
    [Symbol.dispose]: () => embeddings[Symbol.dispose](),
  };
}
