// From margins to the loss and its derivative (paper, Eq. 6), for one batch of T triples:
//
//     coefficient_t = d loss / d margin_t = −σ(−margin_t) / T
//     loss[batch]   = Σ_t softplus(−margin_t)            (the epoch's mean is taken on the CPU, in f64)
//
// One workgroup walks the batch; the partial sums are added as a tree, in a fixed order. The last batch
// of an epoch may be partial: T is what is left.
//
//   clock         number of the batch within the epoch, and since training was set up
//   margin        one value per triple of the batch
//   coefficient   likewise
//   loss          one sum per batch of the epoch
//
// Dispatched by src/ops/bpr_loss.ts.

struct Params {
  triples: u32, // in the epoch
  batch_size: u32,
}

@group(0) @binding(0) var<storage, read> clock: array<u32>;
@group(0) @binding(1) var<storage, read> margin: array<f32>;
@group(0) @binding(2) var<storage, read_write> coefficient: array<f32>;
@group(0) @binding(3) var<storage, read_write> loss: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;

const workgroup_size = 256u;
var<workgroup> partial: array<f32, workgroup_size>;

@compute @workgroup_size(workgroup_size)
fn main(@builtin(local_invocation_index) local: u32) {
  let size = min(params.batch_size, params.triples - clock[0] * params.batch_size);
  var sum = 0.0;
  for (var slot = local; slot < size; slot += workgroup_size) {
    let x = margin[slot];
    let small = exp(-abs(x)); // never overflows
    // σ(−x) = e^(−x) / (1 + e^(−x)), written with whichever exponential is at most 1.
    coefficient[slot] = -select(1.0, small, x > 0.0) / (1.0 + small) / f32(size);
    sum += max(-x, 0.0) + log(1.0 + small);
  }
  partial[local] = sum;
  for (var half = workgroup_size / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (local < half) {
      partial[local] += partial[local + half];
    }
  }
  if (local == 0u) {
    loss[clock[0]] = partial[0];
  }
}
