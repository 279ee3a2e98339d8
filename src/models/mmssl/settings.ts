/**
 * What can be set of MMSSL; the authors' names in brackets.
 *
 * @module
 */
import { EMBEDDING_WIDTH, type SettingsOf } from "../settings.ts";

/** The table of MMSSL's settings. */
export const settings = {
  dim: { ...EMBEDDING_WIDTH, help: "embedding width (embed_size)" },
  layers: {
    default: 2,
    from: 0,
    whole: true,
    help: "rounds between users and items (the length of weight_size)",
  },
  regWeight: {
    default: 1e-5,
    from: 0,
    help: "weight of the penalty on squares of the batch's vectors (the first of regs)",
  },
  clRate: {
    default: 0.03,
    from: 0,
    help: "weight of the contrast between modalities and interactions (cl_rate)",
  },
  tau: { default: 0.5, from: 0.01, help: "temperature of the contrast (tau)" },
  featRegDecay: {
    default: 1e-5,
    from: 0,
    help: "weight of the penalty on squares of modal vectors (feat_reg_decay)",
  },
  gRate: { default: 1e-4, from: 0, help: "weight of the discriminator's verdict (G_rate)" },
  modelCatRate: {
    default: 0.55,
    from: 0,
    help: "weight of modal directions in what ranks (model_cat_rate)",
  },
  idCatRate: {
    default: 0.36,
    from: 0,
    help: "weight of modal neighbours in the embeddings (id_cat_rate)",
  },
  topkRate: {
    default: 1e-4,
    from: 0,
    below: 1,
    help: "share of the items that a modal graph links a user to (m_topk_rate)",
  },
  dropRate: { default: 0.2, from: 0, below: 1, help: "dropout of projected features (drop_rate)" },
  gDrop1: {
    default: 0.31,
    from: 0,
    below: 1,
    help: "dropout after the discriminator's first layer (G_drop1)",
  },
  gDrop2: { default: 0.5, from: 0, below: 1, help: "dropout after its second layer (G_drop2)" },
  keepModalGraphs: {
    default: false,
    help: "keep the modal graphs, which the authors' code empties in every epoch",
  },
} as const;

/** All settings of MMSSL. */
export type MmsslSettings = SettingsOf<typeof settings>;
