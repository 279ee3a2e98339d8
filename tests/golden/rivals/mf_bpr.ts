/**
 * Replays mf_bpr.json.
 *
 * @module
 */
import { mfBpr } from "../../../src/models/mf_bpr.ts";
import { builtModel } from "../../../src/models/model.ts";
import { number } from "../rival_file.ts";
import { compareForward, compareLoss, loadParameters, type RivalCheck } from "./rival_check.ts";

const NAMES = {
  parameters: { embeddings: ["user_embedding.weight", "item_embedding.weight"] },
  terms: { bpr: "bpr", norms: "embedding_norm_unweighted" },
};

/** Representations, loss terms and gradients. */
export const checkMfBpr: RivalCheck = async (gpu, file, input, compare) => {
  using model = builtModel(
    await mfBpr.create(gpu, input.dataset, {
      dim: number(file, "config/embedding_size"),
      regWeight: number(file, "config/reg_weight"),
    }),
  );
  loadParameters(gpu, model, file, NAMES);
  await compareForward(gpu, model, file, compare);
  await compareLoss(gpu, model, file, input, NAMES, compare);
};
