//! The panels of the window, one a file. A panel reads the state and pushes commands; it changes nothing.

pub mod comparison;
pub mod decision;
pub mod drop_veil;
pub mod events;
pub mod inspector;
pub mod picture;
pub mod sheets;
pub mod sidebar;
pub mod status_line;
pub mod timeline;
pub mod title_bar;
pub mod transport;
