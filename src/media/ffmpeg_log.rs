//! What FFmpeg says goes to the log of the program, under the name `ffmpeg`, and never to standard error: a caller gets
//! one sentence of ours.
//!
//! A damaged file has FFmpeg complain about every packet, from several threads at once: what exceeds a few messages a
//! second is counted and left out.

use std::sync::Once;

use ffmpeg_next::ffi;

/// From now on FFmpeg's messages go to the log; every later call does nothing.
///
/// On machines other than those of x86-64 with a Unix FFmpeg is silent: of which type a C function's variable arguments
/// are differs from machine to machine.
pub(super) fn install() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // SAFETY: sets one integer inside libavutil. It is for libraries that ask whether they need say anything at
        // all; a function of ours hears everything.
        unsafe { ffi::av_log_set_level(ffi::AV_LOG_QUIET) };
        #[cfg(all(target_arch = "x86_64", unix))]
        // SAFETY: sets one function inside libavutil, which may be called on any thread from here on: it shares nothing
        // with other threads but a mutex, and it does not unwind.
        unsafe {
            ffi::av_log_set_callback(Some(messages::receive))
        };
    });
}

#[cfg(all(target_arch = "x86_64", unix))]
mod messages {
    use std::cell::RefCell;
    use std::ffi::{c_char, c_int, c_void};
    use std::panic::catch_unwind;
    use std::sync::{Mutex, PoisonError};
    use std::time::{Duration, Instant};

    use ffmpeg_next::ffi;
    use tracing::{Level, debug, info, trace, warn};

    /// Messages of all threads together that are kept of each second.
    const MOST_A_SECOND: u32 = 20;
    const SECOND: Duration = Duration::from_secs(1);
    /// Of a message; FFmpeg's own program allows for as much.
    const LONGEST_BYTES: usize = 1024;

    /// Called by FFmpeg on any of its threads.
    ///
    /// # Safety
    /// As `av_log` calls it: `format` is a format of C and `arguments` what it asks for, `context` null or a structure
    /// that begins with a pointer to an `AVClass`.
    pub(super) unsafe extern "C" fn receive(
        context: *mut c_void,
        ffmpeg_level: c_int,
        format: *const c_char,
        arguments: *mut ffi::__va_list_tag,
    ) {
        let Some(level) = level_of(ffmpeg_level) else { return };
        if !is_kept(level) {
            return;
        }
        let format_into = |line: &mut [c_char; LONGEST_BYTES], is_prefix_due: &mut c_int| {
            // SAFETY: all four are as FFmpeg handed them in, and the arguments are used once; the line has the length
            // that is stated and ends with a null however long the message is.
            unsafe {
                ffi::av_log_format_line2(
                    context,
                    ffmpeg_level,
                    format,
                    arguments,
                    line.as_mut_ptr(),
                    LONGEST_BYTES as c_int,
                    is_prefix_due,
                )
            };
        };
        // A panic must not pass through FFmpeg. Whoever watches panics has heard of it.
        catch_unwind(std::panic::AssertUnwindSafe(|| take_in(level, format_into))).unwrap_or_default();
    }

    thread_local! {
        static LINE: RefCell<Line> = const { RefCell::new(Line { text: String::new(), is_prefix_due: 1 }) };
    }

    static THROTTLE: Mutex<Throttle> = Mutex::new(Throttle { second: None, kept: 0, left_out: 0 });

    /// A line of this thread as far as it has been said: FFmpeg may say one in parts.
    struct Line {
        text: String,
        /// Whether the next part begins with the name of who says it; FFmpeg's own note.
        is_prefix_due: c_int,
    }

    fn take_in(level: Level, format_into: impl FnOnce(&mut [c_char; LONGEST_BYTES], &mut c_int)) {
        // A thread that is just ending has no line any more.
        let whole = LINE.try_with(|line| line.borrow_mut().add(format_into)).ok().flatten();
        let Some(text) = whole else { return };
        let admission = THROTTLE.lock().unwrap_or_else(PoisonError::into_inner).admit(Instant::now());
        if let Some(left_out) = admission {
            if left_out > 0 {
                info!(target: "ffmpeg", "{left_out} messages were left out");
            }
            tell(level, &text);
        }
    }

    impl Line {
        /// The line once it is whole.
        fn add(&mut self, format_into: impl FnOnce(&mut [c_char; LONGEST_BYTES], &mut c_int)) -> Option<String> {
            let mut part: [c_char; LONGEST_BYTES] = [0; LONGEST_BYTES];
            format_into(&mut part, &mut self.is_prefix_due);
            let bytes: Vec<u8> = part.iter().take_while(|byte| **byte != 0).map(|byte| *byte as u8).collect();
            self.text += &String::from_utf8_lossy(&bytes);
            let is_whole = self.text.ends_with(['\n', '\r']) || self.text.len() >= LONGEST_BYTES;
            is_whole.then(|| plain(&std::mem::take(&mut self.text)))
        }
    }

