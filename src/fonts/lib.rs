//! The system's fonts: which of them draws a letter that the program's own fonts lack.
//!
//! The system's fonts are listed on the first question, which takes a tenth of a second and on some machines several:
//! not to be asked on the window's thread. A font that is used is read whole, never mapped: an upgrade of the system
//! must not pull it away from under the letters.
//!
//! # What does not exist here
//!
//! - No other crate of this workspace: whoever draws comes here with letters.
//! - Nothing is laid out or drawn here, and no font comes from elsewhere than the system.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use fontdb::{Database, FaceInfo, ID, Source, Stretch, Style};
use skrifa::{FontRef, MetadataProvider};

/// Code points that are named in the note on missing letters.
const MOST_NAMED: usize = 3;

/// The weight that text is set in, of 100 to 900.
const REGULAR: u16 = 400;

/// A face of a font file, which is read whole.
#[derive(Clone)]
pub struct Face {
    /// As CSS and SVG name it; faces of several weights share it.
    pub family: String,
    /// The bytes of the whole file, which may hold several faces; clones share them.
    pub file: Arc<Vec<u8>>,
    /// Of the face within the file.
    pub index: u32,
}

impl Face {
    /// Whether the face has an outline for the letter; a coloured picture of it does not count.
    pub fn draws(&self, letter: char) -> bool {
        !drawn_with(&self.file, self.index, &BTreeSet::from([letter])).is_empty()
    }
}

/// Faces that together draw a set of letters.
#[derive(Default)]
pub struct Cover {
    /// Each with the letters that are drawn with it.
    pub faces: Vec<(Face, Vec<char>)>,
    /// Letters that no font has.
    pub missing: BTreeSet<char>,
}

/// The fonts that the system lists, and the letters so far that none of them has.
pub struct SystemFonts {
    database: Database,
    /// Best first.
    order: Vec<ID>,
    /// All letters so far that no font has.
    missing: Mutex<BTreeSet<char>>,
}

static SHARED: OnceLock<SystemFonts> = OnceLock::new();

/// What to say of letters that were to be drawn and are boxes.
pub fn note() -> Option<String> {
    SHARED.get().and_then(SystemFonts::note)
}

impl SystemFonts {
    /// Lists them on the first call.
    pub fn shared() -> &'static Self {
        SHARED.get_or_init(|| {
            let mut database = Database::new();
            database.load_system_fonts();
            Self::new(database, Region::of_system())
        })
    }

    fn new(database: Database, region: Region) -> Self {
        let mut faces: Vec<&FaceInfo> = database.faces().collect();
        faces.sort_by_key(|face| rank(face, region));
        let order = faces.into_iter().map(|face| face.id).collect();
        Self { database, order, missing: Mutex::default() }
    }

    /// Looks for fonts whose files have at most `most_bytes` together; what only larger ones draw counts as missing.
    pub fn cover(&self, letters: &BTreeSet<char>, most_bytes: u64) -> Cover {
        let mut cover = Cover { faces: Vec::new(), missing: letters.clone() };
        let mut left_bytes = most_bytes;
        for id in &self.order {
            if cover.missing.is_empty() {
                break;
            }
            let drawn = self.database.with_face_data(*id, |file, index| drawn_with(file, index, &cover.missing));
            let drawn = drawn.unwrap_or_default();
            if drawn.is_empty() {
                continue;
            }
            // A font that was removed since it was listed, or is too large, is passed over for the next one.
            let Some(face) = self.read(*id, left_bytes) else { continue };
            left_bytes -= face.file.len() as u64;
            cover.missing.retain(|letter| !drawn.contains(letter));
            cover.faces.push((face, drawn));
        }
        self.missing.lock().unwrap_or_else(PoisonError::into_inner).extend(&cover.missing);
        cover
    }

    fn note(&self) -> Option<String> {
        let missing = self.missing.lock().unwrap_or_else(PoisonError::into_inner);
        let named = missing.iter().take(MOST_NAMED).map(|letter| format!("U+{:04X}", u32::from(*letter)));
        let named = named.collect::<Vec<_>>().join(", ");
        let more = match missing.len().saturating_sub(MOST_NAMED) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        (!missing.is_empty()).then(|| format!("no font of this system has the letters {named}{more}"))
    }

    fn read(&self, id: ID, most_bytes: u64) -> Option<Face> {
        let info = self.database.face(id)?;
        let file = match &info.source {
            Source::File(path) | Source::SharedFile(path, _) => {
                let is_small_enough = std::fs::metadata(path).is_ok_and(|file| file.len() <= most_bytes);
                is_small_enough.then(|| std::fs::read(path).ok())??
            }
            Source::Binary(bytes) => (**bytes).as_ref().to_vec(),
        };
        let family = info.families.first().map_or_else(|| info.post_script_name.clone(), |(name, _)| name.clone());
        (file.len() as u64 <= most_bytes).then(|| Face { family, file: Arc::new(file), index: info.index })
    }
}

