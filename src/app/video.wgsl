// Draws one video frame: picks the part that is looked at, turns it upright, and converts it to gamma-coded RGB.

struct Picture {
    // Texture coordinates = part_min + (0..1) * part_size, after the rotation.
    part_min: vec2<f32>,
    part_size: vec2<f32>,
    // Y'CbCr -> R'G'B': three rows, applied to (Y, Cb, Cr, 1); range and bit depth are folded in.
    row_r: vec4<f32>,
    row_g: vec4<f32>,
    row_b: vec4<f32>,
    // A sample is (low byte, high byte) in 0..1; this weighs them into one number in 0..1.
    weights: vec2<f32>,
    // One plane of RGBA instead of three of Y, Cb and Cr.
    is_rgba: u32,
    // Quarter turns clockwise.
    turns: u32,
    // 0: SDR; 1: PQ; 2: HLG, both with BT.2020 primaries.
    transfer: u32,
    // Left and right are exchanged after the turn.
    is_mirrored: u32,
};

@group(0) @binding(0) var<uniform> picture: Picture;
@group(0) @binding(1) var plane_sampler: sampler;
@group(0) @binding(2) var plane_0: texture_2d<f32>;
@group(0) @binding(3) var plane_1: texture_2d<f32>;
@group(0) @binding(4) var plane_2: texture_2d<f32>;

struct Corner {
    @builtin(position) position: vec4<f32>,
    @location(0) seen: vec2<f32>,
};

@vertex
fn corner(@builtin(vertex_index) index: u32) -> Corner {
    // Two triangles that fill the viewport.
    let unit = vec2<f32>(f32(index & 1u), f32((index >> 1u) & 1u));
    var out: Corner;
    out.position = vec4<f32>(unit.x * 2.0 - 1.0, 1.0 - unit.y * 2.0, 0.0, 1.0);
    out.seen = picture.part_min + unit * picture.part_size;
    return out;
}

fn stored(shown: vec2<f32>) -> vec2<f32> {
    let seen = select(shown, vec2<f32>(1.0 - shown.x, shown.y), picture.is_mirrored == 1u);
    switch picture.turns {
        case 1u: { return vec2<f32>(seen.y, 1.0 - seen.x); }
        case 2u: { return vec2<f32>(1.0 - seen.x, 1.0 - seen.y); }
        case 3u: { return vec2<f32>(1.0 - seen.y, seen.x); }
        default: { return seen; }
    }
}

// Of bytes, a sampler may round what it has mixed to a byte again; an error in the high one counts 256 times. So whole
// samples are put together first and mixed here.
fn deep(plane: texture_2d<f32>, at: vec2<f32>) -> f32 {
    let size = textureDimensions(plane);
    let place = at * vec2<f32>(size) - vec2<f32>(0.5);
    let before = floor(place);
    let share = place - before;
    let last = vec2<i32>(size) - vec2<i32>(1);
    let low = clamp(vec2<i32>(before), vec2<i32>(0), last);
    let high = clamp(vec2<i32>(before) + vec2<i32>(1), vec2<i32>(0), last);
    let upper = mix(whole(plane, low), whole(plane, vec2<i32>(high.x, low.y)), share.x);
    let lower = mix(whole(plane, vec2<i32>(low.x, high.y)), whole(plane, high), share.x);
    return mix(upper, lower, share.y);
}

fn whole(plane: texture_2d<f32>, at: vec2<i32>) -> f32 {
    return dot(textureLoad(plane, at, 0).rg, picture.weights);
}

