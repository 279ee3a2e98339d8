/**
 * Limits of a compute shader that every WebGPU device keeps, and that openDevice asks no more of:
 * https://www.w3.org/TR/webgpu/#limits
 *
 * @module
 */

/** Limits by their names. */
export const GUARANTEED_LIMITS = {
  maxStorageBuffersPerShaderStage: 8,
  maxStorageTexturesPerShaderStage: 4,
  maxUniformBuffersPerShaderStage: 12,
  maxTextureDimension2D: 8192,
  maxUniformBufferBindingSize: 2 ** 16,
  maxComputeWorkgroupStorageSize: 2 ** 14,
  maxComputeInvocationsPerWorkgroup: 256,
  maxComputeWorkgroupSizeX: 256,
} as const;

/** What a device was opened with otherwise: a sentence for each limit, none when all is well. */
export function otherLimits({ limits }: GPUDevice): string[] {
  const names = Object.keys(GUARANTEED_LIMITS) as (keyof typeof GUARANTEED_LIMITS)[];
  return names.filter((name) => limits[name] !== GUARANTEED_LIMITS[name])
    .map((name) => `${name} is ${limits[name]}, not ${GUARANTEED_LIMITS[name]}`);
}
