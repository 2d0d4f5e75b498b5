//! What the pages say, in the reader's language. The sentences stand in `locales/`, one file a
//! language, in Project Fluent's format; templates and handlers know their names only.

use axum::http::{HeaderMap, header};
use fluent_bundle::{
    FluentArgs, FluentResource, FluentValue, concurrent::FluentBundle as ConcurrentBundle,
};
use fluent_langneg::{NegotiationStrategy, negotiate_languages, parse_accepted_languages};
use std::{fmt, sync::LazyLock};
use unic_langid::LanguageIdentifier;

type Bundle = ConcurrentBundle<FluentResource>;

/// A language that the pages speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// English, also for whoever asks for a language that is not here.
    English,
    /// German.
    German,
}

const LANGUAGES: [(Language, &str, &str); 2] = [
    (Language::English, "en", include_str!("../locales/en.ftl")),
    (Language::German, "de", include_str!("../locales/de.ftl")),
];

static BUNDLES: LazyLock<Vec<(Language, LanguageIdentifier, Bundle)>> = LazyLock::new(|| {
    let bundles = LANGUAGES.map(|(language, tag, sentences)| {
        let id: LanguageIdentifier = tag.parse().unwrap_or_default();
        let mut bundle = Bundle::new_concurrent(vec![id.clone()]);
        // Both languages run from left to right; the marks would stand in what people copy.
        bundle.set_use_isolating(false);
        // What cannot be read is left out; the test below finds it.
        let resource = FluentResource::try_new(sentences.to_owned());
        bundle.add_resource_overriding(resource.unwrap_or_else(|(readable, _)| readable));
        (language, id, bundle)
    });
    bundles.into()
});

impl Language {
    /// The language that the browser asks for (`Accept-Language`, RFC 9110 section 12.5.4).
    #[must_use]
    pub fn of(headers: &HeaderMap) -> Self {
        let asked = headers
            .get(header::ACCEPT_LANGUAGE)
            .and_then(|value| value.to_str().ok())
            .map(parse_accepted_languages)
            .unwrap_or_default();
        let known: Vec<_> = BUNDLES.iter().map(|(_, id, _)| id.clone()).collect();
        let best = negotiate_languages(&asked, &known, None, NegotiationStrategy::Lookup);
        BUNDLES
            .iter()
            .find(|(_, id, _)| best.first() == Some(&id))
            .map_or(Self::English, |(language, ..)| *language)
    }

    /// The language's tag (BCP 47).
    #[must_use]
    pub fn tag(self) -> &'static str {
        LANGUAGES
            .iter()
            .find(|(language, ..)| *language == self)
            .map_or("en", |(_, tag, _)| tag)
    }

    /// The sentence of this name.
    #[must_use]
    pub fn say(self, name: &str) -> Sentence<'_> {
        Sentence {
            language: self,
            name,
            values: FluentArgs::new(),
        }
    }

    fn format(self, sentence: &Sentence<'_>) -> Option<String> {
        let (.., bundle) = BUNDLES.iter().find(|(language, ..)| *language == self)?;
        let pattern = bundle.get_message(sentence.name)?.value()?;
        let mut errors = Vec::new();
        let text = bundle.format_pattern(pattern, Some(&sentence.values), &mut errors);
        Some(text.into_owned())
    }
}

/// A sentence, in a language, with the values that it names.
#[derive(Debug)]
pub struct Sentence<'a> {
    language: Language,
    name: &'a str,
    values: FluentArgs<'a>,
}

impl<'a> Sentence<'a> {
    /// The same sentence with a text in it.
    #[must_use]
    pub fn with(mut self, name: &'a str, value: impl fmt::Display) -> Self {
        self.values.set(name, FluentValue::from(value.to_string()));
        self
    }

