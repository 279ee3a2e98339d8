/**
 * All models by name.
 *
 * @module
 */
import { bm3 } from "./bm3.ts";
import { freedom } from "./freedom.ts";
import { jgcf } from "./jgcf.ts";
import { lattice } from "./lattice.ts";
import { lightGcn } from "./lightgcn.ts";
import { mfBpr } from "./mf_bpr.ts";
import { mmgcn } from "./mmgcn/mmgcn.ts";
import { mmssl } from "./mmssl/mmssl.ts";
import type { ModelKind } from "./model.ts";
import { stair } from "./stair.ts";

/** The models that can be trained, by name. */
export const models: Readonly<Record<string, ModelKind>> = {
  stair,
  mf_bpr: mfBpr,
  lightgcn: lightGcn,
  bm3,
  freedom,
  lattice,
  jgcf,
  mmgcn,
  mmssl,
};
