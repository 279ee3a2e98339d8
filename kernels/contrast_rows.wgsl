// The rows of a contrast: with own_ij = ⟨a_i, a_j⟩, across_ij = ⟨a_i, b_j⟩ over the slots i, j of the
// current batch,
//
//     log_total_i = log( Σ_{j≠i} exp(own_ij / τ) + Σ_j exp(across_ij / τ) )
//     share_i = exp(across_ii / τ − log_total_i),   loss_i = −log(share_i + 1e-8)
//
// all 0 in slots beyond a partial batch. A workgroup walks a row: its largest exponent, then the sum.
//
//   clock        number of the batch within the epoch, and since training was set up
//   own, across   batch size × batch size
//   log_total, share, loss   one number per slot
//
// Dispatched by src/ops/losses/contrastive_loss.ts, a workgroup per slot.

struct Params {
  inverse_tau: f32,
  triples: u32, // in the epoch
  batch_size: u32,
}

@group(0) @binding(0) var<storage, read> clock: array<u32>;
@group(0) @binding(1) var<storage, read> own: array<f32>;
@group(0) @binding(2) var<storage, read> across: array<f32>;
@group(0) @binding(3) var<storage, read_write> log_total: array<f32>;
@group(0) @binding(4) var<storage, read_write> share: array<f32>;
@group(0) @binding(5) var<storage, read_write> loss: array<f32>;
@group(0) @binding(6) var<uniform> params: Params;

const workgroup_size = 64u;
var<workgroup> parts: array<f32, workgroup_size>;

@compute @workgroup_size(workgroup_size)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let i = workgroup.x * workgroups.y + workgroup.y;
  let length = min(params.batch_size, params.triples - clock[0] * params.batch_size);
  let inside = i < length;
  let first = i * params.batch_size;
  var largest = -3.4e38;
  for (var j = local; inside && j < length; j += workgroup_size) {
    largest = max(largest, across[first + j]);
    if (j != i) {
      largest = max(largest, own[first + j]);
    }
  }
  parts[local] = largest;
  for (var half = workgroup_size / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (local < half) {
      parts[local] = max(parts[local], parts[local + half]);
    }
  }
  workgroupBarrier();
  largest = parts[0];
  workgroupBarrier();
  var sum = 0.0;
  for (var j = local; inside && j < length; j += workgroup_size) {
    sum += exp((across[first + j] - largest) * params.inverse_tau);
    if (j != i) {
      sum += exp((own[first + j] - largest) * params.inverse_tau);
    }
  }
  parts[local] = sum;
  for (var half = workgroup_size / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (local < half) {
      parts[local] += parts[local + half];
    }
  }
  if (local > 0u || i >= params.batch_size) {
    return;
  }
  if (!inside) {
    log_total[i] = 0.0;
    share[i] = 0.0;
    loss[i] = 0.0;
    return;
  }
  log_total[i] = largest * params.inverse_tau + log(parts[0]);
  share[i] = exp(across[first + i] * params.inverse_tau - log_total[i]);
  loss[i] = -log(share[i] + 1e-8);
}
