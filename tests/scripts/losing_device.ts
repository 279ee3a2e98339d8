/** Loaded before a script: its GPU is lost in the middle of training, once a checkpoint is there. */
const submit = GPUQueue.prototype.submit;
const requestDevice = GPUAdapter.prototype.requestDevice;

GPUAdapter.prototype.requestDevice = async function (descriptor) {
  const device = await requestDevice.call(this, descriptor);
  let submissions = 0;
  GPUQueue.prototype.submit = function (commands) {
    if (hasCheckpoint() && ++submissions === 5) device.destroy();
    submit.call(this, commands);
  };
  return device;
};

function hasCheckpoint(): boolean {
  try {
    return Deno.statSync("lost/last.safetensors").isFile;
  } catch {
    return false;
  }
}
