//! Tone mapping: HDR code values (PQ, HLG; BT.2020 primaries) to what an SDR screen shows (BT.709).
//!
//! Code to light by SMPTE ST 2084 or ARIB STD-B67 (ITU-R BT.2100, tables 4 and 5; HLG for a screen of 1000 cd/m²);
//! highlights rolled off by the curve of ITU-R BT.2390, from 1000 cd/m² down to the 203 cd/m² that BT.2408 gives to
//! white; primaries turned into those of BT.709 (BT.2087), what lies outside them cut off; light to code by BT.1886.
//! The shader of the window does the same arithmetic.

use std::sync::LazyLock;

use super::color::Transfer;

/// What an HDR picture is taken to reach, and what an SDR screen's white stands for, in cd/m².
const PEAK_NITS: f32 = 1000.0;
const WHITE_NITS: f32 = 203.0;
/// Of an SDR screen (BT.1886).
const GAMMA: f32 = 2.4;

/// What the three are multiplied with to become shares of white: they keep their proportions, and so the colour its hue.
fn scale_of(brightest_nits: f32) -> f32 {
    roll_off(brightest_nits) / brightest_nits / WHITE_NITS
}

/// Red, green and blue as coded -> the same for an SDR screen, by look-up: ten times faster than the arithmetic, and
/// within a code of eight bits.
pub(crate) struct ToneTable {
    transfer: Transfer,
    /// Of each 16-bit code: cd/m² (PQ), or scene light (HLG).
    light: Vec<f32>,
    /// What light is multiplied with where the brightest of the three is so many [`SCALE_STEP_NITS`].
    scale: Vec<f32>,
    /// The 8-bit code of the light whose square root is so many `1 / ROOT_STEPS`: codes are dense where it is dark.
    code: Vec<u8>,
}

const SCALE_STEP_NITS: f32 = 2.0;
const SCALE_STEPS: usize = 5_000;
const ROOT_STEPS: usize = 8_192;

static PQ_TABLE: LazyLock<ToneTable> = LazyLock::new(|| ToneTable::new(Transfer::Pq));
static HLG_TABLE: LazyLock<ToneTable> = LazyLock::new(|| ToneTable::new(Transfer::Hlg));

impl ToneTable {
    /// `None` for SDR, of which nothing is changed.
    pub(crate) fn of(transfer: Transfer) -> Option<&'static Self> {
        match transfer {
            Transfer::Sdr => None,
            Transfer::Pq => Some(&PQ_TABLE),
            Transfer::Hlg => Some(&HLG_TABLE),
        }
    }

    fn new(transfer: Transfer) -> Self {
        let to_light = if transfer == Transfer::Hlg { hlg_to_scene } else { pq_to_nits };
        let light = (0..=u16::MAX).map(|code| to_light(f32::from(code) / f32::from(u16::MAX))).collect();
        // Without light nothing is scaled; what is a little light is not rolled off.
        let scale_at = |step: usize| scale_of((step as f32 * SCALE_STEP_NITS).max(1e-3));
        let root = |step: usize| step as f32 / ROOT_STEPS as f32;
        let code_at = |step: usize| (root(step).powf(2.0 / GAMMA) * 255.0).round() as u8;
        Self {
            transfer,
            light,
            scale: (0..=SCALE_STEPS + 1).map(scale_at).collect(),
            code: (0..=ROOT_STEPS).map(code_at).collect(),
        }
    }

    /// Red, green and blue as coded in 16 bits -> as 8 bits for an SDR screen.
    pub(crate) fn to_sdr8(&self, rgb: [u16; 3]) -> [u8; 3] {
        let light = rgb.map(|code| self.light[usize::from(code)]);
        let nits = if self.transfer == Transfer::Hlg { scene_to_nits(light) } else { light };
        let brightest = nits[0].max(nits[1]).max(nits[2]);
        let at = (brightest / SCALE_STEP_NITS).min(SCALE_STEPS as f32);
        let (step, part) = (at as usize, at.fract());
        let scale = self.scale[step] + part * (self.scale[step + 1] - self.scale[step]);
        to_bt709(nits.map(|nits| nits * scale)).map(|light| {
            let root = light.clamp(0.0, 1.0).sqrt();
            self.code[(root * ROOT_STEPS as f32).round() as usize]
        })
    }
}

const M1: f32 = 0.159_301_76;
const M2: f32 = 78.843_75;
const C1: f32 = 0.835_937_5;
const C2: f32 = 18.851_563;
const C3: f32 = 18.6875;

fn pq_to_nits(code: f32) -> f32 {
    let power = code.clamp(0.0, 1.0).powf(1.0 / M2);
    10_000.0 * ((power - C1).max(0.0) / (C2 - C3 * power)).powf(1.0 / M1)
}

fn nits_to_pq(nits: f32) -> f32 {
    let power = (nits.max(0.0) / 10_000.0).powf(M1);
    ((C1 + C2 * power) / (1.0 + C3 * power)).powf(M2)
}

/// Light of the scene as a share of the most that is coded.
fn hlg_to_scene(code: f32) -> f32 {
    const A: f32 = 0.178_832_77;
    const B: f32 = 0.284_668_92;
    const C: f32 = 0.559_910_7;
    let code = code.clamp(0.0, 1.0);
    if code <= 0.5 { code * code / 3.0 } else { (((code - C) / A).exp() + B) / 12.0 }
}

