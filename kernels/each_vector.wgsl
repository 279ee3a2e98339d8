// Gives a result that is there already, vec4 by vec4, to what becomes of it:
//
//     finish(i, result_i)      of one of kernels/endings
//
//   result   as vec4, those from `first` to before `end`
//
// Dispatched by src/tape/ending.ts.

struct Params {
  first: u32,
  end: u32,
}

@group(0) @binding(0) var<storage, read> result: array<vec4f>;
@group(0) @binding(1) var<uniform> params: Params;

override workgroup_size: u32 = 128;

@compute @workgroup_size(workgroup_size)
fn main(here: Here) {
  let i = params.first + invocation_index(here, workgroup_size);
  if (i < params.end) {
    finish(i, result[i]);
  }
}
