//! Other people's words, counts and lists inside our sentences.

use std::collections::BTreeMap;

const QUOTED_CHARS: usize = 60;

/// The text between backquotes: shortened, and with control characters made visible, for it may come from anyone.
pub fn quoted(text: &str) -> String {
    let mut shown: String = text.chars().take(QUOTED_CHARS).flat_map(visible).collect();
    if text.chars().nth(QUOTED_CHARS).is_some() {
        shown.push('…');
    }
    format!("`{shown}`")
}

/// "a, b and c", or "a, b and 7 more" beyond `at_most`.
pub fn listed<T: AsRef<str>>(names: &[T], at_most: usize) -> String {
    let (shown, rest) = names.split_at(names.len().min(at_most));
    let mut words: Vec<String> = shown.iter().map(|name| name.as_ref().to_owned()).collect();
    if !rest.is_empty() {
        words.push(format!("{} more", rest.len()));
    }
    match words.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} and {last}", others.join(", ")),
        None => String::new(),
    }
}

/// "1 clip", "2 clips".
pub fn counted(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

/// "`riot` (12), `shooting` (3) and 4 more", the most frequent first.
pub fn tallied(counts: &BTreeMap<String, usize>, at_most: usize) -> String {
    let mut entries: Vec<(&String, &usize)> = counts.iter().collect();
    entries.sort_by_key(|(label, count)| (std::cmp::Reverse(**count), *label));
    let words: Vec<String> = entries.iter().map(|(label, count)| format!("{} ({count})", quoted(label))).collect();
    listed(&words, at_most)
}

fn visible(c: char) -> Vec<char> {
    // Marks of writing direction could make a message read as something else.
    let is_hidden =
        c.is_control() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    if is_hidden { c.escape_default().collect() } else { vec![c] }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_names_the_first_and_counts_the_rest() {
        assert_eq!(listed(&["a"], 3), "a");
        assert_eq!(listed(&["a", "b", "c"], 3), "a, b and c");
        assert_eq!(listed(&["a", "b", "c", "d"], 2), "a, b and 2 more");
        assert_eq!(listed::<&str>(&[], 2), "");
    }

    #[test]
    fn a_quotation_is_short_and_shows_what_is_hidden() {
        assert_eq!(quoted("a\u{1b}[31m\n"), "`a\\u{1b}[31m\\n`");
        assert_eq!(quoted(&"x".repeat(500)).chars().count(), QUOTED_CHARS + 3);
    }

    #[test]
    fn a_tally_begins_with_the_most_frequent() {
        let counts = BTreeMap::from([("a".to_owned(), 1), ("b".to_owned(), 5), ("c".to_owned(), 1)]);
        assert_eq!(tallied(&counts, 2), "`b` (5), `a` (1) and 1 more");
    }
}
