//! `SEARCH('{Namespace,Dimension} words', …)`: metrics by their names ("CloudWatch search expression
//! syntax", user guide).
//!
//! A schema in braces names a namespace and exactly the dimensions that a metric has. Words match
//! parts of names (tokens) in any letter case; quoted words match names as they are. `Name=word`
//! looks at one property only. Words are joined by AND (or nothing), OR and NOT.

use crate::metric_data::{Known, every_metric};
use kernel::Snapshot;

/// "A search expression can find up to 100 time series" (500 in dashboards).
const MAX_FOUND: usize = 100;
/// Searches find metrics with data in the last two weeks.
const LISTED: i64 = 14 * 86_400_000;
const MAX_DEPTH: usize = 32;

/// The metrics that a search finds, in order.
pub(crate) fn find(snapshot: &Snapshot, search: &str) -> Result<Vec<Known>, String> {
    let search = Search::parse(search)?;
    let namespace = search.schema.as_ref().map(|schema| schema[0].as_str());
    let since = snapshot.now().plus_millis(-LISTED);
    let found = every_metric(snapshot, since, namespace, |_, _| true);
    Ok(found.into_values().filter(|known| search.finds(known)).take(MAX_FOUND).collect())
}

struct Search {
    /// Namespace, then the dimensions' names.
    schema: Option<Vec<String>>,
    term: Term,
}

enum Term {
    Everything,
    /// Property (if given), word, whether it is quoted.
    Word(Option<String>, String, bool),
    Not(Box<Term>),
    All(Vec<Term>),
    Any(Vec<Term>),
}

impl Search {
    fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let (schema, rest) = match text.strip_prefix('{') {
            None => (None, text),
            Some(inside) => {
                let (schema, rest) =
                    inside.split_once('}').ok_or("The schema of a search does not end")?;
                let names = schema.split(',').map(|name| name.trim().trim_matches('"').to_owned());
                (Some(names.collect()), rest)
            }
        };
        let words = words(rest)?;
        let mut parser = Parser { words: &words, depth: 0 };
        let term = if words.is_empty() { Term::Everything } else { parser.any()? };
        match parser.words.is_empty() {
            true => Ok(Self { schema, term }),
            false => Err("Unexpected text in a search".into()),
        }
    }

    fn finds(&self, known: &Known) -> bool {
        let fits = self.schema.as_ref().is_none_or(|schema| {
            let mut names: Vec<&str> = schema[1..].iter().map(String::as_str).collect();
            names.sort_unstable();
            known.namespace == schema[0]
                && names.iter().copied().eq(known.dimensions.iter().map(|(name, _)| name.as_str()))
        });
        fits && self.term.finds(known)
    }
}

impl Term {
    fn finds(&self, known: &Known) -> bool {
        match self {
            Self::Everything => true,
            Self::Not(term) => !term.finds(known),
            Self::All(terms) => terms.iter().all(|term| term.finds(known)),
            Self::Any(terms) => terms.iter().any(|term| term.finds(known)),
            Self::Word(property, word, is_quoted) => {
                let matches = |text: &str| match is_quoted {
                    true => text == word,
                    false => has_token(text, word),
                };
                match property.as_deref() {
                    Some("MetricName") => matches(&known.name),
                    Some("Namespace") => matches(&known.namespace),
                    Some(dimension) => known
                        .dimensions
                        .iter()
                        .any(|(name, value)| name == dimension && matches(value)),
                    None => {
                        let dimensions = known
                            .dimensions
                            .iter()
                            .any(|(name, value)| matches(name) || matches(value));
                        matches(&known.name) || matches(&known.namespace) || dimensions
                    }
                }
            }
        }
    }
}

/// Whether a word is a token of a text: the whole, or a part between symbols, digits and changes
/// of case, in any letter case.
fn has_token(text: &str, word: &str) -> bool {
    if text.eq_ignore_ascii_case(word) {
        return true;
    }
    let wanted = tokens(word);
    let found = tokens(text);
    !wanted.is_empty() && found.windows(wanted.len()).any(|window| *window == wanted[..])
}

fn tokens(text: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut last = ' ';
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        let ends_capitals = last.is_uppercase() && rest.peek().is_some_and(|n| n.is_lowercase());
        let is_new = !last.is_alphanumeric()
            || c.is_uppercase() && (last.is_lowercase() || ends_capitals)
            || last.is_numeric() != c.is_numeric();
        if c.is_alphanumeric() {
            if is_new {
                found.push(String::new());
            }
            if let Some(token) = found.last_mut() {
                token.extend(c.to_lowercase());
            }
        }
        last = c;
    }
    found
}

#[derive(Clone, Debug, PartialEq)]
enum Word {
    Open,
    Close,
    Equals,
    Plain(String),
    Quoted(String),
}

fn words(text: &str) -> Result<Vec<Word>, String> {
    let mut found = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '(' | ')' | '=' => {
                found.push(match first {
                    '(' => Word::Open,
                    ')' => Word::Close,
                    _ => Word::Equals,
                });
                1
            }
            '"' | '\'' => {
                let end = rest[1..].find(first).ok_or("A quoted word of a search does not end")?;
                found.push(Word::Quoted(rest[1..=end].into()));
                end + 2
            }
            _ => {
                let is_end = |c: char| c.is_whitespace() || "()=\"'".contains(c);
                let end = rest.find(is_end).unwrap_or(rest.len());
                found.push(Word::Plain(rest[..end].into()));
                end
            }
        };
        rest = rest[length..].trim_start();
    }
    Ok(found)
}

