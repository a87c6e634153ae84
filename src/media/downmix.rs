//! Which channels of a recording go into which channels of what is read, and which of them are turned over before that
//! because they would cancel each other.
//!
//! FFmpeg mixes by what each channel means. Where it would leave out anything but low-frequency effects, and where a
//! file with more than two channels does not say what they mean (body cameras and recorders write one microphone a
//! channel), every channel counts alike.
//!
//! A microphone or a line that is wired the wrong way round gives the negative of what the others hear, and a plain mix
//! of both is silence (FFmpeg wiki, AudioChannelManipulation). Such a channel is multiplied by -1.

use ffmpeg_next::ffi;

/// More than this swresample does not take.
const MOST_CHANNELS: usize = 64;
/// Bits of a channel mask: LOW_FREQUENCY and LOW_FREQUENCY_2.
const LOW_FREQUENCY_MASK: u64 = (1 << 3) | (1 << 35);
/// Two channels cancel where their mix keeps less than half of the amplitude that the louder alone would give it.
const LEAST_POWER_KEPT: f64 = 0.25;
/// Below the smallest step of 16 bits, -90 dB of full scale, nothing is worth being turned over.
const LEAST_POWER: f64 = 1e-9;

/// The share of each channel of a recording in each channel that is read.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Downmix {
    /// Channels of the recording.
    inputs: usize,
    /// Row-major, channels read x channels of the recording.
    weights: Vec<f64>,
    /// Whether the weights are ours and not what FFmpeg does by itself.
    is_ours: bool,
}

impl Downmix {
    /// `mask` says what the `inputs` channels mean, one bit each, and is 0 where the file does not.
    pub(super) fn new(inputs: usize, mask: u64, outputs: usize) -> Self {
        if inputs == 0 || inputs > MOST_CHANNELS || outputs > MOST_CHANNELS {
            return Self { inputs, weights: Vec::new(), is_ours: false };
        }
        if mask == 0 && inputs > 2 {
            return if inputs == outputs { Self::unmixed(inputs) } else { Self::alike(inputs, mask, outputs) };
        }
        match Self::by_meaning(inputs, mask, outputs) {
            Some(mix) if mix.hears_all_but(mask & LOW_FREQUENCY_MASK, mask) => mix,
            _ => Self::alike(inputs, mask, outputs),
        }
    }

    /// Each channel by itself, as FFmpeg does without being asked.
    fn unmixed(inputs: usize) -> Self {
        let weights = (0..inputs * inputs).map(|at| if at / inputs == at % inputs { 1.0 } else { 0.0 }).collect();
        Self { inputs, weights, is_ours: false }
    }

    /// The mean of all channels but those of low-frequency effects.
    fn alike(inputs: usize, mask: u64, outputs: usize) -> Self {
        let is_effects: Vec<bool> = (0..inputs).map(|input| bit_of(mask, input) & LOW_FREQUENCY_MASK != 0).collect();
        let only_effects = is_effects.iter().all(|is_effects| *is_effects);
        let is_heard = |input: usize| only_effects || !is_effects[input];
        let heard = (0..inputs).filter(|input| is_heard(*input)).count();
        let share = |input: usize| if is_heard(input) { 1.0 / heard as f64 } else { 0.0 };
        let weights = (0..outputs).flat_map(|_| (0..inputs).map(share)).collect();
        Self { inputs, weights, is_ours: true }
    }

    /// As swresample mixes with the settings of the resampler; `None` for channels that it has no rules for.
    fn by_meaning(inputs: usize, mask: u64, outputs: usize) -> Option<Self> {
        // FFmpeg divides all of a matrix of this size by the largest sum, whatever the layouts have of channels.
        let mut matrix = vec![0.0; MOST_CHANNELS * MOST_CHANNELS];
        // SAFETY: the layouts are initialised before use and hold nothing on the heap; the matrix is as large as any.
        let made = unsafe {
            let mut from: ffi::AVChannelLayout = std::mem::zeroed();
            let mut to: ffi::AVChannelLayout = std::mem::zeroed();
            if mask == 0 {
                ffi::av_channel_layout_default(&mut from, inputs as i32);
            } else if ffi::av_channel_layout_from_mask(&mut from, mask) < 0 {
                return None;
            }
            ffi::av_channel_layout_default(&mut to, outputs as i32);
            if from.nb_channels != inputs as i32 || to.nb_channels != outputs as i32 {
                return None;
            }
            ffi::swr_build_matrix2(
                &from,
                &to,
                std::f64::consts::FRAC_1_SQRT_2,
                std::f64::consts::FRAC_1_SQRT_2,
                0.0,
                1.0,
                1.0,
                matrix.as_mut_ptr(),
                MOST_CHANNELS as isize,
                ffi::AVMatrixEncoding::AV_MATRIX_ENCODING_NONE,
                std::ptr::null_mut(),
            )
        };
        let rows = matrix.chunks_exact(MOST_CHANNELS).take(outputs);
        let weights = rows.flat_map(|row| &row[..inputs]).copied().collect();
        (made >= 0).then_some(Self { inputs, weights, is_ours: false })
    }

