//! Which keys do what: those that every action has at first, and what the user has set otherwise.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use eframe::egui::{Context, Id, Key, Modifiers};
use serde::{Deserialize, Serialize};
use tracing::warn;

use super::command::Action;
use super::evaluate::command::EvaluateAction;
use super::shortcut::Shortcut;
use super::state::Mode;

/// The keys of every action.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(from = "Written", into = "Written")]
pub struct KeyMap {
    /// Those that are not as at first.
    changed: HashMap<Action, Vec<Shortcut>>,
}

/// Names of actions, with keys in words: "Stop" has "Ctrl+K".
type Written = BTreeMap<String, Vec<String>>;

/// An action of the desk, or one of Evaluate's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnyAction {
    Desk(Action),
    Evaluate(EvaluateAction),
}

impl AnyAction {
    pub fn label(self) -> &'static str {
        match self {
            Self::Desk(action) => action.label(),
            Self::Evaluate(action) => action.label(),
        }
    }

    pub fn key_text(self, keys: &KeyMap) -> String {
        match self {
            Self::Desk(action) => keys.key_text(action),
            Self::Evaluate(action) => action.shortcut().text(),
        }
    }

    pub fn is_of_evaluate(self) -> bool {
        matches!(self, Self::Evaluate(_))
    }
}

impl KeyMap {
    /// That by which the window is drawn: tooltips stand everywhere, as colours do.
    pub fn of(ctx: &Context) -> Arc<Self> {
        ctx.data(|data| data.get_temp(Id::NULL)).unwrap_or_default()
    }

    /// Makes it that by which the window is drawn.
    pub(crate) fn install(self: &Arc<Self>, ctx: &Context) {
        ctx.data_mut(|data| data.insert_temp(Id::NULL, self.clone()));
    }

    pub fn shortcuts(&self, action: Action) -> Vec<Shortcut> {
        self.changed.get(&action).cloned().unwrap_or_else(|| action.first_shortcuts())
    }

    /// The keys in words, "Left or ,"; empty for an action without a key.
    pub fn key_text(&self, action: Action) -> String {
        self.shortcuts(action).iter().map(Shortcut::text).collect::<Vec<_>>().join(" or ")
    }

    /// "Step one frame back (Left or ,)"
    pub fn tooltip(&self, action: Action) -> String {
        match self.key_text(action) {
            keys if keys.is_empty() => action.label().to_owned(),
            keys => format!("{} ({keys})", action.label()),
        }
    }

    /// The action of a key press in a mode, if it has one.
    pub fn of_key(&self, mode: Mode, modifiers: Modifiers, key: Key) -> Option<Action> {
        let is_heard = |action: &Action| {
            action.is_heard_in(mode) && self.shortcuts(*action).iter().any(|shortcut| shortcut.matches(modifiers, key))
        };
        Action::ALL.into_iter().find(is_heard)
    }

    /// What else has this key where the action is heard.
    pub fn holders(&self, action: Action, shortcut: Shortcut) -> Vec<AnyAction> {
        let modes = [Mode::Review, Mode::Present];
        let meet = |other: Action| modes.iter().any(|mode| action.is_heard_in(*mode) && other.is_heard_in(*mode));
        let has_it = |other: &Action| self.shortcuts(*other).iter().any(|theirs| theirs.is_same_press(&shortcut));
        let others = Action::ALL.into_iter().filter(|other| *other != action && meet(*other)).filter(has_it);
        let of_evaluate = EvaluateAction::ALL
            .into_iter()
            .filter(|other| action.is_of_every_mode() && other.shortcut().is_same_press(&shortcut));
        others.map(AnyAction::Desk).chain(of_evaluate.map(AnyAction::Evaluate)).collect()
    }

    /// Gives an action this key alone, and takes it from whatever else has it there.
    pub fn give(&mut self, action: Action, shortcut: Shortcut) {
        for holder in self.holders(action, shortcut) {
            if let AnyAction::Desk(other) = holder {
                let kept = self.shortcuts(other).into_iter().filter(|theirs| !theirs.is_same_press(&shortcut));
                let kept = kept.collect();
                self.set(other, kept);
            }
        }
        self.set(action, vec![shortcut]);
    }

    pub fn take_away(&mut self, action: Action) {
        self.set(action, Vec::new());
    }

    /// As at first; of what has its keys by now they are taken away.
    pub fn restore(&mut self, action: Action) {
        self.changed.remove(&action);
        let own = action.first_shortcuts();
        for shortcut in &own {
            self.give(action, *shortcut);
        }
        self.set(action, own);
    }

    pub fn is_as_at_first(&self) -> bool {
        self.changed.is_empty()
    }

    fn set(&mut self, action: Action, shortcuts: Vec<Shortcut>) {
        if shortcuts == action.first_shortcuts() {
            self.changed.remove(&action);
        } else {
            self.changed.insert(action, shortcuts);
        }
    }
}

impl From<KeyMap> for Written {
    fn from(keys: KeyMap) -> Self {
        let text = |shortcuts: Vec<Shortcut>| shortcuts.iter().map(Shortcut::text).collect();
        keys.changed.into_iter().map(|(action, shortcuts)| (action.name(), text(shortcuts))).collect()
    }
}

