// propagate.wgsl and propagate_rows.wgsl for software adapters, which load a vec4 from a texture in a
// fraction of the time that they take from a buffer:
//
//     output_r = a ⊙ base_r + b ⊙ (A input)_r      for a list of rows r
//
// The rows are those that a batch touches, or all in order as a list of one batch. One invocation owns
// up to four vec4 of a row and, to load the weights once, those of the next rows of the list. Sums have
// the same order as there, and so the same bits.
//
//   clock                      number of the batch within the epoch, and since training was set up
//   batch_start                per batch, where its rows begin in `row`; batches + 1 offsets
//   row                        rows, batch after batch
//   row_start, row_end         A: where each row's entries begin and end; where the ends are the next
//                              row's beginnings, the same array with row_end_shift = 1
//   entries                    an image of A's entries, each its column and the bits of its weight
//   column, value              the same as buffers, from which entries are read unless entries_from_image:
//                              those that lead to a batch are found anew each time
//   base, input                images of rows × dim matrices, rows_per_line rows side by side
//   output                     such a matrix, as vec4; other rows of it stay as they are
//   weights                    a (dim), then b (dim)
//
// Dispatched by src/ops/propagation.ts.

struct Params {
  row_end_shift: u32,
}

@group(0) @binding(0) var<storage, read> clock: array<u32>;
@group(0) @binding(1) var<storage, read> batch_start: array<u32>;
@group(0) @binding(2) var<storage, read> row: array<u32>;
@group(0) @binding(3) var<storage, read> row_start: array<u32>;
@group(0) @binding(4) var<storage, read> row_end: array<u32>;
@group(0) @binding(5) var entries: texture_storage_2d<rg32uint, read>;
@group(0) @binding(6) var<storage, read> column: array<u32>;
@group(0) @binding(7) var<storage, read> value: array<f32>;
@group(0) @binding(8) var base: texture_storage_2d<rgba32float, read>;
@group(0) @binding(9) var input: texture_storage_2d<rgba32float, read>;
@group(0) @binding(10) var<storage, read> weights: array<vec4f>;
@group(0) @binding(11) var<storage, read_write> output: array<vec4f>;
@group(0) @binding(12) var<uniform> params: Params;

override dim4: u32; // vec4 per row
override rows_per_line: u32;
override entries_per_line: u32;
override entries_from_image: bool;
override rows_each: u32; // rows per invocation
override lanes: u32 = (dim4 + 3u) / 4u; // invocations per row
override even: bool = dim4 % 4u == 0u; // whether each has four vec4
override workgroup_size: u32 = 32;

@compute @workgroup_size(workgroup_size)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let invocation = (workgroup.x * workgroups.y + workgroup.y) * workgroup_size + local;
  let lane = invocation % lanes;
  let first = batch_start[clock[0]] + invocation / lanes * rows_each;
  let end_of_batch = batch_start[clock[0] + 1u];
  var a: array<vec4f, 4>;
  var b: array<vec4f, 4>;
  for (var part = 0u; part < 4u; part++) {
    let c = lane + part * lanes;
    if (even || c < dim4) {
      a[part] = weights[c];
      b[part] = weights[dim4 + c];
    }
  }
  for (var i = 0u; i < rows_each; i++) {
    if (first + i >= end_of_batch) {
      return;
    }
    let r = row[first + i];
    var sum = array<vec4f, 4>();
    let end = row_end[r + params.row_end_shift];
    for (var entry = row_start[r]; entry < end; entry++) {
      var neighbour: u32;
      var weight: f32;
      if (entries_from_image) {
        let loaded = textureLoad(entries, vec2u(entry % entries_per_line, entry / entries_per_line));
        neighbour = loaded.x;
        weight = bitcast<f32>(loaded.y);
      } else {
        neighbour = column[entry];
        weight = value[entry];
      }
      let texel = vec2u(neighbour % rows_per_line * dim4 + lane, neighbour / rows_per_line);
      for (var part = 0u; part < 4u; part++) {
        if (even || lane + part * lanes < dim4) {
          sum[part] += weight * textureLoad(input, texel + vec2u(part * lanes, 0u));
        }
      }
    }
    let texel = vec2u(r % rows_per_line * dim4 + lane, r / rows_per_line);
    let at = r * dim4 + lane;
    for (var part = 0u; part < 4u; part++) {
      let c = part * lanes;
      if (even || lane + c < dim4) {
        output[at + c] = a[part] * textureLoad(base, texel + vec2u(c, 0u)) + b[part] * sum[part];
      }
    }
  }
}
