// propagate.wgsl and propagate_rows.wgsl for software adapters, which load a vec4 from a texture in a
// fraction of the time that they take from a buffer:
//
//     result_r = a ⊙ base_r + b ⊙ (A input)_r      for a list of rows r
//
// The rows are those that a batch touches, or all in order as a list of one batch. One invocation owns
// up to two vec4 of a row and, to load the weights once, those of the next rows of the list: with 64
// columns a vector of the processor's, eight lanes, is one row and never waits for a longer one. Sums
// have the same order as there, and so the same bits.
//
// A gathered row comes from memory and is needed at once; the processor looks ahead by far less than
// it has to wait. Where rows are in order, an invocation therefore first touches the rows that all its
// entries lead to, one per lane and 64 bytes at a time, so that they are under way together.
//
//   list             which of the lists of rows: the clock, or 0 for the list of all rows
//   batch_start      per batch, where its rows begin in `row`; batches + 1 offsets
//   row              rows, batch after batch
//   pair_start       rows + 1 offsets: A's entries, two by two
//   entries          an image of them: column, bits of the weight, column, bits of the weight; a row of
//                    an odd number ends with a weight of zero
//   base, input      images of rows × dim matrices, rows_per_line rows side by side
//   weights          a (dim), then b (dim)
//
// Dispatched by src/ops/graphs/propagation.ts.

struct Params {
  zero: u32, // which the compiler does not know: what is touched has to be loaded
}

@group(0) @binding(0) var<storage, read> list: array<u32>;
@group(0) @binding(1) var<storage, read> batch_start: array<u32>;
@group(0) @binding(2) var<storage, read> row: array<u32>;
@group(0) @binding(3) var<storage, read> pair_start: array<u32>;
@group(0) @binding(4) var entries: texture_storage_2d<rgba32uint, read>;
@group(0) @binding(5) var base: texture_storage_2d<rgba32float, read>;
@group(0) @binding(6) var input: texture_storage_2d<rgba32float, read>;
@group(0) @binding(7) var<storage, read> weights: array<vec4f>;
@group(0) @binding(8) var<uniform> params: Params;

override dim4: u32; // vec4 per row
override rows_per_line: u32;
override pairs_per_line: u32;
override rows_each: u32; // rows per invocation
override rows_in_order: bool;
override lanes: u32 = (dim4 + 1u) / 2u; // invocations per row
override even: bool = dim4 % 2u == 0u; // whether each has two vec4
override workgroup_size: u32 = 32;

fn pair_at(pair: u32) -> vec4u {
  return textureLoad(entries, vec2u(pair % pairs_per_line, pair / pairs_per_line));
}

fn texel_of(r: u32, c: u32) -> vec2u {
  return vec2u(r % rows_per_line * dim4 + c, r / rows_per_line);
}

@compute @workgroup_size(workgroup_size)
fn main(here: Here) {
  let invocation = invocation_index(here, workgroup_size);
  let c = invocation % lanes;
  let first = batch_start[list[0]] + invocation / lanes * rows_each;
  let end = min(first + rows_each, batch_start[list[0] + 1u]);
  if (first >= end) {
    return;
  }

  var touched = 0u;
  if (rows_in_order) {
    let last_entry = 2u * pair_start[row[end - 1u] + 1u];
    for (var entry = 2u * pair_start[row[first]] + c; entry < last_entry; entry += lanes) {
      let two = pair_at(entry / 2u);
      let r = select(two.x, two.z, entry % 2u == 1u);
      for (var line = 0u; line < dim4; line += 4u) {
        touched |= bitcast<u32>(textureLoad(input, texel_of(r, line)).x);
      }
    }
  }

  let a0 = weights[c];
  let b0 = weights[dim4 + c];
  var a1: vec4f;
  var b1: vec4f;
  if (even || c + lanes < dim4) {
    a1 = weights[c + lanes];
    b1 = weights[dim4 + c + lanes];
  }
  var r = row[first];
  var pair = pair_start[r];
  for (var place = first; place < end; place++) {
    if (!rows_in_order) {
      r = row[place];
      pair = pair_start[r];
    }
    var sum0 = vec4f();
    var sum1 = vec4f();
    let last_pair = pair_start[r + 1u] + (touched & params.zero);
    for (; pair < last_pair; pair++) {
      let two = pair_at(pair);
      let texel = texel_of(two.x, c);
      let next_texel = texel_of(two.z, c);
      let weight = bitcast<f32>(two.y);
      let next_weight = bitcast<f32>(two.w);
      sum0 += weight * textureLoad(input, texel);
      sum0 += next_weight * textureLoad(input, next_texel);
      if (even || c + lanes < dim4) {
        sum1 += weight * textureLoad(input, texel + vec2u(lanes, 0u));
        sum1 += next_weight * textureLoad(input, next_texel + vec2u(lanes, 0u));
      }
    }
    let texel = texel_of(r, c);
    let at = r * dim4 + c;
    finish(at, a0 * textureLoad(base, texel) + b0 * sum0);
    if (even || c + lanes < dim4) {
      finish(at + lanes, a1 * textureLoad(base, texel + vec2u(lanes, 0u)) + b1 * sum1);
    }
    r++; // where rows are in order, the next one, whose entries begin where these end
  }
}
