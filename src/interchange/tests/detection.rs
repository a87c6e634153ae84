//! Which format a file is found to be in.

use avar_interchange::{Format, FormatError, detect, write};
use fastrand::Rng;

use crate::samples::{NAME, named, random_annotations, steady};

#[test]
fn what_is_written_in_a_format_is_found_to_be_in_it() {
    let timeline = steady();
    for format in Format::ALL {
        for seed in 0..30 {
            let all = random_annotations(&mut Rng::with_seed(seed), &named(NAME, &timeline));
            let text = write(format, &all, &timeline).unwrap().text;
            // Without an event these say nothing of themselves.
            let is_bare = matches!(format, Format::Audacity | Format::LosslessCut) && text.is_empty()
                || format == Format::XdViolence && text.split_whitespace().count() < 3
                || format == Format::LabelStudio && all.spans.is_empty();
            if !is_bare {
                let name = format!("x.{}", format.extension());
                assert_eq!(detect(&name, &text), Ok(format), "{text}");
                assert_eq!(detect("x", &format!("\u{feff}{text}")), Ok(format), "by what stands in it");
            }
        }
    }
}

#[test]
fn a_file_of_none_of_the_formats_is_refused_with_their_names() {
    for (name, text) in
        [("a.json", "{\"x\": 1}"), ("a.txt", "hello"), ("a.csv", ""), ("a.xml", "<html/>"), ("a", "[1]")]
    {
        let Err(FormatError::Unrecognised { known }) = detect(name, text) else { panic!("{name} is taken") };
        assert!(known.contains("elan") && known.contains("avar-json") && !known.contains("webvtt"));
    }
}

#[test]
fn formats_are_found_by_their_names_and_names_are_their_own() {
    for format in Format::ALL {
        assert_eq!(Format::from_name(format.name()), Some(format));
    }
    assert_eq!(Format::from_name("ELAN"), None);
}
