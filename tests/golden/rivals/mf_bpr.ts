/**
 * Replays mf_bpr.json.
 *
 * @module
 */
import { createMfBpr } from "../../../src/models/mf_bpr.ts";
import { number } from "../rival_file.ts";
import { compareForward, compareLoss, loadParameters, type RivalCheck } from "./rival_check.ts";

const NAMES = {
  parameters: { embeddings: ["user_embedding.weight", "item_embedding.weight"] },
  terms: { bpr: "bpr", norms: "embedding_norm_unweighted" },
};

/** Representations, loss terms and gradients. */
export const checkMfBpr: RivalCheck = async (gpu, file, input, compare) => {
  using model = createMfBpr(gpu, input.dataset, {
    dim: number(file, "config/embedding_size"),
    regWeight: number(file, "config/reg_weight"),
    seed: 1,
  });
  loadParameters(gpu, model, file, NAMES);
  await compareForward(gpu, model, file, compare);
  await compareLoss(gpu, model, file, input, NAMES, compare);
};