@fragment
fn color(in: Corner) -> @location(0) vec4<f32> {
    let at = stored(in.seen);
    let first = textureSample(plane_0, plane_sampler, at);
    let second = textureSample(plane_1, plane_sampler, at);
    let third = textureSample(plane_2, plane_sampler, at);
    if picture.is_rgba == 1u {
        return vec4<f32>(to_sdr(first.rgb), 1.0);
    }
    var sample = vec4<f32>(first.r, second.r, third.r, 1.0);
    if picture.weights.y > 0.0 {
        sample = vec4<f32>(deep(plane_0, at), deep(plane_1, at), deep(plane_2, at), 1.0);
    }
    let rgb = vec3<f32>(dot(picture.row_r, sample), dot(picture.row_g, sample), dot(picture.row_b, sample));
    return vec4<f32>(to_sdr(clamp(rgb, vec3<f32>(0.0), vec3<f32>(1.0))), 1.0);
}

// Tone mapping, the same arithmetic as in src/media/tone.rs.

const PEAK_NITS = 1000.0;
const WHITE_NITS = 203.0;
const M1 = 0.15930176;
const M2 = 78.84375;
const C1 = 0.8359375;
const C2 = 18.851563;
const C3 = 18.6875;

fn pq_to_nits(code: f32) -> f32 {
    let power = pow(clamp(code, 0.0, 1.0), 1.0 / M2);
    return 10000.0 * pow(max(power - C1, 0.0) / (C2 - C3 * power), 1.0 / M1);
}

fn nits_to_pq(nits: f32) -> f32 {
    let power = pow(max(nits, 0.0) / 10000.0, M1);
    return pow((C1 + C2 * power) / (1.0 + C3 * power), M2);
}

fn hlg_to_light(code: f32) -> f32 {
    if code <= 0.5 {
        return code * code / 3.0;
    }
    return (exp((code - 0.5599107) / 0.17883277) + 0.28466892) / 12.0;
}

fn hlg_to_nits(rgb: vec3<f32>) -> vec3<f32> {
    let scene = vec3<f32>(hlg_to_light(rgb.r), hlg_to_light(rgb.g), hlg_to_light(rgb.b));
    let luminance = dot(scene, vec3<f32>(0.2627, 0.678, 0.0593));
    if luminance <= 0.0 {
        return vec3<f32>(0.0);
    }
    return scene * PEAK_NITS * pow(luminance, 0.2);
}

fn roll_off(nits: f32) -> f32 {
    let peak = nits_to_pq(PEAK_NITS);
    let target_code = nits_to_pq(WHITE_NITS) / peak;
    let knee = 1.5 * target_code - 0.5;
    let code = min(nits_to_pq(nits) / peak, 1.0);
    if code < knee {
        return nits;
    }
    let t = (code - knee) / (1.0 - knee);
    let t2 = t * t;
    let t3 = t2 * t;
    let rolled = (2.0 * t3 - 3.0 * t2 + 1.0) * knee + (t3 - 2.0 * t2 + t) * (1.0 - knee)
        + (-2.0 * t3 + 3.0 * t2) * target_code;
    return pq_to_nits(rolled * peak);
}

fn to_sdr(rgb: vec3<f32>) -> vec3<f32> {
    if picture.transfer == 0u {
        return rgb;
    }
    var nits: vec3<f32>;
    if picture.transfer == 1u {
        nits = vec3<f32>(pq_to_nits(rgb.r), pq_to_nits(rgb.g), pq_to_nits(rgb.b));
    } else {
        nits = hlg_to_nits(rgb);
    }
    let brightest = max(nits.r, max(nits.g, nits.b));
    if brightest <= 0.0 {
        return vec3<f32>(0.0);
    }
    let light = nits * roll_off(brightest) / brightest / WHITE_NITS;
    let narrow = vec3<f32>(
        dot(light, vec3<f32>(1.660491, -0.587641, -0.07285)),
        dot(light, vec3<f32>(-0.12455, 1.1329, -0.008349)),
        dot(light, vec3<f32>(-0.018151, -0.100579, 1.11873)),
    );
    return pow(clamp(narrow, vec3<f32>(0.0), vec3<f32>(1.0)), vec3<f32>(1.0 / 2.4));
}
