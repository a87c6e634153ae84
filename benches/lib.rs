//! Speed of decoding, networks, analysis, seeking and the window: `make bench`, and README.md beside this file.
//!
//! A crate of its own, so that what a benchmark is linked with changes nothing in what the program is built of.
