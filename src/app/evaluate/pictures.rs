//! Pictures of clips at their peaks: asked for as they come on screen, answered by the desk, a few hundred kept.

use std::collections::{HashMap, VecDeque};
use std::path::PathBuf;

use eframe::egui::TextureHandle;

/// A picture that is to be made.
#[derive(Clone, Debug, PartialEq)]
pub struct PictureRequest {
    /// The clip's path in its run, by which the answer finds its place.
    pub clip: String,
    /// The recording; it may have been moved.
    pub file: PathBuf,
    /// On the file's own axis.
    pub time_s: f64,
}

/// Why there is no picture.
#[derive(Clone, Debug, PartialEq)]
pub enum PictureProblem {
    NotFound,
    SoundOnly,
    /// One sentence.
    Failed(String),
}

/// A clip's picture as far as it is there.
pub enum ClipPicture {
    Loading,
    Shown(TextureHandle),
    Absent(PictureProblem),
}

#[derive(Default)]
pub struct Pictures {
    known: HashMap<String, ClipPicture>,
    /// The clips of `known`, the oldest first.
    order: VecDeque<String>,
    wanted: Vec<PictureRequest>,
}

/// More than two screens full.
const MOST: usize = 256;

impl Pictures {
    pub fn of(&self, clip: &str) -> Option<&ClipPicture> {
        self.known.get(clip)
    }

    /// What is on screen now; what was wanted before and has gone is forgotten.
    pub fn want(&mut self, requests: Vec<PictureRequest>) {
        self.wanted = requests;
        self.wanted.retain(|request| !self.known.contains_key(&request.clip));
    }

    /// The next picture to make.
    pub fn take_request(&mut self) -> Option<PictureRequest> {
        if self.wanted.is_empty() {
            return None;
        }
        let request = self.wanted.remove(0);
        self.keep(request.clip.clone(), ClipPicture::Loading);
        Some(request)
    }

    /// The answer to a request. Nothing where the clip is not asked for any more.
    pub fn take(&mut self, clip: &str, answer: Result<TextureHandle, PictureProblem>) {
        if let Some(picture) = self.known.get_mut(clip) {
            *picture = answer.map_or_else(ClipPicture::Absent, ClipPicture::Shown);
        }
    }

    pub fn is_waiting(&self) -> bool {
        !self.wanted.is_empty()
    }

    pub fn clear(&mut self) {
        *self = Self::default();
    }

    fn keep(&mut self, clip: String, picture: ClipPicture) {
        self.order.push_back(clip.clone());
        self.known.insert(clip, picture);
        while self.order.len() > MOST {
            if let Some(oldest) = self.order.pop_front() {
                self.known.remove(&oldest);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use eframe::egui::{ColorImage, Context, TextureOptions};

    use super::*;

    fn request(clip: usize) -> PictureRequest {
        PictureRequest { clip: clip.to_string(), file: PathBuf::from("/a.mp4"), time_s: 1.0 }
    }

    #[test]
    fn a_picture_is_asked_for_once() {
        let mut pictures = Pictures::default();
        pictures.want(vec![request(1), request(2)]);
        assert_eq!(pictures.take_request(), Some(request(1)));
        pictures.want(vec![request(1), request(3)]);
        assert_eq!(pictures.take_request(), Some(request(3)), "1 is under way and 2 has left the screen");
        assert_eq!(pictures.take_request(), None);
    }

    #[test]
    fn an_answer_takes_its_place() {
        let (ctx, mut pictures) = (Context::default(), Pictures::default());
        pictures.want(vec![request(1), request(2)]);
        (0..2).for_each(|_| drop(pictures.take_request()));
        let texture = || ctx.load_texture("x", ColorImage::example(), TextureOptions::LINEAR);
        pictures.take("1", Ok(texture()));
        pictures.take("2", Err(PictureProblem::SoundOnly));
        pictures.take("9", Ok(texture()));
        assert!(matches!(pictures.of("1"), Some(ClipPicture::Shown(_))));
        assert!(matches!(pictures.of("2"), Some(ClipPicture::Absent(PictureProblem::SoundOnly))));
        assert!(pictures.of("9").is_none());
    }

    #[test]
    fn the_oldest_pictures_give_way() {
        let mut pictures = Pictures::default();
        for clip in 0..MOST + 10 {
            pictures.want(vec![request(clip)]);
            pictures.take_request();
        }
        assert!(pictures.of("9").is_none() && pictures.of("10").is_some());
        assert_eq!(pictures.known.len(), MOST);
    }
}
