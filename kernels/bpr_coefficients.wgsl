// From margins to the loss and its derivative (paper, Eq. 6), for one batch of T triples:
//
//     loss          = −(1/T) Σ_t log(γ + σ(x_t))           x_t = margin_t
//     coefficient_t = weight · d loss / d x_t = −weight / T · σ(x_t) σ(−x_t) / (γ + σ(x_t))
//
// γ = 0 is the paper's loss, softplus(−x_t), taken without a logarithm of next to nothing; the
// coefficient is then −weight / T · σ(−x_t).
//
// One workgroup walks the batch; the partial sums are added as a tree, in a fixed order. The last batch
// of an epoch may be partial: T is what is left.
//
//   margin        one value per triple of the batch
//   coefficient   likewise
//   terms         the loss in row `batch`, column `term`; batches × term_count
//
// Dispatched by src/ops/losses/bpr_loss.ts.

struct Params {
  triples: u32, // in the epoch
  batch_size: u32,
  gamma: f32,
  weight: f32,
  term: u32,
  term_count: u32,
}

@group(0) @binding(0) var<storage, read> margin: array<f32>;
@group(0) @binding(1) var<storage, read_write> coefficient: array<f32>;
@group(0) @binding(2) var<storage, read_write> terms: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

const workgroup_size = 256u;
var<workgroup> sums: array<f32, workgroup_size>;

@compute @workgroup_size(workgroup_size)
fn main(here: Here) {
  let size = batch_length(params.batch_size, params.triples);
  var sum = 0.0;
  for (var slot = here.local; slot < size; slot += workgroup_size) {
    let x = margin[slot];
    let small = exp(-abs(x)); // never overflows
    // σ(±x) = 1 / (1 + e^(∓x)), written with whichever exponential is at most 1.
    let against = select(1.0, small, x > 0.0) / (1.0 + small);
    if (params.gamma == 0.0) {
      coefficient[slot] = -params.weight * against / f32(size);
      sum += max(-x, 0.0) + log(1.0 + small);
    } else {
      let in_favour = select(small, 1.0, x > 0.0) / (1.0 + small);
      let shrunk = in_favour / (params.gamma + in_favour);
      coefficient[slot] = -params.weight * against * shrunk / f32(size);
      sum -= log(params.gamma + in_favour);
    }
  }
  sums[here.local] = sum;
  for (var half = workgroup_size / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (here.local < half) {
      sums[here.local] += sums[here.local + half];
    }
  }
  if (here.local == 0u) {
    terms[clock[0] * params.term_count + params.term] = sums[0] / f32(size);
  }
}