    /// The same sentence with a number in it, which may choose between singular and plural.
    #[must_use]
    #[expect(
        clippy::trivially_copy_pass_by_ref,
        reason = "templates pass everything by reference"
    )]
    pub fn count(mut self, name: &'a str, number: &u64) -> Self {
        self.values.set(name, FluentValue::from(*number));
        self
    }
}

impl fmt::Display for Sentence<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.language.format(self);
        // A language that lacks a sentence borrows it.
        match text.or_else(|| Language::English.format(self)) {
            Some(text) => f.write_str(&text),
            None => f.write_str(self.name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::problem::PROBLEM_TYPES;
    use axum::http::HeaderValue;
    use std::{collections::BTreeSet, fs, path::Path};

    /// The names of all sentences, and the values that each of them holds.
    fn names(sentences: &str) -> BTreeSet<(String, Vec<String>)> {
        let resource = FluentResource::try_new(sentences.to_owned()).map_err(|(_, errors)| errors);
        let count = resource.expect("the file is Fluent").entries().count();
        let mut names = BTreeSet::new();
        let mut name = String::new();
        let mut values = BTreeSet::new();
        for line in sentences.lines().chain(["end = "]) {
            if let Some((new, _)) = line.split_once(" =")
                && line.starts_with(char::is_alphabetic)
            {
                let found = values.iter().cloned().collect();
                names.insert((std::mem::replace(&mut name, new.to_owned()), found));
                values.clear();
            }
            for value in line.split("{ $").skip(1) {
                let end = value.find(|c: char| !c.is_alphanumeric()).unwrap_or(0);
                values.insert(value[..end].to_owned());
            }
        }
        names.remove(&(String::new(), vec![]));
        assert!(count >= names.len(), "a sentence is written twice");
        names
    }

    fn english() -> BTreeSet<String> {
        names(LANGUAGES[0].2)
            .into_iter()
            .map(|(name, _)| name)
            .collect()
    }

    #[test]
    fn every_language_says_the_same() {
        let [(.., english), (.., german)] = LANGUAGES;
        let (english, german) = (names(english), names(german));
        let different: Vec<_> = english.symmetric_difference(&german).collect();
        assert!(different.is_empty(), "{different:?}");
    }

    /// The names that stand in `say("...")`, in templates and in handlers.
    fn asked_for(folder: &Path, into: &mut BTreeSet<String>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                asked_for(&path, into);
                continue;
            }
            let text = fs::read_to_string(&path).unwrap();
            for part in text.split("say(\"").skip(1) {
                into.insert(part[..part.find('"').unwrap()].to_owned());
            }
        }
    }

    #[test]
    fn every_sentence_that_is_asked_for_is_there() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut asked = BTreeSet::new();
        asked_for(&root.join("templates"), &mut asked);
        asked_for(&root.join("src/pages"), &mut asked);
        asked.remove("...");
        let missing: Vec<_> = asked.difference(&english()).cloned().collect();
        assert!(missing.is_empty(), "{missing:?}");
    }

    #[test]
    fn every_problem_is_told_in_words() {
        let english = english();
        let told = |slug: &str| english.contains(&format!("problem-{slug}"));
        let missing: Vec<_> = PROBLEM_TYPES
            .iter()
            .filter(|kind| !told(kind.slug))
            .map(|kind| kind.slug)
            .collect();
        assert!(missing.is_empty(), "{missing:?}");
    }

    #[test]
    fn the_browser_chooses_the_language() {
        for (asked, language) in [
            ("de-AT,de;q=0.9,en;q=0.5", Language::German),
            ("fr, de;q=0.4", Language::German),
            ("en-GB,en;q=0.9,de;q=0.1", Language::English),
            ("fr", Language::English),
            ("not a language", Language::English),
        ] {
            let headers =
                HeaderMap::from_iter([(header::ACCEPT_LANGUAGE, HeaderValue::from_static(asked))]);
            assert_eq!(Language::of(&headers), language, "{asked}");
        }
    }
}
