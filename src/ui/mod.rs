//! The design system: widgets that know how things look and behave, and no word of the product.
//!
//! Every widget renders on the server and hydrates in the browser. Buttons, links, fields, alerts,
//! badges and tables also do their work as plain HTML, on pages that load no WebAssembly. Colours
//! come from the tokens in `style/tokens.css`; nothing here writes a `style` attribute, because the
//! content security policy would refuse it. The page `/design` ([`Gallery`]) shows everything.

mod badge;
mod button;
mod copy;
mod dialog;
mod escape;
mod field;
mod gallery;
mod icon;
mod menu;
mod palette;
mod skeleton;
mod table;
mod textarea;
mod title;
mod toast;

pub use badge::*;
pub use button::*;
pub use copy::*;
pub use dialog::*;
pub use field::*;
pub use gallery::*;
pub use icon::*;
pub use menu::*;
pub use palette::*;
pub use skeleton::*;
pub use table::*;
pub use textarea::*;
pub use title::*;
pub use toast::*;

/// What a colour is for, without saying what it means: that is the caller's business.
///
/// Colour is never the only sign: words or an icon stand beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Tone {
    /// Grey: nothing to see.
    #[default]
    Neutral,
    /// The one accent colour.
    Accent,
    /// Green.
    Green,
    /// Blue.
    Blue,
    /// Yellow.
    Yellow,
    /// Orange.
    Orange,
    /// Red.
    Red,
}

impl Tone {
    /// Every tone, for the gallery.
    pub const ALL: &'static [Self] =
        &[Self::Neutral, Self::Accent, Self::Green, Self::Blue, Self::Yellow, Self::Orange, Self::Red];

    /// The class of a filled shape: a dot, a bar.
    #[must_use]
    pub const fn fill(self) -> &'static str {
        match self {
            Self::Neutral => "bg-muted-foreground",
            Self::Accent => "bg-brand",
            Self::Green => "bg-status-green",
            Self::Blue => "bg-status-blue",
            Self::Yellow => "bg-status-yellow",
            Self::Orange => "bg-status-orange",
            Self::Red => "bg-status-red",
        }
    }

    /// The class of text and icons.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Neutral => "text-muted-foreground",
            Self::Accent => "text-brand-text",
            Self::Green => "text-status-green-text",
            Self::Blue => "text-status-blue-text",
            Self::Yellow => "text-status-yellow-text",
            Self::Orange => "text-status-orange-text",
            Self::Red => "text-status-red-text",
        }
    }

    /// The classes of a tinted surface with its border, on which [`Tone::text`] can be read.
    #[must_use]
    pub const fn surface(self) -> &'static str {
        match self {
            Self::Neutral => "border-border bg-muted",
            Self::Accent => "border-brand-border bg-brand-tint",
            Self::Green => "border-status-green-border bg-status-green-tint",
            Self::Blue => "border-status-blue-border bg-status-blue-tint",
            Self::Yellow => "border-status-yellow-border bg-status-yellow-tint",
            Self::Orange => "border-status-orange-border bg-status-orange-tint",
            Self::Red => "border-status-red-border bg-status-red-tint",
        }
    }
}
