/** What runs in one way on hardware and in another on llvmpipe is tested in both. */
import { GpuDevice } from "../../../src/gpu/device.ts";

/** A way to gather, and a device that takes it. */
export interface Gather {
  readonly from: "buffers" | "images";
  readonly gpu: GpuDevice;
}

/** The same device gathering from buffers, as on hardware, and from images, as on llvmpipe. */
export const bothGathers = ({ device, adapterName }: GpuDevice): readonly [Gather, Gather] => [
  { from: "buffers", gpu: new GpuDevice(device, adapterName) },
  {
    from: "images",
    gpu: new GpuDevice(device, adapterName, { gathersFromImages: true, strips: 2 }),
  },
];

/** Each case with either of them. */
export function inBothWays<Case>(gpu: GpuDevice, cases: readonly Case[]): (Case & Gather)[] {
  return cases.flatMap((one) => bothGathers(gpu).map((gather) => ({ ...one, ...gather })));
}
