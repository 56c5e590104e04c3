//! A parameter's constraints, and the texts of breaking them.

use super::ParameterType;
use crate::problem::Problem;
use crate::template::Parameter;

/// The elements of a comma-separated list; an empty text is an empty list of none.
pub(super) fn elements(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim).filter(move |_| !text.is_empty())
}

/// Checks a value against its declaration. The constraints of a Systems Manager type bind the
/// name that is given, not the value that the name stands for.
pub(super) fn check(name: &str, declaration: &Parameter, value: &str) -> Result<(), Problem> {
    let broken = if declaration.parameter_type.is_list()
        && !matches!(declaration.parameter_type, ParameterType::SsmValue(_))
    {
        elements(value).find_map(|element| broken_rule(name, declaration, element))
    } else {
        broken_rule(name, declaration, value)
    };
    match broken {
        None => Ok(()),
        Some(Broken::Type(text)) => Err(Problem::validation(text)),
        Some(Broken::Constraint(text)) => {
            Err(Problem::validation(match &declaration.constraint_description {
                Some(description) => {
                    format!("Parameter {name} failed to satisfy constraint: {description}")
                }
                None => text,
            }))
        }
    }
}

enum Broken {
    Type(String),
    Constraint(String),
}

fn broken_rule(name: &str, declaration: &Parameter, value: &str) -> Option<Broken> {
    let rules = &declaration.constraints;
    let number =
        matches!(declaration.parameter_type, ParameterType::Number | ParameterType::ListOfNumber);
    let parsed: Option<f64> = value.trim().parse().ok().filter(|n: &f64| n.is_finite());
    if number && parsed.is_none() {
        return Some(Broken::Type(format!("Parameter '{name}' must be a number")));
    }
    if !rules.allowed_values.is_empty() {
        let equal = |allowed: &String| {
            allowed == value || (number && allowed.trim().parse::<f64>().ok() == parsed)
        };
        if !rules.allowed_values.iter().any(equal) {
            let text = format!("Parameter '{name}' must be one of AllowedValues");
            return Some(Broken::Constraint(text));
        }
    }
    let length = u64::try_from(value.chars().count()).unwrap_or(u64::MAX);
    if let Some(minimum) = rules.min_length.filter(|minimum| length < *minimum) {
        let text = format!("Parameter '{name}' must contain at least {minimum} characters");
        return Some(Broken::Constraint(text));
    }
    if let Some(maximum) = rules.max_length.filter(|maximum| length > *maximum) {
        let text = format!("Parameter '{name}' must contain at most {maximum} characters");
        return Some(Broken::Constraint(text));
    }
    if let Some(pattern) = &rules.allowed_pattern
        && let Ok(compiled) = Pattern::new(pattern)
        && !compiled.matches(value)
    {
        let text = format!("Parameter '{name}' must match pattern {pattern}");
        return Some(Broken::Constraint(text));
    }
    if let (true, Some(n)) = (number, parsed) {
        if let Some(minimum) = rules.min_value.filter(|minimum| n < *minimum) {
            let text = format!("Parameter '{name}' must be a number not less than {minimum}");
            return Some(Broken::Constraint(text));
        }
        if let Some(maximum) = rules.max_value.filter(|maximum| n > *maximum) {
            let text = format!("Parameter '{name}' must be a number not greater than {maximum}");
            return Some(Broken::Constraint(text));
        }
    }
    None
}

/// A regular expression of a template, which must match a whole value.
///
/// CloudFormation uses Java's dialect. Patterns that a linear-time engine can read run there,
/// so that no pattern can hang the emulator; only look-around and back-references need the
/// backtracking engine.
pub struct Pattern(Engine);

enum Engine {
    Linear(regex::Regex),
    Backtracking(regress::Regex),
}

impl Pattern {
    /// Compiles a pattern; the error says what is wrong with it.
    pub fn new(pattern: &str) -> Result<Pattern, String> {
        let whole = format!(r"\A(?:{pattern})\z");
        let built =
            regex::RegexBuilder::new(&whole).size_limit(4 << 20).dfa_size_limit(4 << 20).build();
        if let Ok(linear) = built {
            return Ok(Pattern(Engine::Linear(linear)));
        }
        match regress::Regex::with_flags(&format!("^(?:{pattern})$"), "u")
            .or_else(|_| regress::Regex::new(&format!("^(?:{pattern})$")))
        {
            Ok(backtracking) => Ok(Pattern(Engine::Backtracking(backtracking))),
            Err(error) => Err(error.text),
        }
    }

    /// Whether the whole value matches.
    pub fn matches(&self, value: &str) -> bool {
        match &self.0 {
            Engine::Linear(regex) => regex.is_match(value),
            Engine::Backtracking(regex) => regex.find(value).is_some(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_value(declaration: &str, value: &str, expected: &str) {
        let text = format!(
            "Parameters: {{P: {declaration}}}\nResources: {{A: {{Type: 'AWS::SNS::Topic'}}}}"
        );
        let template = crate::parse::parse(&text).expect("valid");
        let got = check("P", template.parameters.get("P").expect("P"), value);
        assert_eq!(got.err().map_or("ok".into(), |p| p.message), expected, "{declaration} {value}");
    }

    #[test]
    fn each_constraint_has_its_text() {
        let choice = "{Type: String, AllowedValues: [a, b]}";
        check_value(choice, "a", "ok");
        check_value(choice, "c", "Parameter 'P' must be one of AllowedValues");
        let length = "{Type: String, MinLength: 1, MaxLength: 3}";
        check_value(length, "", "Parameter 'P' must contain at least 1 characters");
        check_value(length, "abcd", "Parameter 'P' must contain at most 3 characters");
        check_value(length, "äöü", "ok");
        let pattern = "{Type: String, AllowedPattern: '[a-z]+'}";
        check_value(pattern, "abc1", "Parameter 'P' must match pattern [a-z]+");
        let number = "{Type: Number, MinValue: 1, MaxValue: 10}";
        check_value(number, "x", "Parameter 'P' must be a number");
        check_value(number, "0", "Parameter 'P' must be a number not less than 1");
        check_value(number, "10.5", "Parameter 'P' must be a number not greater than 10");
        check_value("{Type: Number, AllowedValues: [1, 2]}", "2.0", "ok");
    }

    #[test]
    fn a_description_replaces_the_rule_but_not_the_type() {
        let declaration = "{Type: Number, MaxValue: 3, ConstraintDescription: at most three}";
        check_value(declaration, "4", "Parameter P failed to satisfy constraint: at most three");
        check_value(declaration, "x", "Parameter 'P' must be a number");
    }

    #[test]
    fn lists_are_checked_element_by_element() {
        let list = "{Type: 'List<Number>', MaxValue: 5}";
        check_value(list, "1, 2,5", "ok");
        check_value(list, "1,6", "Parameter 'P' must be a number not greater than 5");
        check_value(list, "1,x", "Parameter 'P' must be a number");
    }

    #[test]
    fn look_around_works_and_catastrophes_do_not() {
        let look = Pattern::new(r"(?=.*\d)[a-z\d]{4,}").expect("compiles");
        assert!(look.matches("abc1") && !look.matches("abcd"));
        let evil = Pattern::new("(a+)+b").expect("compiles");
        assert!(!evil.matches(&"a".repeat(4_000)));
        assert!(Pattern::new("(").is_err());
    }
}
