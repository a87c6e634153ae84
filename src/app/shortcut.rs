//! A key with its modifiers, and the keys pressed since the last frame with whom they are for.

use eframe::egui::{Context, Event, Key, Modifiers};

/// In the order in which they are named.
const MODIFIERS: [(Modifiers, &str); 3] =
    [(Modifiers::COMMAND, "Ctrl+"), (Modifiers::ALT, "Alt+"), (Modifiers::SHIFT, "Shift+")];

/// A key with exactly these modifiers held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shortcut {
    pub modifiers: Modifiers,
    pub key: Key,
}

impl Shortcut {
    /// By which this press is found again.
    pub fn of_press(pressed: Modifiers, key: Key) -> Self {
        let is_held = |(modifier, _): &(Modifiers, &str)| pressed.contains(*modifier);
        let held = MODIFIERS.iter().filter(|modifier| is_held(modifier));
        Self { modifiers: held.fold(Modifiers::NONE, |all, (modifier, _)| all.plus(*modifier)), key }
    }

    /// Exactly these modifiers; Shift is left aside for `?` and `+`, which need it on some layouts and not on others.
    pub fn matches(&self, modifiers: Modifiers, key: Key) -> bool {
        let typed_with_shift = matches!(self.key, Key::Questionmark | Key::Plus);
        self.key == key
            && self.modifiers.command == modifiers.command
            && self.modifiers.alt == modifiers.alt
            && (typed_with_shift || self.modifiers.shift == modifiers.shift)
    }

    /// Whether one press is that of both.
    pub fn is_same_press(&self, other: &Self) -> bool {
        self.matches(other.modifiers, other.key) || other.matches(self.modifiers, self.key)
    }

    /// "Ctrl+Shift+Left"
    pub fn text(&self) -> String {
        let held = MODIFIERS.iter().filter(|(modifier, _)| self.modifiers.contains(*modifier));
        held.map(|(_, name)| *name).chain([self.key_name()]).collect()
    }

    /// From its words; `None` where no key is called so.
    pub fn parse(text: &str) -> Option<Self> {
        let (mut modifiers, mut rest) = (Modifiers::NONE, text);
        for (modifier, name) in MODIFIERS {
            if let Some(after) = rest.strip_prefix(name) {
                (modifiers, rest) = (modifiers.plus(modifier), after);
            }
        }
        let called = |key: &Key| Self { modifiers, key: *key }.key_name() == rest;
        Key::ALL.iter().find(|key| called(key)).map(|key| Self { modifiers, key: *key })
    }

    fn key_name(&self) -> &'static str {
        match self.key {
            Key::ArrowLeft => "Left",
            Key::ArrowRight => "Right",
            Key::ArrowUp => "Up",
            Key::ArrowDown => "Down",
            Key::Comma => ",",
            Key::Period => ".",
            Key::Questionmark => "?",
            Key::Plus => "+",
            Key::Minus => "-",
            Key::Escape => "Esc",
            Key::PageUp => "PgUp",
            Key::PageDown => "PgDn",
            Key::OpenBracket => "[",
            Key::CloseBracket => "]",
            other => other.name(),
        }
    }
}

/// A key that was pressed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct KeyPress {
    pub modifiers: Modifiers,
    pub key: Key,
    /// A widget that has the focus keeps the keys by which it is worked: typing never moves the playhead, Space presses
    /// the focused button, arrows move the focused slider.
    pub is_for_widget: bool,
}

/// The keys pressed since the last frame.
pub(crate) fn key_presses(ctx: &Context) -> Vec<KeyPress> {
    let is_typing = ctx.text_edit_focused();
    let has_focus = ctx.memory(|memory| memory.focused().is_some());
    let press = |event: &Event| match *event {
        Event::Key { key, pressed: true, modifiers, .. } => {
            let works_widget = has_focus && modifiers.is_none() && WIDGET_KEYS.contains(&key);
            Some(KeyPress { modifiers, key, is_for_widget: is_typing || works_widget })
        }
        _ => None,
    };
    ctx.input(|input| input.events.iter().filter_map(press).collect())
}

const WIDGET_KEYS: [Key; 6] = [Key::Space, Key::Enter, Key::ArrowLeft, Key::ArrowRight, Key::ArrowUp, Key::ArrowDown];