/// Of the letters, those of which the face has an outline: a font of coloured pictures alone draws nothing here.
fn drawn_with(file: &[u8], index: u32, letters: &BTreeSet<char>) -> Vec<char> {
    let Ok(font) = FontRef::from_index(file, index) else { return Vec::new() };
    let (names, outlines) = (font.charmap(), font.outline_glyphs());
    let is_drawn = |letter: char| names.map(letter).is_some_and(|glyph| outlines.get(glyph).is_some());
    letters.iter().copied().filter(|letter| is_drawn(*letter)).collect()
}

/// Which forms Chinese characters have: those of one code point differ from country to country.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Region {
    China,
    HongKong,
    Japan,
    Korea,
    Taiwan,
}

impl Region {
    /// By the variables that name the language of letters; simplified Chinese for all other languages.
    fn of_system() -> Self {
        let set = |name| std::env::var(name).ok().filter(|locale| !locale.is_empty());
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(set);
        Self::of_locale(locale.as_deref().unwrap_or_default())
    }

    /// Of a name such as `ja_JP.UTF-8`.
    fn of_locale(locale: &str) -> Self {
        match locale.split(['.', '@']).next().unwrap_or_default() {
            name if name.starts_with("ja") => Self::Japan,
            name if name.starts_with("ko") => Self::Korea,
            "zh_HK" | "zh_MO" => Self::HongKong,
            "zh_TW" => Self::Taiwan,
            _ => Self::China,
        }
    }

    /// The letters at the end of a family's name that is made for one region.
    fn of_family(family: &str) -> Option<Self> {
        match family.rsplit(' ').next()? {
            "SC" | "CN" => Some(Self::China),
            "HK" => Some(Self::HongKong),
            "JP" | "J" => Some(Self::Japan),
            "KR" | "K" => Some(Self::Korea),
            "TC" | "TW" => Some(Self::Taiwan),
            _ => None,
        }
    }
}

/// By which the better font comes first: upright and regular, of the family that was made so that no letter is
/// missing, without serifs as the program's own, and of the region's forms. Fonts that draw a stand-in for every
/// letter come last.
fn rank(face: &FaceInfo, region: Region) -> impl Ord + use<> {
    let family = face.families.first().map_or("", |(name, _)| name.as_str());
    let has = |word: &str| family.split(' ').any(|part| part == word);
    let is_stand_in = family.contains("LastResort") || family.contains("Last Resort") || family.contains("Unifont");
    let is_upright = face.style == Style::Normal && face.stretch == Stretch::Normal;
    let kind = match () {
        _ if face.monospaced || has("Mono") || has("Serif") || has("Math") => 2,
        _ if family.starts_with("Noto Sans ") => 0,
        _ => 1,
    };
    let of_region = match Region::of_family(family) {
        Some(own) if own == region => 0,
        None => 1,
        Some(_) => 2,
    };
    (is_stand_in, !is_upright, kind, of_region, face.weight.0.abs_diff(REGULAR), family.to_owned(), face.index)
}

#[cfg(test)]
mod tests {
    use fontdb::{Language, Weight};

    use super::*;