/// What a screen of 1000 cd/m² makes of the scene's light.
fn scene_to_nits(scene: [f32; 3]) -> [f32; 3] {
    const SYSTEM_GAMMA: f32 = 1.2;
    let luminance = 0.2627 * scene[0] + 0.678 * scene[1] + 0.0593 * scene[2];
    let gain = if luminance > 0.0 { PEAK_NITS * luminance.powf(SYSTEM_GAMMA - 1.0) } else { 0.0 };
    scene.map(|light| light * gain)
}

/// BT.2390, 5.4.1 (EETF): nothing is changed below the knee, a cubic leads from there to white.
fn roll_off(nits: f32) -> f32 {
    let (peak, white) = (nits_to_pq(PEAK_NITS), nits_to_pq(WHITE_NITS));
    let target = white / peak;
    let knee = 1.5 * target - 0.5;
    let code = (nits_to_pq(nits) / peak).min(1.0);
    if code < knee {
        return nits;
    }
    let t = (code - knee) / (1.0 - knee);
    let (t2, t3) = (t * t, t * t * t);
    let rolled =
        (2.0 * t3 - 3.0 * t2 + 1.0) * knee + (t3 - 2.0 * t2 + t) * (1.0 - knee) + (-2.0 * t3 + 3.0 * t2) * target;
    pq_to_nits(rolled * peak)
}

/// Linear light, BT.2020 -> BT.709 (ITU-R BT.2087, annex 1 inverted).
fn to_bt709([r, g, b]: [f32; 3]) -> [f32; 3] {
    [
        1.660_491 * r - 0.587_641 * g - 0.072_85 * b,
        -0.124_55 * r + 1.132_9 * g - 0.008_349 * b,
        -0.018_151 * r - 0.100_579 * g + 1.118_73 * b,
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Red, green and blue as coded, 0..1 -> the same for an SDR screen, as the shader computes it.
    fn to_sdr(rgb: [f32; 3], transfer: Transfer) -> [f32; 3] {
        let nits = match transfer {
            Transfer::Sdr => return rgb,
            Transfer::Pq => rgb.map(pq_to_nits),
            Transfer::Hlg => hlg_to_nits(rgb),
        };
        let brightest = nits.into_iter().fold(0.0, f32::max);
        let scale = if brightest > 0.0 { scale_of(brightest) } else { 0.0 };
        to_bt709(nits.map(|nits| nits * scale)).map(|light| light.clamp(0.0, 1.0).powf(1.0 / GAMMA))
    }

    fn hlg_to_nits(rgb: [f32; 3]) -> [f32; 3] {
        scene_to_nits(rgb.map(hlg_to_scene))
    }

    #[test]
    fn the_curves_go_through_the_points_of_the_standards() {
        // BT.2408, table 1: reference white at 58 % PQ and at 75 % HLG; 100 cd/m² at 50.8 % PQ.
        assert!((nits_to_pq(203.0) - 0.58).abs() < 0.002);
        assert!((pq_to_nits(0.5081) - 100.0).abs() < 0.5);
        assert!((pq_to_nits(1.0) - 10_000.0).abs() < 20.0);
        let white = hlg_to_nits([0.75; 3]);
        assert!((white[0] - 203.0).abs() < 2.0, "{white:?}");
        assert!((hlg_to_nits([1.0; 3])[1] - 1000.0).abs() < 2.0);
    }

    #[test]
    fn codes_and_light_are_each_others_inverse() {
        for nits in [0.01, 1.0, 50.0, 203.0, 1000.0, 8000.0] {
            assert!((pq_to_nits(nits_to_pq(nits)) / nits - 1.0).abs() < 1e-2, "{nits}");
        }
    }

    #[test]
    fn greys_stay_grey_grow_with_the_code_and_end_in_white() {
        for transfer in [Transfer::Pq, Transfer::Hlg] {
            let mut before = -1.0;
            for code in 0..=100 {
                let [r, g, b] = to_sdr([code as f32 / 100.0; 3], transfer);
                assert!((r - g).abs() < 2e-3 && (g - b).abs() < 2e-3, "{transfer:?} {code}: {r} {g} {b}");
                assert!(g >= before - 1e-4, "{transfer:?} {code}");
                before = g;
            }
            assert_eq!(to_sdr([0.0; 3], transfer), [0.0; 3]);
            assert!(to_sdr([1.0; 3], transfer)[1] > 0.995);
        }
    }

    #[test]
    fn a_face_keeps_its_brightness() {
        // 30 cd/m² is below the knee: as bright as 30 of 203 on any screen.
        let code = nits_to_pq(30.0);
        let expected = (30.0_f32 / 203.0).powf(1.0 / 2.4);
        assert!((to_sdr([code; 3], Transfer::Pq)[1] - expected).abs() < 0.01);
    }

    #[test]
    fn the_table_gives_what_the_arithmetic_gives() {
        for transfer in [Transfer::Pq, Transfer::Hlg] {
            let table = ToneTable::of(transfer).unwrap();
            let mut drawn = 1_u32;
            for _ in 0..200_000 {
                let rgb = [0; 3].map(|_: u16| {
                    drawn = drawn.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    (drawn >> 16) as u16
                });
                let exact = to_sdr(rgb.map(|code| f32::from(code) / 65_535.0), transfer).map(|value| value * 255.0);
                let found = table.to_sdr8(rgb);
                let is_near = exact.iter().zip(found).all(|(exact, found)| (exact - f32::from(found)).abs() <= 1.0);
                assert!(is_near, "{transfer:?} {rgb:?}: {found:?} instead of {exact:?}");
            }
            assert_eq!(table.to_sdr8([0; 3]), [0; 3]);
        }
        assert!(ToneTable::of(Transfer::Sdr).is_none());
    }
}
