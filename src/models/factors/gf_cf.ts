/**
 * GF-CF: a linear filter of the interactions' graph plus an ideal low-pass one (Shen, Wu, Zhang, Shan, Zhang, Letaief
 * & Li, CIKM 2021).
 *
 * With X̂ = D_u^−½ X D_i^−½ and V its strongest right singular vectors, scores are X D_i^−½ (X̂ᵀX̂ + α V Vᵀ) D_i^½.
 * Their code has no D_i^−½ and D_i^½ around X̂ᵀX̂, which on Baby gives NDCG@20 0.023 for 0.035. The diagonal of X̂ᵀX̂
 * is left out, as only what a user has in train would get it.
 *
 * @module
 */
import type { Dataset } from "../../data/dataset.ts";
import type { GpuDevice } from "../../gpu/device.ts";
import type { Tensor } from "../../gpu/tensor.ts";
import { uploadCandidateRows } from "../../ops/ranking/sparse_scores.ts";
import { columnCounts, rowLengths, transpose } from "../../sparse/csr.ts";
import { valued } from "../../sparse/matrix_sums.ts";
import { defineModel } from "../define_model.ts";
import { type ModelKind, type ModelParts, NOTHING_TRAINED } from "../model.ts";
import { powers, similarLists } from "../neighbours/similar_lists.ts";
import type { SettingsOf } from "../settings.ts";
import { COMPUTED_FOR_BABY } from "../shared_presets.ts";
import { createSpectralTable, spectralTable } from "./spectral.ts";

const settings = {
  dim: { default: 64, from: 4, to: 512, multipleOf: 4, help: "singular vectors kept (d)" },
  lowPass: { default: 1, from: 0, help: "weight of the ideal low-pass filter (α)" },
  neighbors: {
    default: 512,
    from: 1,
    whole: true,
    help: "entries of the linear filter kept, each",
  },
} as const;

/** Settings by validation on Baby. */
export const gfCf: ModelKind<SettingsOf<typeof settings>> = defineModel({
  name: "gf_cf",
  title: "GF-CF (Shen et al., CIKM 2021)",
  settings,
  presets: { baby: COMPUTED_FOR_BABY },
  create: async (gpu, data, settings) => {
    const powers = { dim: settings.dim, userPower: 0.5, itemPower: 0.5 };
    const table = await spectralTable(gpu, data, powers, settings.lowPass);
    return await partsOf(gpu, data, settings, table);
  },
  restore: (gpu, data, settings) =>
    partsOf(gpu, data, settings, createSpectralTable(gpu, data, settings.dim)),
});

async function partsOf(
  gpu: GpuDevice,
  { train }: Dataset,
  { neighbors }: SettingsOf<typeof settings>,
  embeddings: Tensor,
): Promise<ModelParts> {
  using guard = new DisposableStack();
  guard.use(embeddings);
  const users = powers(rowLengths(train), -1), items = columnCounts(train);
  const linear = await similarLists(gpu, "linear filter", {
    left: transpose(valued(train, (user) => users[user]!)),
    right: valued(train),
    rowScale: powers(items, 1),
    columnScale: powers(items, 0),
  }, neighbors);
  const rows = guard.use(uploadCandidateRows(gpu, "linear filter", linear));
  const owned = guard.move();
  return {
    ...NOTHING_TRAINED,
    parameters: { embeddings },
    represent: () => embeddings,
    products: [{ queries: valued(train), rows }],
    [Symbol.dispose]: () => owned.dispose(),
  };
}
