//! Letters of every script: fonts of the system for what the window's own lack, words from right to left.
//!
//! A font is looked for when text with such a letter has been laid out, on a thread of its own; until it is found the
//! letter is a box.

mod direction;

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use eframe::egui::epaint::text::{
    FallbackRequest, FontData, FontInsert, FontPriority, FontProvider, InsertFontFamily, VariationCoords,
};
use eframe::egui::{Context, FontFamily};

use self::direction::Direction;
use avar_base::job::{Job, JobEvent, Wake};
use avar_fonts::{Cover, Face, SystemFonts};

/// Of font files, which stay in memory while the window is open: one has all Chinese, Japanese and Korean letters in
/// 20 MB, most others one script in less than one.
const MOST_BYTES: u64 = 96 << 20;

pub struct Letters {
    answers: Arc<Answers>,
    job: Option<Job<(), Cover>>,
    bytes: u64,
}

/// What egui asks while it lays out text, and what is known so far. The window waits meanwhile: nothing is read here.
#[derive(Default)]
struct Answers(Mutex<Known>);

#[derive(Default)]
struct Known {
    faces: Vec<Face>,
    /// The place among the faces; none where no font has the letter.
    of_letter: HashMap<char, Option<usize>>,
    /// Letters that are still to be looked for.
    asked: BTreeSet<char>,
}

impl Answers {
    fn known(&self) -> std::sync::MutexGuard<'_, Known> {
        // Each change is whole before anything can panic.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl FontProvider for Answers {
    fn font_for(&self, request: &FallbackRequest<'_>) -> Option<FontInsert> {
        let letter = request.cluster.chars().next().filter(|letter| !is_private(*letter))?;
        let mut known = self.known();
        let place = match known.of_letter.get(&letter) {
            Some(answer) => *answer,
            None => known.faces.iter().position(|face| face.draws(letter)),
        };
        if place.is_none() && !known.of_letter.contains_key(&letter) {
            known.asked.insert(letter);
        }
        place.map(|place| insert(&known.faces[place]))
    }
}

/// Of no meaning but in the font that was made for it.
fn is_private(letter: char) -> bool {
    matches!(letter, '\u{e000}'..='\u{f8ff}' | '\u{f0000}'..='\u{10ffff}')
}

impl Letters {
    /// Once for each window.
    pub fn new(ctx: &Context) -> Self {
        let answers = Arc::<Answers>::default();
        ctx.add_font_provider(Arc::<Answers>::clone(&answers));
        ctx.add_plugin(Direction);
        Self { answers, job: None, bytes: 0 }
    }

    /// Takes in what has been found and looks for what the text laid out so far lacks.
    pub fn tick(&mut self, ctx: &Context, wake: &Wake) {
        while let Some(event) = self.job.as_mut().and_then(Job::try_next) {
            if let JobEvent::Done(cover) = event {
                self.take(ctx, cover);
            }
        }
        self.job.take_if(|job| job.has_ended());
        if self.job.is_some() {
            return;
        }
        let mut known = self.answers.known();
        // What two families asked while it was looked for is known by now.
        let asked: BTreeSet<char> = std::mem::take(&mut known.asked);
        let asked: BTreeSet<char> = asked.into_iter().filter(|letter| !known.of_letter.contains_key(letter)).collect();
        drop(known);
        if asked.is_empty() {
            return;
        }
        let left_bytes = MOST_BYTES - self.bytes;
        let wanted = asked.clone();
        let job = Job::spawn("fonts", wake.clone(), move |_| Ok(SystemFonts::shared().cover(&wanted, left_bytes)));
        match job {
            Ok(job) => self.job = Some(job),
            // Without a thread these letters stay boxes, and everything else goes on.
            Err(_) => self.take(ctx, Cover { faces: Vec::new(), missing: asked }),
        }
    }

    pub fn is_busy(&self) -> bool {
        self.job.is_some() || !self.answers.known().asked.is_empty()
    }

    fn take(&mut self, ctx: &Context, cover: Cover) {
        let mut known = self.answers.known();
        let has_found = !cover.faces.is_empty();
        for (face, letters) in cover.faces {
            self.bytes += face.file.len() as u64;
            let place = known.faces.len();
            known.faces.push(face);
            known.of_letter.extend(letters.into_iter().map(|letter| (letter, Some(place))));
        }
        known.of_letter.extend(cover.missing.into_iter().map(|letter| (letter, None)));
        drop(known);
        if has_found {
            // egui asks once for each letter: it forgets the answers with the providers.
            ctx.set_font_providers(vec![Arc::<Answers>::clone(&self.answers)]);
        }
    }
}

/// For all text, in the weight of ordinary text where the font has several.
fn insert(face: &Face) -> FontInsert {
    let Face { family, file, index } = face;
    let mut data = FontData::from_blob(Arc::<Vec<u8>>::clone(file), *index);
    if data.variation_axes().iter().any(|axis| axis.tag == *b"wght") {
        data.tweak.coords = VariationCoords::new([(b"wght", 400.0)]);
    }
    let of = |family| InsertFontFamily { family, priority: FontPriority::Lowest };
    FontInsert::new(&format!("{family} {index}"), data, vec![of(FontFamily::Proportional), of(FontFamily::Monospace)])
}
