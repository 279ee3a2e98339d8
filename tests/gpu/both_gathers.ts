/** What runs in one way on hardware and in another on a software adapter is tested in both. */
import { Gpu } from "../../src/gpu/device.ts";

/** The same device gathering from buffers, as on hardware, and from images, as on software adapters. */
export const bothGathers = ({ device, adapterName }: Gpu) => [
  { from: "buffers", gpu: new Gpu(device, adapterName) },
  { from: "images", gpu: new Gpu(device, adapterName, { threads: 2 }) },
];
