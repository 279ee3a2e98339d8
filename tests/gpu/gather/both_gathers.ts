/** What runs in one way on hardware and in another on a software adapter is tested in both. */
import { Gpu } from "../../../src/gpu/device.ts";

/** A way to gather, and a device that takes it. */
export interface Gather {
  readonly from: "buffers" | "images";
  readonly gpu: Gpu;
}

/** The same device gathering from buffers, as on hardware, and from images, as on software adapters. */
export const bothGathers = ({ device, adapterName }: Gpu): readonly [Gather, Gather] => [
  { from: "buffers", gpu: new Gpu(device, adapterName) },
  { from: "images", gpu: new Gpu(device, adapterName, { threads: 2 }) },
];

/** Each case with either of them. */
export function inBothWays<Case>(gpu: Gpu, cases: readonly Case[]): (Case & Gather)[] {
  return cases.flatMap((one) => bothGathers(gpu).map((gather) => ({ ...one, ...gather })));
}
