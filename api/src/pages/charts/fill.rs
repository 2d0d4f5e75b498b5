//! How the parts of a chart are told apart: by a pattern first, and by a colour as well.

/// How a part is filled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fill {
    /// Full.
    Full,
    /// Pale, with a line around it.
    Pale,
    /// Hatched.
    Hatched,
    /// Dotted.
    Dotted,
    /// Crossed.
    Crossed,
    /// A dashed line, which fills nothing.
    Dashed,
    /// Triangles above the columns.
    Triangle,
}

impl Fill {
    /// The name of the pattern, where there is one.
    fn pattern(self) -> Option<&'static str> {
        match self {
            Self::Hatched => Some("hatched"),
            Self::Dotted => Some("dotted"),
            Self::Crossed => Some("crossed"),
            Self::Full | Self::Pale | Self::Dashed | Self::Triangle => None,
        }
    }

    /// The class by which the stylesheet colours it.
    #[must_use]
    pub fn class(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Pale => "pale",
            Self::Hatched => "hatched",
            Self::Dotted => "dotted",
            Self::Crossed => "crossed",
            Self::Dashed => "dashed",
            Self::Triangle => "triangle",
        }
    }

    /// The attributes of what is filled. An address in a stylesheet would lead away from the page, so
    /// patterns are named beside the shape.
    pub(super) fn attributes(self) -> String {
        let class = self.class();
        match self.pattern() {
            Some(pattern) => format!(" class=\"{class}\" fill=\"url(#{pattern})\""),
            None => format!(" class=\"{class}\""),
        }
    }

    /// A small piece of it, to stand in a legend.
    #[must_use]
    pub fn key(self) -> String {
        let shape = match self {
            Self::Dashed => "<path class=\"dashed\" d=\"M0 8H22\"/>".to_owned(),
            Self::Triangle => "<path class=\"triangle\" d=\"M5 3H17L11 13Z\"/>".to_owned(),
            fill => format!(
                "<rect{} x=\"1\" y=\"1\" width=\"20\" height=\"14\"/>",
                fill.attributes()
            ),
        };
        format!("<svg class=\"key\" viewBox=\"0 0 22 16\" aria-hidden=\"true\">{shape}</svg>")
    }
}

/// The patterns, which a page of charts has once.
#[must_use]
pub fn patterns() -> &'static str {
    "<svg class=\"patterns\" width=\"0\" height=\"0\" aria-hidden=\"true\"><defs>\
     <pattern id=\"hatched\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\">\
     <rect class=\"hatched-page\" width=\"6\" height=\"6\"/>\
     <path class=\"hatched-ink\" d=\"M-1 1L1 -1M0 6L6 0M5 7L7 5\"/></pattern>\
     <pattern id=\"dotted\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\">\
     <rect class=\"dotted-page\" width=\"6\" height=\"6\"/>\
     <circle class=\"dotted-ink\" cx=\"1.5\" cy=\"1.5\" r=\"1.3\"/>\
     <circle class=\"dotted-ink\" cx=\"4.5\" cy=\"4.5\" r=\"1.3\"/></pattern>\
     <pattern id=\"crossed\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\">\
     <rect class=\"crossed-page\" width=\"6\" height=\"6\"/>\
     <path class=\"crossed-ink\" d=\"M0 0L6 6M6 0L0 6\"/></pattern>\
     </defs></svg>"
}