    fn face(family: &str, style: Style, weight: u16) -> FaceInfo {
        FaceInfo {
            id: ID::dummy(),
            source: Source::Binary(Arc::new(Vec::new())),
            index: 0,
            families: vec![(family.to_owned(), Language::English_UnitedStates)],
            post_script_name: String::new(),
            style,
            weight: Weight(weight),
            stretch: Stretch::Normal,
            monospaced: false,
        }
    }

    /// Families in the order in which they are asked.
    fn ordered(region: Region, mut faces: Vec<FaceInfo>) -> Vec<String> {
        faces.sort_by_key(|face| rank(face, region));
        faces.into_iter().map(|face| format!("{} {}", face.families[0].0, face.weight.0)).collect()
    }

    #[test]
    fn upright_regular_fonts_without_serifs_are_asked_first_and_stand_ins_last() {
        let faces = vec![
            face("Unifont", Style::Normal, 400),
            face("Noto Sans Arabic", Style::Italic, 400),
            face("Noto Serif Arabic", Style::Normal, 400),
            face("DejaVu Sans", Style::Normal, 400),
            face("Noto Sans Arabic", Style::Normal, 700),
            face("Noto Sans Arabic", Style::Normal, 400),
        ];
        let expected = [
            "Noto Sans Arabic 400",
            "Noto Sans Arabic 700",
            "DejaVu Sans 400",
            "Noto Serif Arabic 400",
            "Noto Sans Arabic 400",
            "Unifont 400",
        ];
        assert_eq!(ordered(Region::China, faces), expected);
    }

    #[test]
    fn chinese_characters_have_the_forms_of_the_system_s_language() {
        let of = |locale| {
            let names = ["Noto Sans CJK HK", "Noto Sans CJK JP", "Noto Sans CJK KR", "Noto Sans CJK SC"];
            let faces = names.map(|name| face(name, Style::Normal, 400)).into_iter();
            ordered(Region::of_locale(locale), faces.collect())[0].clone()
        };
        assert_eq!(of("ja_JP.UTF-8"), "Noto Sans CJK JP 400");
        assert_eq!(of("ko_KR.UTF-8"), "Noto Sans CJK KR 400");
        assert_eq!(of("zh_HK"), "Noto Sans CJK HK 400");
        assert_eq!(of("zh_CN.GB18030"), "Noto Sans CJK SC 400");
        assert_eq!(of("de_DE.UTF-8@euro"), "Noto Sans CJK SC 400");
        assert_eq!(of(""), "Noto Sans CJK SC 400");
    }

    fn bundled() -> SystemFonts {
        let mut database = Database::new();
        database.load_font_data(include_bytes!("../../assets/fonts/Roboto-Regular.ttf").to_vec());
        SystemFonts::new(database, Region::China)
    }

    #[test]
    fn letters_are_drawn_with_the_fonts_that_have_them_and_the_others_are_named() {
        let cover = bundled().cover(&BTreeSet::from(['ж', 'λ', '停']), u64::MAX);
        let drawn: Vec<_> =
            cover.faces.iter().map(|(face, letters)| (face.family.as_str(), letters.as_slice())).collect();
        assert_eq!(drawn, [("Roboto", ['λ', 'ж'].as_slice())]);
        assert_eq!(cover.missing, BTreeSet::from(['停']));
    }

    #[test]
    fn letters_that_no_font_has_are_named_a_few_of_many() {
        let fonts = bundled();
        let note = |letters: &str| {
            fonts.cover(&letters.chars().collect(), u64::MAX);
            fonts.note()
        };
        assert_eq!(note("ж"), None);
        assert_eq!(note("停"), Some("no font of this system has the letters U+505C".to_owned()));
        let sentence = "no font of this system has the letters U+505C, U+5834, U+6240 and 2 more";
        assert_eq!(note("停車場所有"), Some(sentence.to_owned()));
    }

    #[test]
    fn a_font_for_which_there_is_no_memory_is_not_read() {
        let cover = bundled().cover(&BTreeSet::from(['ж']), 1000);
        assert!(cover.faces.is_empty());
        assert_eq!(cover.missing, BTreeSet::from(['ж']));
    }
}