impl From<Written> for KeyMap {
    /// Names of another version of the program, and keys that there are not, are left out and stand in the log.
    fn from(written: Written) -> Self {
        let mut keys = Self::default();
        for (name, texts) in written {
            let Some(action) = Action::ALL.into_iter().find(|action| action.name() == name) else {
                warn!(name, "the settings give keys to an action that there is not");
                continue;
            };
            let known = texts.iter().filter_map(|text| {
                let shortcut = Shortcut::parse(text);
                if shortcut.is_none() {
                    warn!(name, text, "the settings name a key that there is not");
                }
                shortcut
            });
            keys.set(action, known.collect());
        }
        keys
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Modifiers = Modifiers::NONE;

    fn plain(key: Key) -> Shortcut {
        Shortcut { modifiers: PLAIN, key }
    }

    #[test]
    fn a_key_with_other_modifiers_is_another_key() {
        let of_key = |modifiers, key| KeyMap::default().of_key(Mode::Review, modifiers, key);
        assert_eq!(of_key(PLAIN, Key::ArrowLeft), Some(Action::FrameBack));
        assert_eq!(of_key(Modifiers::SHIFT, Key::ArrowLeft), Some(Action::TenFramesBack));
        assert_eq!(of_key(Modifiers::COMMAND | Modifiers::ALT, Key::ArrowLeft), None);
    }

    #[test]
    fn the_question_mark_opens_the_key_sheet_with_and_without_shift() {
        let of_key = |modifiers| KeyMap::default().of_key(Mode::Review, modifiers, Key::Questionmark);
        assert_eq!([of_key(Modifiers::SHIFT), of_key(PLAIN)], [Some(Action::KeySheet); 2]);
    }

    #[test]
    fn enter_accepts_an_event_where_one_decides_and_confirms_the_content_where_one_presents() {
        let of_key = |mode, key| KeyMap::default().of_key(mode, PLAIN, key);
        assert_eq!(of_key(Mode::Review, Key::Enter), Some(Action::Judge(avar_labels::Verdict::Accepted)));
        assert_eq!(of_key(Mode::Present, Key::Enter), Some(Action::ConfirmContent));
        assert_eq!(of_key(Mode::Present, Key::Delete), None, "nothing is decided before a room");
    }

    #[test]
    fn a_tooltip_names_the_key() {
        let keys = KeyMap::default();
        assert_eq!(keys.tooltip(Action::FrameBack), "Step one frame back (Left or ,)");
        assert_eq!(keys.tooltip(Action::SecondOn), "Go one second on (Ctrl+Right)");
        assert_eq!(keys.tooltip(Action::OpenSample), "Open the sample incident");
    }

    #[test]
    fn a_key_that_is_given_to_another_action_is_that_ones_alone() {
        let mut keys = KeyMap::default();
        assert_eq!(keys.holders(Action::Stop, plain(Key::Comma)), [AnyAction::Desk(Action::FrameBack)]);
        keys.give(Action::Stop, plain(Key::Comma));
        assert_eq!(keys.of_key(Mode::Review, PLAIN, Key::Comma), Some(Action::Stop));
        assert_eq!(keys.of_key(Mode::Review, PLAIN, Key::K), None);
        assert_eq!(keys.key_text(Action::FrameBack), "Left");
        keys.restore(Action::FrameBack);
        assert_eq!(keys.key_text(Action::FrameBack), "Left or ,");
        assert_eq!(keys.key_text(Action::Stop), "");
        keys.restore(Action::Stop);
        assert!(keys.is_as_at_first());
    }

    #[test]
    fn keys_of_evaluate_are_in_the_way_of_what_is_heard_there_and_of_nothing_else() {
        let own = EvaluateAction::Review.shortcut();
        assert_eq!(KeyMap::default().holders(Action::ShowLog, own)[1..], [AnyAction::Evaluate(EvaluateAction::Review)]);
        assert_eq!(KeyMap::default().holders(Action::Stop, own), [AnyAction::Desk(Action::ShowEvaluate)]);
    }

    #[test]
    fn one_key_may_mean_two_things_where_the_two_are_never_heard_together() {
        let mut keys = KeyMap::default();
        keys.give(Action::LoopQueue, plain(Key::U));
        assert_eq!(keys.of_key(Mode::Present, PLAIN, Key::U), Some(Action::LoopQueue));
        assert_eq!(keys.key_text(Action::Judge(avar_labels::Verdict::Unsure)), "U");
    }

    #[test]
    fn what_is_written_is_read_and_what_there_is_not_is_left_out() {
        let mut keys = KeyMap::default();
        keys.give(Action::Stop, Shortcut { modifiers: Modifiers::COMMAND.plus(Modifiers::SHIFT), key: Key::Comma });
        keys.take_away(Action::Mute);
        let text = serde_json::to_string(&keys).unwrap();
        assert_eq!(text, r#"{"Mute":[],"Stop":["Ctrl+Shift+,"]}"#);
        assert_eq!(serde_json::from_str::<KeyMap>(&text).unwrap(), keys);
        let odd = r#"{"Fly":["F"],"Stop":["Ctrl+Shift+,","Hyper+Q"],"Mute":[]}"#;
        assert_eq!(serde_json::from_str::<KeyMap>(odd).unwrap(), keys);
    }

    #[test]
    fn every_key_in_words_is_read_as_itself() {
        for action in Action::ALL {
            for shortcut in action.first_shortcuts() {
                assert_eq!(Shortcut::parse(&shortcut.text()), Some(shortcut), "{action:?}");
            }
        }
        assert_eq!(Shortcut::parse("Alt++"), Some(Shortcut { modifiers: Modifiers::ALT, key: Key::Plus }));
        assert_eq!(Shortcut::parse("Ctrl+"), None);
    }
}
