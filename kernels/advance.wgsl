// Moves training on to the next batch:  clock ← clock + (1, 1)
//
// The counters live on the GPU, so that a recorded step can be replayed without an upload.
//
//   next_clock   the clock of prelude.wgsl, under another name since it is written here
//
// Dispatched by src/training/training_step.ts, last in each step.

@group(0) @binding(0) var<storage, read_write> next_clock: array<u32>;

const workgroup_size = 1u;

@compute @workgroup_size(workgroup_size)
fn main() {
  next_clock[0] += 1u;
  next_clock[1] += 1u;
}
