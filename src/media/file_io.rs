//! What FFmpeg reads a file through: an I/O context with callbacks of ours over a file that is open, and that may be
//! shown as something else in places. FFmpeg itself opens nothing.
//!
//! ffmpeg-next has such contexts, too, and keeps room in each for the most that was ever read at once, for as long as
//! the file is open. FFmpeg asks for the tables of a track in one go: of ten hours they are 10 MB.

use std::ffi::{c_int, c_void};
use std::io;
use std::sync::Arc;

use ffmpeg_next::ffi;

use super::source::OpenFile;
use avar_base::job::CancelToken;

/// How much is read at a time.
const READ_BYTES: usize = 64 << 10;

/// An I/O context over an open file, which it keeps open.
pub(super) struct FileIo {
    /// Of FFmpeg's allocator, as is its buffer. Its callbacks are given `reading`.
    context: *mut ffi::AVIOContext,
    /// From a box; the callbacks alone look at it.
    reading: *mut Reading,
    cancel: CancelToken,
}

/// What the callbacks work on.
struct Reading {
    file: Arc<OpenFile>,
    place: u64,
    /// Where `free` is read instead of what is there.
    freed: Vec<u64>,
    cancel: CancelToken,
    /// Read into first: FFmpeg's own room may not be initialised, and a reader is free to look at what it is given.
    part: Box<[u8]>,
}

// SAFETY: both pointers are owned, and FFmpeg calls back on no thread but the one that reads from the context.
unsafe impl Send for FileIo {}

impl FileIo {
    /// Reads `file` from its start, with the word `free` at each of the places `freed`; ends once `cancel` is set.
    pub(super) fn new(file: Arc<OpenFile>, freed: Vec<u64>, cancel: &CancelToken) -> io::Result<Self> {
        let part = vec![0; READ_BYTES].into_boxed_slice();
        let reading = Box::new(Reading { file, place: 0, freed, cancel: cancel.clone(), part });
        let mut io = Self { context: std::ptr::null_mut(), reading: Box::into_raw(reading), cancel: cancel.clone() };
        // SAFETY: the buffer becomes the context's or is freed; the callbacks are given what they expect.
        unsafe {
            let buffer = ffi::av_malloc(READ_BYTES);
            if !buffer.is_null() {
                let (len, reading) = (READ_BYTES as c_int, io.reading.cast());
                io.context = ffi::avio_alloc_context(buffer.cast(), len, 0, reading, Some(read), None, Some(seek));
                if io.context.is_null() {
                    ffi::av_free(buffer);
                }
            }
        }
        if io.context.is_null() { Err(io::ErrorKind::OutOfMemory.into()) } else { Ok(io) }
    }

    /// Never null; not to be used after this has been dropped.
    pub(super) fn context(&self) -> *mut ffi::AVIOContext {
        self.context
    }

    pub(super) fn is_cancelled(&self) -> bool {
        self.cancel.is_cancelled()
    }
}

impl Drop for FileIo {
    fn drop(&mut self) {
        // SAFETY: what is owned, given up once. FFmpeg may have put another buffer in the place of the first.
        unsafe {
            if !self.context.is_null() {
                ffi::av_freep((&raw mut (*self.context).buffer).cast());
                ffi::avio_context_free(&mut self.context);
            }
            drop(Box::from_raw(self.reading));
        }
    }
}

impl Reading {
    /// At most so many of the next bytes, as the file is shown; none at its end.
    fn next(&mut self, len: usize) -> io::Result<&[u8]> {
        let room = &mut self.part[..len.min(READ_BYTES)];
        let count = self.file.read_at(room, self.place)?;
        for start in &self.freed {
            for (place, shown) in (*start..).zip(b"free") {
                if (self.place..self.place + count as u64).contains(&place) {
                    room[(place - self.place) as usize] = *shown;
                }
            }
        }
        self.place += count as u64;
        Ok(&self.part[..count])
    }
}