    /// Row-major, channels read x channels of the recording; `None` where FFmpeg makes the same by itself.
    pub(super) fn own_weights(&self) -> Option<&[f64]> {
        self.is_ours.then_some(&self.weights)
    }

    /// Whether any channel that is read is a sum of several.
    pub(super) fn mixes(&self) -> bool {
        self.rows().any(|row| row.iter().filter(|weight| **weight != 0.0).count() > 1)
    }

    /// Whether the channel `input` of the recording is in anything that is read.
    pub(super) fn is_heard(&self, input: usize) -> bool {
        self.rows().any(|row| row[input] != 0.0)
    }

    /// Which channels have to be turned over so that none cancels a louder one, in a stretch of sound with `products`.
    pub(super) fn opposed(&self, products: &ChannelProducts) -> Vec<bool> {
        let share = |input: usize| {
            let weight = self.rows().map(|row| row[input] * row[input]).fold(0.0, f64::max);
            weight * products.mean(input, input)
        };
        let mut by_loudness: Vec<usize> = (0..self.inputs).collect();
        by_loudness.sort_by(|a, b| share(*b).total_cmp(&share(*a)));
        let mut is_opposed = vec![false; self.inputs];
        for (place, &quieter) in by_loudness.iter().enumerate() {
            let canceled = by_loudness[..place].iter().find(|louder| self.cancel(**louder, quieter, products));
            is_opposed[quieter] = canceled.is_some_and(|louder| !is_opposed[*louder]);
        }
        is_opposed
    }

    fn cancel(&self, a: usize, b: usize, products: &ChannelProducts) -> bool {
        self.rows().any(|row| {
            let louder = (row[a] * row[a] * products.mean(a, a)).max(row[b] * row[b] * products.mean(b, b));
            let both = row[a] * row[a] * products.mean(a, a)
                + row[b] * row[b] * products.mean(b, b)
                + 2.0 * row[a] * row[b] * products.mean(a, b);
            products.mean(a, a).max(products.mean(b, b)) > LEAST_POWER && both < LEAST_POWER_KEPT * louder
        })
    }

    fn hears_all_but(&self, left_out: u64, mask: u64) -> bool {
        (0..self.inputs).all(|input| self.is_heard(input) || bit_of(mask, input) & left_out != 0)
    }

    fn rows(&self) -> impl Iterator<Item = &[f64]> {
        self.weights.chunks_exact(self.inputs.max(1))
    }
}

/// The bit of the channel that comes as number `place`; 0 where there is none.
fn bit_of(mask: u64, place: usize) -> u64 {
    let rest = (0..place).fold(mask, |rest, _| rest & rest.wrapping_sub(1));
    rest & rest.wrapping_neg()
}

/// The products of each two channels, sample by sample, summed up: what is needed to know how loud any mix of them is.
#[derive(Clone, Debug)]
pub(super) struct ChannelProducts {
    channels: usize,
    /// Row-major, channels x channels; only where the column is not before the row.
    sums: Vec<f64>,
    samples: u64,
}

impl ChannelProducts {
    pub(super) fn new(channels: usize) -> Self {
        Self { channels, sums: vec![0.0; channels * channels], samples: 0 }
    }

    /// Adds samples, of each channel the same number.
    pub(super) fn add(&mut self, samples: &[Vec<f32>]) {
        for (row, a) in samples.iter().enumerate() {
            for (column, b) in samples.iter().enumerate().skip(row) {
                let sum = a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum::<f64>();
                self.sums[row * self.channels + column] += sum;
            }
        }
        self.samples += samples.first().map_or(0, Vec::len) as u64;
    }