    /// A text from a file on one line, and nothing in it that a terminal would obey.
    fn plain(text: &str) -> String {
        text.trim_end().chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
    }

    /// What is wrong with a file is a warning: the program is all right.
    fn level_of(ffmpeg_level: c_int) -> Option<Level> {
        // The higher bits say in which colour.
        match ffmpeg_level & 0xff {
            _ if ffmpeg_level < 0 => None,
            level if level <= ffi::AV_LOG_ERROR => Some(Level::WARN),
            level if level <= ffi::AV_LOG_WARNING => Some(Level::INFO),
            level if level <= ffi::AV_LOG_VERBOSE => Some(Level::DEBUG),
            _ => Some(Level::TRACE),
        }
    }

    fn is_kept(level: Level) -> bool {
        match level {
            Level::ERROR | Level::WARN => tracing::enabled!(target: "ffmpeg", Level::WARN),
            Level::INFO => tracing::enabled!(target: "ffmpeg", Level::INFO),
            Level::DEBUG => tracing::enabled!(target: "ffmpeg", Level::DEBUG),
            Level::TRACE => tracing::enabled!(target: "ffmpeg", Level::TRACE),
        }
    }

    fn tell(level: Level, text: &str) {
        match level {
            Level::ERROR | Level::WARN => warn!(target: "ffmpeg", "{text}"),
            Level::INFO => info!(target: "ffmpeg", "{text}"),
            Level::DEBUG => debug!(target: "ffmpeg", "{text}"),
            Level::TRACE => trace!(target: "ffmpeg", "{text}"),
        }
    }

    /// Lets a few messages of each second through.
    struct Throttle {
        /// When the second began that is counted.
        second: Option<Instant>,
        kept: u32,
        left_out: u64,
    }

    impl Throttle {
        /// How many were left out before this one; `None` where it is left out itself.
        fn admit(&mut self, now: Instant) -> Option<u64> {
            if self.second.is_none_or(|second| now.saturating_duration_since(second) >= SECOND) {
                (self.second, self.kept) = (Some(now), 0);
            }
            if self.kept >= MOST_A_SECOND {
                self.left_out += 1;
                return None;
            }
            self.kept += 1;
            Some(std::mem::take(&mut self.left_out))
        }
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        fn add(line: &mut Line, text: &str) -> Option<String> {
            line.add(|part, _| part.iter_mut().zip(text.bytes()).for_each(|(to, from)| *to = from as c_char))
        }

        #[test]
        fn a_line_that_is_said_in_parts_is_one_line_without_anything_to_obey() {
            let mut line = Line { text: String::new(), is_prefix_due: 1 };
            assert_eq!(add(&mut line, "[mov] no \u{1b}[31m"), None);
            assert_eq!(add(&mut line, "frame\tat é\n"), Some("[mov] no  [31mframe at é".to_owned()));
            assert_eq!(add(&mut line, "next\n"), Some("next".to_owned()));
        }

        #[test]
        fn a_line_without_end_is_cut() {
            let mut line = Line { text: String::new(), is_prefix_due: 1 };
            let part = "x".repeat(LONGEST_BYTES - 1);
            assert_eq!(add(&mut line, &part), None);
            assert_eq!(add(&mut line, &part).map(|text| text.len()), Some(2 * LONGEST_BYTES - 2));
        }

        #[test]
        fn a_flood_is_cut_to_a_few_a_second_and_its_rest_is_counted() {
            let (mut throttle, begun) = (Throttle { second: None, kept: 0, left_out: 0 }, Instant::now());
            let mut at = |ms: u64| throttle.admit(begun + Duration::from_millis(ms));
            let admitted = (0..500).filter(|ms| at(*ms).is_some()).count();
            assert_eq!(admitted, MOST_A_SECOND as usize);
            assert_eq!(at(1000), Some(500 - u64::from(MOST_A_SECOND)));
            assert_eq!(at(1001), Some(0));
        }

        #[test]
        fn levels_are_those_of_a_program_that_is_all_right() {
            let levels = [ffi::AV_LOG_QUIET, ffi::AV_LOG_PANIC, ffi::AV_LOG_ERROR | 0x100, ffi::AV_LOG_WARNING];
            let expected = [None, Some(Level::WARN), Some(Level::WARN), Some(Level::INFO)];
            assert_eq!(levels.map(level_of), expected);
            assert_eq!(level_of(ffi::AV_LOG_INFO), Some(Level::DEBUG));
        }
    }
}
