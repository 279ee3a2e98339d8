/**
 * What can be set of MMSSL.
 *
 * @module
 */

/** Settings of MMSSL; the authors' names in brackets. */
export interface MmsslSettings {
  /** Embedding width, a multiple of 4 up to 256 (embed_size). */
  readonly dim: number;
  /** Rounds between users and items (the length of weight_size). */
  readonly layers: number;
  /** Weight of the penalty on squares of the batch's rows of H (the first of regs). */
  readonly regWeight: number;
  /** Weight of the contrasts (cl_rate). */
  readonly clRate: number;
  /** Temperature of the contrasts (tau), from 0.01. */
  readonly tau: number;
  /** Weight of the penalty on squares of X (feat_reg_decay). */
  readonly featRegDecay: number;
  /** Weight of the discriminator's verdict (G_rate). */
  readonly gRate: number;
  /** Weight of the directions of X in H (model_cat_rate). */
  readonly modelCatRate: number;
  /** Weight of the directions of what attention gives in E_0 (id_cat_rate). */
  readonly idCatRate: number;
  /** Share of all items that a collected graph links a user to (m_topk_rate). */
  readonly topkRate: number;
  /** Dropout of the projected features (drop_rate). */
  readonly dropRate: number;
  /** Dropout after the discriminator's first layer (G_drop1). */
  readonly gDrop1: number;
  /** Dropout after its second layer (G_drop2). */
  readonly gDrop2: number;
  /** Whether graphs of modalities stay as they were last collected, and not empty. */
  readonly keepModalGraphs: boolean;
  /** Seed of initial values, masks and noise. */
  readonly seed: number;
}
