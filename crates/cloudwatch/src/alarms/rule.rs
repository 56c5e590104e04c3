//! The rule of a composite alarm: `ALARM(a) AND (OK("b") OR NOT INSUFFICIENT_DATA(arn…))`
//! ("AlarmRule", PutCompositeAlarm, API reference).

use super::row::StateValue;
use crate::errors;
use kernel::ApiError;
use smol_str::SmolStr;

/// Children of a composite alarm ("up to 100 underlying alarms").
const MAX_CHILDREN: usize = 100;
/// How deep parentheses and NOTs may go.
const MAX_DEPTH: usize = 100;

/// A parsed rule.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Rule {
    Always(bool),
    /// The alarm of this name is in this state.
    State(StateValue, SmolStr),
    Not(Box<Rule>),
    All(Vec<Rule>),
    Any(Vec<Rule>),
}

impl Rule {
    /// Takes a rule apart. NOT binds closest, then AND, then OR.
    pub(super) fn parse(text: &str) -> Result<Self, ApiError> {
        let mut parser = Parser { rest: text, depth: 0 };
        let rule = parser.any()?;
        parser.skip_space();
        if !parser.rest.is_empty() {
            return Err(invalid("unexpected text after the expression"));
        }
        if rule.children().len() > MAX_CHILDREN {
            return Err(invalid("it names more than 100 alarms"));
        }
        Ok(rule)
    }

    /// Whether it is true, given the state of each alarm.
    pub(super) fn holds(&self, state: &impl Fn(&str) -> Option<StateValue>) -> bool {
        match self {
            Self::Always(value) => *value,
            Self::State(wanted, name) => state(name) == Some(*wanted),
            Self::Not(rule) => !rule.holds(state),
            Self::All(rules) => rules.iter().all(|rule| rule.holds(state)),
            Self::Any(rules) => rules.iter().any(|rule| rule.holds(state)),
        }
    }

    /// Names of the alarms that it speaks of, each once.
    pub(super) fn children(&self) -> Vec<SmolStr> {
        let mut names = Vec::new();
        self.gather(&mut names);
        names.sort();
        names.dedup();
        names
    }

    fn gather(&self, names: &mut Vec<SmolStr>) {
        match self {
            Self::Always(_) => (),
            Self::State(_, name) => names.push(name.clone()),
            Self::Not(rule) => rule.gather(names),
            Self::All(rules) | Self::Any(rules) => {
                rules.iter().for_each(|rule| rule.gather(names));
            }
        }
    }
}

fn invalid(what: &str) -> ApiError {
    errors::validation(format!("AlarmRule is not valid: {what}."))
}

/// The name in an alarm's ARN; anything else is a name already.
pub(super) fn name_of(name_or_arn: &str) -> SmolStr {
    match name_or_arn.strip_prefix("arn:").and_then(|rest| rest.split_once(":alarm:")) {
        Some((_, name)) => name.into(),
        None => name_or_arn.into(),
    }
}

struct Parser<'a> {
    rest: &'a str,
    depth: usize,
}

impl<'a> Parser<'a> {
    fn skip_space(&mut self) {
        self.rest = self.rest.trim_start();
    }

    /// Takes a word if it is next. `AND` is not taken from `ANDROID`.
    fn word(&mut self, word: &str) -> bool {
        self.skip_space();
        let Some(rest) = self.rest.strip_prefix(word) else { return false };
        if rest.starts_with(|c: char| c.is_alphanumeric() || c == '_') {
            return false;
        }
        self.rest = rest;
        true
    }

