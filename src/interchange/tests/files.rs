//! Annotations in files.

use avar_interchange::{AnnotatedSpan, FileError, Format, FormatError, read_file, write_file};

use crate::samples::{NAME, annotations, named, steady};

#[test]
fn a_file_comes_back_and_its_format_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let timeline = steady();
    let all = annotations(vec![AnnotatedSpan::new(5, 9, "crash")], &[]);
    for format in Format::ALL.into_iter().filter(|format| format.can_read() && *format != Format::ScoreTable) {
        let path = folder.path().join("new folder").join(format!("{}.{}", format.name(), format.extension()));
        assert_eq!(write_file(&path, format, &all, &timeline).unwrap(), [""; 0]);
        let (found, read) = read_file(&path, None, &named(NAME, &timeline)).unwrap();
        assert_eq!((found, read.annotations), (format, all.clone()));
    }
}

#[test]
fn every_refusal_ends_with_the_path() {
    let folder = tempfile::tempdir().unwrap();
    let timeline = steady();
    let path = |name: &str| folder.path().join(name);
    std::fs::write(path("binary.txt"), b"a\n\xff\xfe\0").unwrap();
    std::fs::write(path("nothing.txt"), "hello").unwrap();
    std::fs::File::create(path("large.txt")).unwrap().set_len((64 << 20) + 2).unwrap();
    for name in ["binary.txt", "nothing.txt", "large.txt", "absent.txt", "."] {
        let error = read_file(&path(name), None, &named(NAME, &timeline)).unwrap_err();
        assert!(error.to_string().ends_with(path(name).to_str().unwrap()), "{error}");
    }
    let problem = |name: &str| match read_file(&path(name), None, &named(NAME, &timeline)) {
        Err(FileError::Format { problem, .. }) => problem,
        other => panic!("{other:?}"),
    };
    assert_eq!(problem("binary.txt"), FormatError::NotText { line: 2 });
    assert_eq!(problem("large.txt"), FormatError::TooLarge { limit_mib: 64 });
    let outside = annotations(vec![AnnotatedSpan::new(5, 900, "crash")], &[]);
    let error = write_file(&path("out.json"), Format::Manifest, &outside, &timeline).unwrap_err();
    assert!(error.to_string().ends_with(path("out.json").to_str().unwrap()), "{error}");
    assert!(!path("out.json").exists());
}