/// Reads at most `len` bytes; FFmpeg asks again for the rest.
unsafe extern "C" fn read(reading: *mut c_void, room: *mut u8, len: c_int) -> c_int {
    // SAFETY: what the context was made with, which nobody else looks at.
    let reading = unsafe { &mut *reading.cast::<Reading>() };
    if reading.cancel.is_cancelled() {
        return ffi::AVERROR_EXIT;
    }
    match reading.next(usize::try_from(len).unwrap_or(0)) {
        Ok([]) => ffi::AVERROR_EOF,
        Ok(bytes) => {
            // SAFETY: FFmpeg has room for `len` bytes, and these are no more.
            unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), room, bytes.len()) };
            bytes.len() as c_int
        }
        Err(error) => failure(&error),
    }
}

/// Goes to a place from the start of the file, or says how long that is, which is all that FFmpeg asks for.
unsafe extern "C" fn seek(reading: *mut c_void, offset: i64, whence: c_int) -> i64 {
    const FROM_START: c_int = 0;
    // SAFETY: as in `read`.
    let reading = unsafe { &mut *reading.cast::<Reading>() };
    match (whence & !ffi::AVSEEK_FORCE, u64::try_from(offset)) {
        (ffi::AVSEEK_SIZE, _) => i64::try_from(reading.file.size_bytes()).unwrap_or(i64::MAX),
        (FROM_START, Ok(place)) => {
            reading.place = place;
            offset
        }
        _ => ffi::AVERROR(ffi::EINVAL).into(),
    }
}

fn failure(error: &io::Error) -> c_int {
    ffi::AVERROR(error.raw_os_error().filter(|code| *code > 0).unwrap_or(ffi::EIO))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn io_over(bytes: &[u8], cancel: &CancelToken) -> FileIo {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), bytes).unwrap();
        FileIo::new(Arc::new(OpenFile::open(file.path()).unwrap()), vec![4, 70_000], cancel).unwrap()
    }

    /// What FFmpeg gets when it asks for `len` bytes at `place`.
    fn bytes_at(io: &FileIo, place: i64, len: usize) -> Result<Vec<u8>, c_int> {
        let mut room = vec![0; len];
        // SAFETY: the context is alive, the room is as large as it is said to be.
        let count = unsafe {
            assert_eq!(ffi::avio_seek(io.context(), place, 0), place);
            ffi::avio_read(io.context(), room.as_mut_ptr(), len as c_int)
        };
        room.truncate(usize::try_from(count).map_err(|_| count)?);
        Ok(room)
    }

    #[test]
    fn whatever_is_asked_for_is_what_the_file_shows() {
        let mut bytes: Vec<u8> = (0..300_000_u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
        let io = io_over(&bytes, &CancelToken::default());
        for place in [4, 70_000] {
            bytes[place..place + 4].copy_from_slice(b"free");
        }
        // More at once than is read at a time, backwards, around a masked place, and up to the end.
        for (place, len) in [(0, 250_000), (69_998, 4), (70_002, 9), (3, 2), (299_990, 10)] {
            assert_eq!(bytes_at(&io, place as i64, len).unwrap(), bytes[place..place + len], "{len} at {place}");
        }
        assert_eq!(bytes_at(&io, 299_990, 50).unwrap(), bytes[299_990..]);
        assert_eq!(bytes_at(&io, 300_000, 1), Err(ffi::AVERROR_EOF));
        // SAFETY: the context is alive.
        assert_eq!(unsafe { ffi::avio_size(io.context()) }, 300_000);
    }

    #[test]
    fn once_cancelled_nothing_more_is_read() {
        let cancel = CancelToken::default();
        let io = io_over(&[7; 200_000], &cancel);
        assert_eq!(bytes_at(&io, 0, 10).unwrap(), [7, 7, 7, 7, b'f', b'r', b'e', b'e', 7, 7]);
        cancel.cancel();
        assert_eq!(bytes_at(&io, 150_000, 10), Err(ffi::AVERROR_EXIT));
    }
}
