/**
 * iALS: matrix factorisation by alternating least squares over all pairs, those that are there and, with less
 * weight, those that are not (Hu, Koren & Volinsky, ICDM 2008; with the settings and the regularisation of Rendle,
 * Krichene, Zhang & Koren, RecSys 2022, who show it to be as good as what came after).
 *
 * With w_u and h_i of users and items, X the train interactions and n the numbers of them, the loss is
 *
 *     Σ_(u,i) in X (1 − ⟨w_u, h_i⟩)² + α₀ Σ_(all u,i) ⟨w_u, h_i⟩² + Σ_u λ_u |w_u|² + Σ_i λ_i |h_i|²
 *     λ_u = λ (n_u + α₀ items)^ν,   λ_i = λ (n_i + α₀ users)^ν
 *
 * which for fixed items is a least squares for each user, and the other way round:
 *
 *     w_u = (α₀ HᵀH + λ_u I + Σ_i h_i h_iᵀ)⁻¹ Σ_i h_i     over the items i of u
 *
 * An epoch solves for all users, then for all items. HᵀH is the same for all users: turned into its eigenvectors,
 * H Q, it is a diagonal, and what is left to a user is the few h_i, so that no dim × dim system is ever made or
 * factorised. Turning both tables alike leaves all inner products as they are. conjugate_gradients.ts solves:
 * on Baby, d = 64, nine steps left under 1e-6 of the residual of every row, and metrics were as with 48 after five.
 *
 * Users and items with no interactions get zero. `--content` adds what is alike in a modality to scores.
 *
 * @module
 */
import type { Dataset } from "../../data/dataset.ts";
import type { GpuDevice } from "../../gpu/device.ts";
import { createTensors } from "../../gpu/tensor.ts";
import { stackRows } from "../../ops/rows/combine.ts";
import { normal, type RandomSource } from "../../random.ts";
import { valued } from "../../sparse/matrix_sums.ts";
import { defineModel, type Preset } from "../define_model.ts";
import { initialStream } from "../initial_values.ts";
import { type ModelKind, type ModelParts, NOTHING_TRAINED } from "../model.ts";
import type { SettingsOf } from "../settings.ts";
import { COMPUTED } from "../shared_presets.ts";
import { createAlternation } from "./alternation.ts";

const settings = {
  dim: { default: 256, from: 4, to: 512, multipleOf: 4, help: "embedding width (d)" },
  unobserved: { default: 0.01, from: 0, help: "weight of each pair of user and item (α₀)" },
  reg: { default: 0.03, above: 0, help: "weight of the squares of embeddings (λ)" },
  regExponent: {
    default: 1,
    from: 0,
    help: "how regularisation grows with the number of interactions (ν)",
  },
  steps: { default: 8, from: 1, whole: true, help: "steps of conjugate gradients for each side" },
} as const;

/** Settings by validation on each dataset. */
export const ials: ModelKind<SettingsOf<typeof settings>> = defineModel({
  name: "ials",
  title: "iALS (Hu et al., ICDM 2008; Rendle et al., RecSys 2022)",
  settings,
  presets: {
    baby: chosen("Baby", {}),
    sports: chosen("Sports", { unobserved: 0.003 }),
    shop: chosen("the shop", { dim: 64, unobserved: 0.1 }),
  },
  create,
});

function chosen(
  dataset: string,
  model: Partial<SettingsOf<typeof settings>>,
): Preset<typeof settings> {
  return {
    model,
    training: { ...COMPUTED, epochs: 16, asWhole: true },
    source: `chosen here, by validation on ${dataset}`,
  };
}

/** Uploads random items, and users that are zero: they are solved for first. */
function create(
  gpu: GpuDevice,
  { train, userCount, itemCount }: Dataset,
  { dim, seed, ...solved }: SettingsOf<typeof settings>,
): ModelParts {
  const initial = smallNormal(initialStream(seed, "items"), itemCount, dim);
  const { users, items, ...owned } = createTensors(gpu, {
    users: ["users", [userCount, dim]],
    items: ["items", [itemCount, dim], initial],
  });
  return {
    ...NOTHING_TRAINED,
    parameters: { users, items },
    createSweep: (scratch) =>
      createAlternation(gpu, valued(train), { users, items }, solved, scratch),
    represent: (tape) =>
      stackRows(tape, [users, items].map((value) => ({ value, constant: true }))).value,
    ...owned,
  };
}

/** rows × columns from N(0, 0.1² / columns), as Rendle et al. have it. */
function smallNormal(
  random: RandomSource,
  rows: number,
  columns: number,
): Float32Array<ArrayBuffer> {
  const deviation = 0.1 / Math.sqrt(columns);
  return Float32Array.from({ length: rows * columns }, () => deviation * normal(random));
}
