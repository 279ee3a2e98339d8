// Moves training on to the next batch:  step ← step + 1
//
// The counter lives on the GPU, so that a recorded step can be replayed without an upload.
//
//   step   number of the batch within the epoch
//
// Dispatched by src/training/trainer.ts, last in each step.

@group(0) @binding(0) var<storage, read_write> step: array<u32>;

@compute @workgroup_size(1)
fn main() {
  step[0] += 1u;
}
