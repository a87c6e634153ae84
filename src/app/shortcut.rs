//! A key with its modifiers, and the keys pressed since the last frame with whom they are for.

use eframe::egui::{Context, Event, Key, Modifiers};

/// A key with exactly these modifiers held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shortcut {
    pub modifiers: Modifiers,
    pub key: Key,
}

impl Shortcut {
    /// Exactly these modifiers; Shift is left aside for `?` and `+`, which need it on some layouts and not on others.
    pub fn matches(&self, modifiers: Modifiers, key: Key) -> bool {
        let typed_with_shift = matches!(self.key, Key::Questionmark | Key::Plus);
        self.key == key
            && self.modifiers.command == modifiers.command
            && self.modifiers.alt == modifiers.alt
            && (typed_with_shift || self.modifiers.shift == modifiers.shift)
    }

    pub fn text(&self) -> String {
        let mut text = String::new();
        for (is_held, name) in
            [(self.modifiers.command, "Ctrl+"), (self.modifiers.alt, "Alt+"), (self.modifiers.shift, "Shift+")]
        {
            if is_held {
                text.push_str(name);
            }
        }
        text.push_str(match self.key {
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
        });
        text
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
