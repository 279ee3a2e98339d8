/**
 * The models of this library by name.
 *
 * @module
 */
import { InputError } from "../input_error.ts";
import { bm3 } from "./bm3.ts";
import { gfCf } from "./factors/gf_cf.ts";
import { ials } from "./factors/ials.ts";
import { pureSvd } from "./factors/pure_svd.ts";
import { freedom } from "./freedom.ts";
import { jgcf } from "./jgcf.ts";
import { lattice } from "./lattice.ts";
import { lightgcn } from "./lightgcn.ts";
import { mfBpr } from "./mf_bpr.ts";
import { mmgcn } from "./mmgcn/mmgcn.ts";
import { mmssl } from "./mmssl/mmssl.ts";
import type { ModelKind } from "./model.ts";
import { ease } from "./neighbours/ease.ts";
import { itemFilter } from "./neighbours/item_filter.ts";
import { itemKnn } from "./neighbours/item_knn.ts";
import { rp3Beta } from "./neighbours/rp3_beta.ts";
import { userKnn } from "./neighbours/user_knn.ts";
import { jgcfSsc } from "./ssc/jgcf_ssc.ts";
import { lightgcnSsc } from "./ssc/lightgcn_ssc.ts";
import { stair } from "./stair.ts";

/** The kinds of models of this library, by name. */
export const models = {
  stair,
  mf_bpr: mfBpr,
  lightgcn,
  bm3,
  freedom,
  lattice,
  jgcf,
  mmgcn,
  mmssl,
  lightgcn_ssc: lightgcnSsc,
  jgcf_ssc: jgcfSsc,
  item_knn: itemKnn,
  user_knn: userKnn,
  rp3_beta: rp3Beta,
  item_filter: itemFilter,
  ease,
  ials,
  pure_svd: pureSvd,
  gf_cf: gfCf,
} as const;

const byName: ReadonlyMap<string, ModelKind> = new Map<string, ModelKind>(Object.entries(models));

/**
 * The kind of model of a name.
 *
 * @throws {InputError} when there is none.
 */
export function modelNamed(name: string): ModelKind {
  const kind = byName.get(name);
  if (kind) return kind;
  throw new InputError(`There is no model "${name}": known are ${[...byName.keys()].join(", ")}.`);
}