struct Parser<'a> {
    words: &'a [Word],
    depth: usize,
}

impl Parser<'_> {
    fn keyword(&mut self, word: &str) -> bool {
        let is_next = matches!(self.words.first(), Some(Word::Plain(found)) if found == word);
        if is_next {
            self.words = &self.words[1..];
        }
        is_next
    }

    fn any(&mut self) -> Result<Term, String> {
        let mut terms = vec![self.all()?];
        while self.keyword("OR") {
            terms.push(self.all()?);
        }
        Ok(Term::Any(terms))
    }

    fn all(&mut self) -> Result<Term, String> {
        let mut terms = vec![self.one()?];
        loop {
            let is_end = match self.words.first() {
                None | Some(Word::Close) => true,
                Some(Word::Plain(word)) => word == "OR",
                Some(_) => false,
            };
            if is_end {
                return Ok(Term::All(terms));
            }
            self.keyword("AND");
            terms.push(self.one()?);
        }
    }

    fn one(&mut self) -> Result<Term, String> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err("A search is nested too deeply".into());
        }
        let term = self.term();
        self.depth -= 1;
        term
    }

    fn term(&mut self) -> Result<Term, String> {
        if self.keyword("NOT") {
            return Ok(Term::Not(Box::new(self.one()?)));
        }
        let (first, rest) = self.words.split_first().ok_or("A search ends unexpectedly")?;
        self.words = rest;
        match first {
            Word::Open => {
                let term = self.any()?;
                let Some((Word::Close, rest)) = self.words.split_first() else {
                    return Err("A ')' is missing in a search".into());
                };
                self.words = rest;
                Ok(term)
            }
            Word::Plain(property) | Word::Quoted(property)
                if self.words.first() == Some(&Word::Equals) =>
            {
                self.words = &self.words[1..];
                self.property(property)
            }
            Word::Plain(word) => Ok(Term::Word(None, word.clone(), false)),
            Word::Quoted(word) => Ok(Term::Word(None, word.clone(), true)),
            Word::Close | Word::Equals => Err("Unexpected symbol in a search".into()),
        }
    }

    /// `Name=word`, `Name="word"` or `Name=("a" OR "b")`.
    fn property(&mut self, property: &str) -> Result<Term, String> {
        let (first, rest) = self.words.split_first().ok_or("A search ends unexpectedly")?;
        self.words = rest;
        let word =
            |word: &String, is_quoted| Term::Word(Some(property.into()), word.clone(), is_quoted);
        match first {
            Word::Plain(text) => Ok(word(text, false)),
            Word::Quoted(text) => Ok(word(text, true)),
            Word::Open => {
                // A list of words, not of lists.
                let mut terms = Vec::new();
                loop {
                    let (next, rest) =
                        self.words.split_first().ok_or("A search ends unexpectedly")?;
                    self.words = rest;
                    terms.push(match next {
                        Word::Plain(text) => word(text, false),
                        Word::Quoted(text) => word(text, true),
                        _ => return Err("Unexpected symbol in a search".into()),
                    });
                    if let Some((Word::Close, rest)) = self.words.split_first() {
                        self.words = rest;
                        return Ok(Term::Any(terms));
                    }
                    if !self.keyword("OR") {
                        return Err("OR or ')' was expected in a search".into());
                    }
                }
            }
            Word::Close | Word::Equals => Err("Unexpected symbol in a search".into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(search: &str, expected: bool) {
        let known = Known {
            namespace: "AWS/EC2".into(),
            name: "CPUUtilization".into(),
            dimensions: vec![("InstanceId".into(), "i-1234".into())],
        };
        let search_parsed = Search::parse(search).expect(search);
        assert_eq!(search_parsed.finds(&known), expected, "{search}");
    }

    #[test]
    fn searches_match_schemas_tokens_and_whole_names() {
        check("{AWS/EC2,InstanceId} CPUUtilization", true);
        check("{AWS/EC2,InstanceId}", true);
        check("{AWS/EC2} CPUUtilization", false);
        check("{AWS/EC2,InstanceId} MetricName=\"CPUUtilization\"", true);
        check("{AWS/EC2,InstanceId} MetricName=\"CPU\"", false);
        check("cpu utilization", true);
        check("utilization NOT InstanceId", false);
        check("MetricName=(\"NetworkIn\" OR \"CPUUtilization\")", true);
        check("(network OR cpu) AND InstanceId=i-1234", true);
        check("InstanceId=\"i-9\"", false);
    }

    #[test]
    fn a_search_that_cannot_be_read_is_refused() {
        for search in ["{AWS/EC2", "a )", "(a", "a=", "\"a", "NOT"] {
            assert!(Search::parse(search).is_err(), "{search}");
        }
        assert!(Search::parse(&"(".repeat(10_000)).is_err());
    }
}