    fn symbol(&mut self, symbol: char) -> bool {
        self.skip_space();
        match self.rest.strip_prefix(symbol) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn any(&mut self) -> Result<Rule, ApiError> {
        let mut rules = vec![self.all()?];
        while self.word("OR") {
            rules.push(self.all()?);
        }
        Ok(Rule::Any(rules))
    }

    fn all(&mut self) -> Result<Rule, ApiError> {
        let mut rules = vec![self.one()?];
        while self.word("AND") {
            rules.push(self.one()?);
        }
        Ok(Rule::All(rules))
    }

    fn one(&mut self) -> Result<Rule, ApiError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(invalid("it is nested too deeply"));
        }
        let rule = self.term();
        self.depth -= 1;
        rule
    }

    fn term(&mut self) -> Result<Rule, ApiError> {
        if self.word("NOT") {
            return Ok(Rule::Not(Box::new(self.one()?)));
        }
        if self.word("TRUE") {
            return Ok(Rule::Always(true));
        }
        if self.word("FALSE") {
            return Ok(Rule::Always(false));
        }
        if self.symbol('(') {
            let rule = self.any()?;
            return if self.symbol(')') { Ok(rule) } else { Err(invalid("a ')' is missing")) };
        }
        if self.word("AT_LEAST") {
            return Err(ApiError::not_implemented("cloudwatch:PutCompositeAlarm with AT_LEAST"));
        }
        for state in [StateValue::Alarm, StateValue::Ok, StateValue::InsufficientData] {
            if self.word(state.as_str()) {
                if !self.symbol('(') {
                    return Err(invalid("a '(' is missing after the name of a state"));
                }
                return Ok(Rule::State(state, self.name()?));
            }
        }
        Err(invalid("a function, NOT, TRUE, FALSE or '(' was expected"))
    }

    /// A name or ARN, with its closing parenthesis. Names with spaces or symbols are quoted.
    fn name(&mut self) -> Result<SmolStr, ApiError> {
        self.skip_space();
        let quote = ['"', '\''].into_iter().find(|quote| self.rest.starts_with(*quote));
        let (name, rest) = match quote {
            Some(quote) => self.rest[1..].split_once(quote),
            None => self.rest.find(')').map(|end| self.rest.split_at(end)),
        }
        .ok_or_else(|| invalid("the name of an alarm does not end"))?;
        self.rest = rest;
        if !self.symbol(')') {
            return Err(invalid("a ')' is missing after the name of an alarm"));
        }
        match name.trim() {
            "" => Err(invalid("the name of an alarm is missing")),
            name => Ok(name_of(name)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(rule: &str, in_alarm: &[&str], expected: bool) {
        let state = |name: &str| {
            Some(if in_alarm.contains(&name) { StateValue::Alarm } else { StateValue::Ok })
        };
        let parsed = Rule::parse(rule).expect("a rule");
        assert_eq!(parsed.holds(&state), expected, "{rule} with {in_alarm:?}");
    }

    #[test]
    fn rules_are_evaluated_with_the_usual_precedence() {
        check("ALARM(a) OR ALARM(b) AND ALARM(c)", &["a"], true);
        check("(ALARM(a) OR ALARM(b)) AND ALARM(c)", &["a"], false);
        check("NOT ALARM(a) AND OK(b)", &[], true);
        check("NOT (ALARM(a) AND OK(b))", &["a"], false);
        check("TRUE", &[], true);
        check("FALSE OR NOT FALSE", &[], true);
        check("ALARM(\"CPU too (high)\")", &["CPU too (high)"], true);
        check("ALARM(arn:aws:cloudwatch:us-west-1:123456789012:alarm:a)", &["a"], true);
        check("INSUFFICIENT_DATA(a)", &[], false);
    }

    #[test]
    fn what_is_no_rule_is_refused() {
        for rule in ["", "a", "ALARM", "ALARM(", "ALARM()", "ALARM(a) AND", "ALARM(a) ALARM(b)", "(ALARM(a)"] {
            assert!(Rule::parse(rule).is_err(), "{rule}");
        }
        let deep = format!("{}TRUE{}", "(".repeat(5_000), ")".repeat(5_000));
        assert!(Rule::parse(&deep).is_err());
    }
}
