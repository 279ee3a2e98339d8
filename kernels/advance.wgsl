// Moves training on to the next batch:  clock ← clock + (1, 1)
//
// The counters live on the GPU, so that a recorded step can be replayed without an upload.
//
//   clock   number of the batch within the epoch, and since training was set up
//
// Dispatched by src/training/training_step.ts, last in each step.

@group(0) @binding(0) var<storage, read_write> clock: array<u32>;

@compute @workgroup_size(1)
fn main() {
  clock[0] += 1u;
  clock[1] += 1u;
}
