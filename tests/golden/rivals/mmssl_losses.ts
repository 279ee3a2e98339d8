/**
 * Losses, gradients and parameters of MMSSL beside those of mmssl.json.
 *
 * @module
 */
import { type Compare, flatten, type Gradients, type Nested } from "../replay.ts";
import { at, type Json, number, type RivalFile } from "../rival_file.ts";
import type { Mmssl, Names } from "./mmssl_setup.ts";

/** Losses by name. */
export type Losses = Readonly<Record<string, number>>;

/** The discriminator's losses by the file's names. */
export function discriminatorLosses({ lossTerms }: Mmssl, terms: Losses): Losses {
  const { realScore: D_real_mean, fakeScore: D_fake_mean } = terms as Record<string, number>;
  const gradient_penalty = lossTerms.gradientPenalty!.weight * terms.gradientPenalty!;
  const loss_D = D_fake_mean! - D_real_mean! + gradient_penalty;
  return { D_real_mean: D_real_mean!, D_fake_mean: D_fake_mean!, gradient_penalty, loss_D };
}

/** The recommender's likewise. */
export function generatorLosses({ lossTerms }: Mmssl, terms: Losses): Losses {
  const weighted = (name: string): number => lossTerms[name]!.weight * terms[name]!;
  const total = Object.keys(lossTerms).filter((name) => !lossTerms[name]!.apart)
    .reduce((sum, name) => sum + weighted(name), 0);
  return {
    bpr: terms.bpr!,
    embedding_l2_weighted: weighted("squares"),
    feature_l2_weighted: weighted("features.image") + weighted("features.text"),
    contrastive_image: terms["contrast.image"]!,
    contrastive_text: terms["contrast.text"]!,
    G_adversarial: terms.adversarial!,
    loss_G: total,
  };
}

/** Compares those losses that the file has under a key. */
export function compareLosses(
  file: RivalFile,
  keys: string,
  losses: Losses,
  compare: Compare,
): void {
  const theirs = at(file, keys) as Readonly<Record<string, Json>>;
  for (const [name, ours] of Object.entries(losses).filter(([name]) => name in theirs)) {
    compare(`${keys}/${name}`, [ours], number(file, `${keys}/${name}`));
  }
}

/** Compares those gradients that the file has under a key. */
export function compareGradients(
  file: RivalFile,
  keys: string,
  names: Names,
  { gradients }: Pick<Gradients, "gradients">,
  compare: Compare,
): void {
  const values = at(file, keys) as Readonly<Record<string, Json>>;
  compareValues(keys, names, gradients, values, compare);
}

/** Compares arrays by the file's names, as far as it has them. */
export function compareValues(
  keys: string,
  names: Names,
  ours: Readonly<Record<string, Float32Array>>,
  values: Readonly<Record<string, Json>>,
  compare: Compare,
): void {
  for (const [name, theirs] of Object.entries(names)) {
    let from = 0;
    for (const their of theirs.filter((their) => their in values)) {
      const expected = values[their] as Nested;
      const to = from + flatten(expected).length;
      compare(`${keys}/${their}`, ours[name]!.subarray(from, to), expected);
      from = to;
    }
  }
}
