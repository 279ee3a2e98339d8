// From margins to the losses and their derivatives (paper, Eq. 6), for one batch of T triples:
//
//     loss_t        = −log(γ + σ(x_t))           x_t = margin_t
//     coefficient_t = weight / T · d loss_t / d x_t = −weight / T · σ(x_t) σ(−x_t) / (γ + σ(x_t))
//
// γ = 0 is the paper's loss, softplus(−x_t), taken without a logarithm of next to nothing; the
// coefficient is then −weight / T · σ(−x_t). The last batch of an epoch may be partial: T is what is left.
//
//   margin        one value per triple of the batch
//   coefficient   likewise
//   loss          one value per triple of the epoch for each term; batch_means.wgsl takes their means
//
// Dispatched by src/ops/losses/bpr_loss.ts.

struct Params {
  batch_size: u32,
  first: u32, // place of the term's losses
  gamma: f32,
  weight: f32,
}

@group(0) @binding(0) var<storage, read> margin: array<f32>;
@group(0) @binding(1) var<storage, read_write> coefficient: array<f32>;
@group(0) @binding(2) var<storage, read_write> loss: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

override workgroup_size: u32 = 64;

@compute @workgroup_size(workgroup_size)
fn main(here: Here) {
  let slot = invocation_index(here, workgroup_size);
  if (slot >= clock.size) {
    return;
  }
  let size = f32(clock.size);
  let triple = clock.batch * params.batch_size + slot;
  let x = margin[slot];
  let small = exp(-abs(x)); // never overflows
  // σ(±x) = 1 / (1 + e^(∓x)), written with whichever exponential is at most 1.
  let against = select(1.0, small, x > 0.0) / (1.0 + small);
  if (params.gamma == 0.0) {
    coefficient[slot] = -params.weight * against / size;
    loss[params.first + triple] = max(-x, 0.0) + log(1.0 + small);
  } else {
    let in_favour = select(small, 1.0, x > 0.0) / (1.0 + small);
    let shrunk = in_favour / (params.gamma + in_favour);
    coefficient[slot] = -params.weight * against * shrunk / size;
    loss[params.first + triple] = -log(params.gamma + in_favour);
  }
}
