//! XML that is made to hurt, and ELAN files that contradict themselves.

use avar_interchange::Format;

use crate::samples::read_steady;

fn refused(text: &str) -> String {
    match read_steady(Format::Elan, text) {
        Ok(found) => panic!("taken as {found:?}"),
        Err(error) => error.to_string(),
    }
}

fn document(body: &str) -> String {
    format!("<ANNOTATION_DOCUMENT FORMAT=\"3.0\">{body}</ANNOTATION_DOCUMENT>")
}

/// One tier of annotations, each between two times in milliseconds.
fn tier(times: &[[&str; 2]]) -> String {
    let (mut slots, mut annotations) = (String::new(), String::new());
    for (number, [start, end]) in times.iter().enumerate() {
        slots.push_str(&format!(
            "<TIME_SLOT TIME_SLOT_ID=\"s{number}\" TIME_VALUE=\"{start}\"/>\
             <TIME_SLOT TIME_SLOT_ID=\"e{number}\" TIME_VALUE=\"{end}\"/>"
        ));
        annotations.push_str(&format!(
            "<ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID=\"a{number}\" TIME_SLOT_REF1=\"s{number}\" \
             TIME_SLOT_REF2=\"e{number}\"><ANNOTATION_VALUE>crash</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></ANNOTATION>"
        ));
    }
    document(&format!("<TIME_ORDER>{slots}</TIME_ORDER><TIER TIER_ID=\"t\">{annotations}</TIER>"))
}

#[test]
fn a_billion_laughs_are_not_begun() {
    let mut entities = String::from("<!ENTITY a0 \"ha\">");
    for level in 1..10 {
        let inner = format!("&a{};", level - 1).repeat(10);
        entities.push_str(&format!("<!ENTITY a{level} \"{inner}\">"));
    }
    let text =
        format!("<?xml version=\"1.0\"?><!DOCTYPE x [{entities}]><ANNOTATION_DOCUMENT>&a9;</ANNOTATION_DOCUMENT>");
    assert!(refused(&text).contains("document type"), "{}", refused(&text));
    let file = "<!DOCTYPE x [<!ENTITY e SYSTEM \"file:///etc/passwd\">]><ANNOTATION_DOCUMENT>&e;</ANNOTATION_DOCUMENT>";
    assert!(refused(file).contains("document type"));
    assert!(refused(&document("&e;")).contains("entity"), "{}", refused(&document("&e;")));
}

#[test]
fn what_a_parser_takes_hours_for_is_refused() {
    let attributes: String = (0..100_000).map(|number| format!(" a{number}=\"\"")).collect();
    assert!(refused(&format!("<ANNOTATION_DOCUMENT{attributes}/>")).contains("16 KiB"));
    let namespaces: String = (0..1000).map(|number| format!("<a xmlns:n{number}=\"u{number}\">")).collect();
    assert!(refused(&document(&namespaces)).contains("namespaces"));
    assert!(refused(&"<a>".repeat(1_000_000)).contains("nested"));
    assert!(refused(&document(&"<a".repeat(1_000_000))).contains("tag"));
    assert!(read_steady(Format::Elan, &document(&"<a/>".repeat(1_000_000))).is_ok());
}

#[test]
fn brackets_in_comments_data_and_quotes_are_no_tags() {
    let body = format!("<!-- <a> don't {} --><![CDATA[<a><a>]]><P v=\"<>\" w='>'/>", "<a>".repeat(100));
    // A `<` within quotes is no XML, and the parser says so; the others are taken.
    assert!(read_steady(Format::Elan, &document(&body)).is_err());
    assert!(read_steady(Format::Elan, &document(&body.replace("\"<>\"", "\">\""))).is_ok());
}

#[test]
fn what_is_no_such_document_is_named() {
    for (text, part) in [
        ("<html/>", "`html` and not ANNOTATION_DOCUMENT"),
        ("<ANNOTATION_DOCUMENT FORMAT=\"4.0\"/>", "version `4.0`, and 2 and 3 can be read"),
        ("<ANNOTATION_DOCUMENT FORMAT=\"\"/>", "version ``"),
        ("<ANNOTATION_DOCUMENT><HEADER TIME_UNITS=\"PAL-frames\"/></ANNOTATION_DOCUMENT>", "`PAL-frames`"),
        ("<ANNOTATION_DOCUMENT>", "ELAN"),
        ("", "ELAN"),
        ("{}", "ELAN"),
    ] {
        assert!(refused(text).contains(part), "{text}: {}", refused(text));
    }
}

#[test]
fn times_that_make_no_sense_are_named() {
    for (times, part) in [
        ([["500", "400"]].as_slice(), "annotation 1: an event that starts at 500 ms ends at 400 ms"),
        (&[["400", "400"]], "not after"),
        (&[["-5", "400"]], "time slot 1: -5 ms is below zero"),
        (&[["0", "99999999999999999999"]], "beyond the end of any recording"),
        (&[["0", "99999999999"]], "beyond the end of any recording"),
        (&[["0", "NaN"]], "`NaN` is no time in milliseconds"),
        (&[["0", "1.5"]], "no time in milliseconds"),
        (&[["0", "--5"]], "no time in milliseconds"),
        (&[["0", "400"], ["1000", "2000"], ["300", "500"]], "annotation 3: it overlaps"),
    ] {
        assert!(refused(&tier(times)).contains(part), "{times:?}: {}", refused(&tier(times)));
    }
    assert!(read_steady(Format::Elan, &tier(&[["0", "400"], ["400", "500"]])).is_ok());
}

#[test]
fn references_that_lead_nowhere_are_named() {
    let whole = tier(&[["0", "400"]]);
    for (from, to, part) in [
        ("TIME_SLOT_REF2=\"e0\"", "TIME_SLOT_REF2=\"nowhere\"", "there is no time slot `nowhere`"),
        ("TIME_SLOT_REF2=\"e0\"", "", "its second time slot is missing"),
        ("TIME_SLOT_ID=\"e0\"", "TIME_SLOT_ID=\"s0\"", "another time slot too"),
        ("TIME_SLOT_ID=\"e0\"", "", "TIME_SLOT_ID is missing"),
    ] {
        assert!(refused(&whole.replace(from, to)).contains(part), "{part}: {}", refused(&whole.replace(from, to)));
    }
}