    fn mean(&self, a: usize, b: usize) -> f64 {
        self.sums[a.min(b) * self.channels + a.max(b)] / self.samples.max(1) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIVE_POINT_ONE: u64 = 0x3f;

    /// What `channels`, each given as a multiple of three tones that have nothing in common, have to be turned over.
    fn opposed(mix: &Downmix, channels: &[[f32; 3]]) -> Vec<bool> {
        let tone = |k: usize, i: usize| (i as f32 * 0.01 * [7.0, 11.0, 17.0][k]).sin();
        let channel = |shares: &[f32; 3]| {
            (0..8000).map(|i| (0..3).map(|k| shares[k] * tone(k, i)).sum::<f32>()).collect::<Vec<f32>>()
        };
        let mut products = ChannelProducts::new(channels.len());
        products.add(&channels.iter().map(channel).collect::<Vec<_>>());
        mix.opposed(&products)
    }

    fn row(mix: &Downmix) -> Vec<f64> {
        mix.weights.iter().map(|weight| (weight * 1000.0).round() / 1000.0).collect()
    }

    #[test]
    fn channels_without_a_meaning_count_alike() {
        for inputs in [3, 4, 5, 6, 7, 8, 9, 16, 24, 64] {
            let mix = Downmix::new(inputs, 0, 1);
            assert_eq!(mix.own_weights(), Some(&vec![1.0 / inputs as f64; inputs][..]), "{inputs} channels");
            assert!(mix.mixes());
        }
    }

    #[test]
    fn as_many_channels_as_are_wanted_are_not_mixed() {
        let mix = Downmix::new(6, 0, 6);
        assert!(!mix.mixes() && mix.own_weights().is_none());
        assert!(!Downmix::new(2, 0, 2).mixes() && !Downmix::new(1, 0, 2).mixes());
    }

    #[test]
    fn one_and_two_channels_are_mixed_as_ffmpeg_does() {
        let stereo = Downmix::new(2, 0b11, 1);
        assert_eq!((row(&stereo), stereo.own_weights()), (vec![0.5, 0.5], None));
        assert_eq!(Downmix::new(2, 0, 1), stereo);
        assert_eq!(Downmix::new(1, 0, 1).own_weights(), None);
    }

    #[test]
    fn of_a_stated_layout_only_low_frequency_effects_are_left_out() {
        let film = Downmix::new(6, FIVE_POINT_ONE, 1);
        assert_eq!(film.own_weights(), None);
        let heard: Vec<bool> = (0..6).map(|input| film.is_heard(input)).collect();
        assert_eq!(heard, [true, true, true, false, true, true]);
    }

    #[test]
    fn a_stated_channel_that_ffmpeg_has_no_rule_for_is_heard() {
        // Front left and right, low frequency, and above the front left and right.
        let (left, right, effects, top_left, top_right) = (1, 1 << 1, 1 << 3, 1 << 12, 1 << 14);
        let mix = Downmix::new(5, left | right | effects | top_left | top_right, 1);
        assert_eq!(row(&mix), [0.25, 0.25, 0.0, 0.25, 0.25]);
        // Front left and centre: no layout that FFmpeg knows.
        assert_eq!(row(&Downmix::new(2, 1 | (1 << 2), 1)), [0.5, 0.5]);
        assert_eq!(row(&Downmix::new(1, effects, 1)), [1.0]);
    }

    #[test]
    fn channels_of_opposite_sign_are_opposed_and_the_quieter_is_turned() {
        let mix = Downmix::new(2, 0b11, 1);
        assert_eq!(opposed(&mix, &[[0.5, 0.0, 0.0], [-0.5, 0.0, 0.0]]), [false, true]);
        assert_eq!(opposed(&mix, &[[0.4, 0.0, 0.0], [-0.5, 0.0, 0.0]]), [true, false]);
        assert_eq!(opposed(&mix, &[[0.5, 0.1, 0.0], [-0.5, 0.0, 0.05]]), [false, true]);
    }

    #[test]
    fn ordinary_stereo_is_not_opposed() {
        let mix = Downmix::new(2, 0b11, 1);
        let same = [[0.5, 0.0, 0.0], [0.5, 0.0, 0.0]];
        let apart = [[0.5, 0.0, 0.0], [0.0, 0.5, 0.0]];
        let wide = [[0.5, 0.3, 0.0], [-0.3, 0.0, 0.5]];
        let one_sided = [[0.5, 0.0, 0.0], [-0.1, 0.0, 0.0]];
        let silent = [[0.0; 3], [0.0; 3]];
        let residue = [[1e-5, 0.0, 0.0], [-1e-5, 0.0, 0.0]];
        for stereo in [same, apart, wide, one_sided, silent, residue] {
            assert_eq!(opposed(&mix, &stereo), [false, false], "{stereo:?}");
        }
    }

    #[test]
    fn of_many_channels_each_that_cancels_a_louder_one_is_turned() {
        let mix = Downmix::new(4, 0, 1);
        let channels = [[0.3, 0.0, 0.0], [0.0, 0.9, 0.0], [-0.3, 0.0, 0.0], [0.28, 0.0, 0.0]];
        assert_eq!(opposed(&mix, &channels), [false, false, true, false]);
        // Left against right, which two channels of the result keep apart.
        let film = Downmix::new(6, FIVE_POINT_ONE, 2);
        let mut channels = [[0.0; 3]; 6];
        (channels[0], channels[1]) = ([0.5, 0.0, 0.0], [-0.5, 0.0, 0.0]);
        assert_eq!(opposed(&film, &channels), [false; 6]);
        channels[2] = [-0.5, 0.0, 0.0];
        assert_eq!(opposed(&film, &channels), [false, false, true, false, false, false]);
    }
}
