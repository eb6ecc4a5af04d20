//! Characters that change the meaning of a path when a server normalizes it.
//!
//! Some servers normalize paths to Unicode form NFKC (Unicode Standard Annex 15), as file systems
//! and identifiers do. A fullwidth `／` then becomes a `/`, and `‥` becomes `..`. Others drop
//! characters without a glyph.

/// The code points, as sorted ranges, that
/// - NFKC maps to a string with one of `/ \ . ; % ? #` (Unicode 14.0, `UnicodeData.txt`), or
/// - have the property `Default_Ignorable_Code_Point` (Unicode 14.0, `DerivedCoreProperties.txt`),
///   which form NFKC_Casefold maps to nothing.
const RANGES: &[(char, char)] = &[
    ('\u{ad}', '\u{ad}'),       // soft hyphen
    ('\u{34f}', '\u{34f}'),     // combining grapheme joiner
    ('\u{37e}', '\u{37e}'),     // ; Greek question mark
    ('\u{61c}', '\u{61c}'),     // Arabic letter mark
    ('\u{115f}', '\u{1160}'),   // Hangul fillers
    ('\u{17b4}', '\u{17b5}'),   // Khmer inherent vowels
    ('\u{180b}', '\u{180f}'),   // Mongolian variation selectors
    ('\u{200b}', '\u{200f}'),   // zero width space, joiners, directional marks
    ('\u{2024}', '\u{2026}'),   // . .. ... leaders and ellipsis
    ('\u{202a}', '\u{202e}'),   // directional formatting
    ('\u{2047}', '\u{2049}'),   // ?? ?! !? double marks
    ('\u{2060}', '\u{206f}'),   // word joiner, invisible operators
    ('\u{2100}', '\u{2101}'),   // a/c a/s
    ('\u{2105}', '\u{2106}'),   // c/o c/u
    ('\u{2488}', '\u{249b}'),   // 1. to 20.
    ('\u{3164}', '\u{3164}'),   // Hangul filler
    ('\u{33c2}', '\u{33c2}'),   // a.m.
    ('\u{33c7}', '\u{33c7}'),   // Co.
    ('\u{33d8}', '\u{33d8}'),   // p.m.
    ('\u{fe00}', '\u{fe0f}'),   // variation selectors
    ('\u{fe14}', '\u{fe14}'),   // ; vertical
    ('\u{fe16}', '\u{fe16}'),   // ? vertical
    ('\u{fe19}', '\u{fe19}'),   // ... vertical
    ('\u{fe30}', '\u{fe30}'),   // .. vertical
    ('\u{fe52}', '\u{fe52}'),   // . small
    ('\u{fe54}', '\u{fe54}'),   // ; small
    ('\u{fe56}', '\u{fe56}'),   // ? small
    ('\u{fe5f}', '\u{fe5f}'),   // # small
    ('\u{fe68}', '\u{fe68}'),   // \ small
    ('\u{fe6a}', '\u{fe6a}'),   // % small
    ('\u{feff}', '\u{feff}'),   // zero width no-break space
    ('\u{ff03}', '\u{ff03}'),   // # fullwidth
    ('\u{ff05}', '\u{ff05}'),   // % fullwidth
    ('\u{ff0e}', '\u{ff0f}'),   // . / fullwidth
    ('\u{ff1b}', '\u{ff1b}'),   // ; fullwidth
    ('\u{ff1f}', '\u{ff1f}'),   // ? fullwidth
    ('\u{ff3c}', '\u{ff3c}'),   // \ fullwidth
    ('\u{ffa0}', '\u{ffa0}'),   // halfwidth Hangul filler
    ('\u{fff0}', '\u{fff8}'),   // unassigned, ignorable
    ('\u{1bca0}', '\u{1bca3}'), // shorthand format controls
    ('\u{1d173}', '\u{1d17a}'), // musical format controls
    ('\u{1f100}', '\u{1f100}'), // 0.
    ('\u{e0000}', '\u{e0fff}'), // tags and variation selectors
];

/// Whether normalization turns the character into a delimiter of paths, or into nothing.
pub(super) fn changes_structure(c: char) -> bool {
    !c.is_ascii()
        && RANGES
            .binary_search_by(|(first, last)| match (*last < c, c < *first) {
                (true, _) => std::cmp::Ordering::Less,
                (_, true) => std::cmp::Ordering::Greater,
                _ => std::cmp::Ordering::Equal,
            })
            .is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_sorted_and_apart() {
        assert!(RANGES.iter().all(|(first, last)| first <= last));
        assert!(RANGES.is_sorted_by(|(_, last), (first, _)| u32::from(*last) + 1 < *first as u32));
    }

    #[test]
    fn edges_of_ranges_belong_to_them() {
        for (first, last) in RANGES {
            assert!(changes_structure(*first) && changes_structure(*last), "{first:?} {last:?}");
            let before = char::from_u32(u32::from(*first) - 1).unwrap();
            let after = char::from_u32(u32::from(*last) + 1).unwrap();
            assert!(!changes_structure(before) && !changes_structure(after), "{first:?} {last:?}");
        }
    }

    #[test]
    fn characters_that_normalization_keeps_are_not_listed() {
        let harmless = ['\0', '/', '.', 'a', 'ü', 'ﬁ', '１', 'Ａ', '½', '漢', '\u{10ffff}'];
        assert!(!harmless.into_iter().any(changes_structure));
        let disguised =
            "\u{ad}\u{37e}․‥…⁇℀⒈﹒﹔﹖﹟﹨﹪\u{feff}＃％．／；？＼\u{200d}\u{fe0f}\u{e0041}";
        assert!(disguised.chars().all(changes_structure));
    }
}
