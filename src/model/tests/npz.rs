//! NumPy's compressed archives, as far as the recorded answers need them: candle reads uncompressed ones alone.

use std::collections::HashMap;
use std::io::Read;
use std::path::Path;

pub(super) struct Archive(HashMap<String, Vec<u8>>);

impl Archive {
    /// Panics on anything that NumPy did not write.
    pub(super) fn open(path: &Path) -> Archive {
        let file = std::fs::read(path).unwrap();
        let short = |at: usize| usize::from(u16::from_le_bytes([file[at], file[at + 1]]));
        let long = |at: usize| short(at) | short(at + 2) << 16;
        // The directory's end is a record of 22 bytes; it says how many entries there are and where they begin.
        let end = file.len() - 22;
        assert_eq!(file[end..end + 4], *b"PK\x05\x06", "{}", path.display());
        let mut entry = long(end + 16);
        let mut arrays = HashMap::new();
        for _ in 0..short(end + 10) {
            assert_eq!(file[entry..entry + 4], *b"PK\x01\x02", "{}", path.display());
            assert_eq!(short(entry + 10), 8, "an array that is not deflated");
            let (name_length, local) = (short(entry + 28), long(entry + 42));
            let name = String::from_utf8(file[entry + 46..entry + 46 + name_length].to_vec()).unwrap();
            let data = &file[local + 30 + short(local + 26) + short(local + 28)..];
            let mut array = Vec::new();
            flate2::read::DeflateDecoder::new(data).read_to_end(&mut array).unwrap();
            arrays.insert(name, array);
            entry += 46 + name_length + short(entry + 30) + short(entry + 32);
        }
        Archive(arrays)
    }

    pub(super) fn floats(&self, name: &str) -> Vec<f32> {
        self.data(name, "'<f4'").chunks_exact(4).map(|bytes| f32::from_le_bytes(bytes.try_into().unwrap())).collect()
    }

    pub(super) fn bytes(&self, name: &str) -> Vec<u8> {
        self.data(name, "'|u1'").to_vec()
    }

    /// What follows the header, in C order.
    fn data(&self, name: &str, kind: &str) -> &[u8] {
        let array = &self.0[&format!("{name}.npy")];
        let (header, data) = array.split_at(10 + usize::from(u16::from_le_bytes([array[8], array[9]])));
        let header = String::from_utf8_lossy(header);
        assert!(header.contains(kind) && header.contains("'fortran_order': False"), "{header}");
        data
    }
}
