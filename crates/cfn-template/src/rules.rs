//! `Rules`: assertions about combinations of parameters.
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/rules-section-structure.html>

use crate::eval::{Evaluator, boolean_call, call, same};
use crate::node::{Entry, Node};
use crate::problem::Problem;
use crate::template::Template;
use serde_json::Value;

/// Functions that only rules have and that ask for what exists in the account.
const ABSENT: [&str; 3] = ["Fn::RefAll", "Fn::ValueOf", "Fn::ValueOfAll"];

impl Evaluator<'_> {
    /// Checks the template's rules against the values of its parameters.
    ///
    /// # Errors
    ///
    /// The first assertion that does not hold, or what is wrong with the rules' form.
    pub fn check_rules(&self, template: &Template) -> Result<(), Problem> {
        let rules = template.rules.as_ref().and_then(Node::as_map).unwrap_or_default();
        rules.iter().try_for_each(|rule| {
            self.check_rule(rule).map_err(|problem| problem.in_path(format!("/Rules/{}", rule.key)))
        })
    }

    fn check_rule(&self, rule: &Entry) -> Result<(), Problem> {
        if let Some(condition) = rule.value.get("RuleCondition")
            && !self.holds_in_rule(condition)?
        {
            return Ok(());
        }
        let assertions = rule.value.get("Assertions").and_then(Node::as_list);
        let assertions = assertions.ok_or_else(|| {
            let text =
                format!("Template format error: Rule {} must have a list of Assertions.", rule.key);
            Problem::validation(text).at(rule.key_position)
        })?;
        for assertion in assertions {
            let claim = assertion.get("Assert").ok_or_else(|| {
                let text = format!(
                    "Template format error: Every assertion of rule {} must have an Assert.",
                    rule.key
                );
                Problem::validation(text).at(assertion.position)
            })?;
            if !self.holds_in_rule(claim)? {
                let told = assertion.get("AssertDescription").and_then(Node::as_text);
                let text = told.map_or_else(
                    || format!("Assertion of rule {} failed.", rule.key),
                    |told| format!("Assertion of rule {} failed: {}", rule.key, told.trim_end()),
                );
                return Err(Problem::validation(text).at(claim.position));
            }
        }
        Ok(())
    }

    /// The truth of a rule's function.
    fn holds_in_rule(&self, node: &Node) -> Result<bool, Problem> {
        let malformed = || {
            let text = "Template error: rules can only be boolean operations on parameters";
            Problem::validation(text).at(node.position)
        };
        let Some([entry]) = node.as_map() else { return Err(malformed()) };
        let arguments = entry.value.as_list().unwrap_or(std::slice::from_ref(&entry.value));
        if let Some(name) = ABSENT.iter().find(|name| **name == entry.key) {
            return Err(Problem::not_implemented(*name).at(entry.key_position));
        }
        match (entry.key.as_str(), arguments) {
            ("Fn::And", all) => {
                all.iter().try_fold(true, |held, each| Ok(self.holds_in_rule(each)? && held))
            }
            ("Fn::Or", all) => {
                all.iter().try_fold(false, |held, each| Ok(self.holds_in_rule(each)? || held))
            }
            ("Fn::Not", [one]) => self.holds_in_rule(one).map(|held| !held),
            ("Fn::Equals", [left, right]) => Ok(same(&self.part(left)?, &self.part(right)?)),
            ("Fn::Contains", [list, value]) => {
                let value = self.part(value)?;
                Ok(listed(&self.part(list)?).iter().any(|item| same(item, &value)))
            }
            ("Fn::EachMemberEquals", [list, value]) => {
                let value = self.part(value)?;
                Ok(listed(&self.part(list)?).iter().all(|item| same(item, &value)))
            }
            ("Fn::EachMemberIn", [list, allowed]) => {
                let allowed = self.part(allowed)?;
                let within = |item: &Value| listed(&allowed).iter().any(|value| same(item, value));
                Ok(listed(&self.part(list)?).iter().all(within))
            }
            _ => Err(malformed()),
        }
    }

    /// A value in a rule.
    fn part(&self, node: &Node) -> Result<Value, Problem> {
        if let Some([entry]) = node.as_map()
            && let Some(name) = ABSENT.iter().find(|name| **name == entry.key)
        {
            return Err(Problem::not_implemented(*name).at(entry.key_position));
        }
        match call(node).or_else(|| boolean_call(node)) {
            Some((function, _)) if function.boolean => self.holds_in_rule(node).map(Value::from),
            _ => self.value(node).map(|evaluated| evaluated.value),
        }
    }
}

/// The elements of a list; a single value is a list of one.
fn listed(value: &Value) -> &[Value] {
    match value {
        Value::Array(items) => items,
        one => std::slice::from_ref(one),
    }
}

#[cfg(test)]
mod tests {
    use crate::{EmptyWorld, Evaluator, GivenParameter, PseudoValues};

    fn outcome(given: &[(&str, &str)]) -> Result<(), String> {
        let text = "
            Parameters:
              Stage: {Type: String, Default: test}
              Type: {Type: String, Default: t2.micro}
              Zones: {Type: CommaDelimitedList, Default: 'a, b'}
            Rules:
              Small:
                RuleCondition: !Equals [!Ref Stage, test]
                Assertions:
                - Assert: !Not [!Equals [!Ref Type, m5.large]]
                  AssertDescription: Tests run on small instances
                - Assert: {'Fn::Contains': [[t2.micro, t3.micro], !Ref Type]}
              Zones:
                Assertions:
                - Assert: {'Fn::EachMemberIn': [!Ref Zones, [a, b, c]]}
                  AssertDescription: Only three zones
                - Assert: {'Fn::Or': [{'Fn::EachMemberEquals': [!Ref Zones, a]}, {'Fn::Contains': [!Ref Zones, b]}]}
            Resources: {T: {Type: 'AWS::SNS::Topic'}}";
        let template = crate::parse(text).expect("a valid template");
        let given: Vec<_> = given.iter().map(|(k, v)| GivenParameter::new(*k, *v)).collect();
        let parameters = crate::resolve_parameters(&template, &given, None, &EmptyWorld);
        let (parameters, pseudo) = (parameters.expect("valid"), PseudoValues::default());
        let evaluator = Evaluator::new(&template, &parameters, &pseudo, &EmptyWorld);
        let checked = evaluator.expect("conditions").check_rules(&template);
        checked.map_err(|problem| problem.message)
    }

    #[test]
    fn assertions_hold_or_say_what_is_wrong() {
        assert_eq!(outcome(&[]), Ok(()));
        assert_eq!(
            outcome(&[("Type", "m5.large")]),
            Err("Assertion of rule Small failed: Tests run on small instances".into())
        );
        assert_eq!(outcome(&[("Type", "m5.small")]), Err("Assertion of rule Small failed.".into()));
        assert_eq!(outcome(&[("Type", "m5.large"), ("Stage", "prod")]), Ok(()));
        assert_eq!(
            outcome(&[("Zones", "a,z")]),
            Err("Assertion of rule Zones failed: Only three zones".into())
        );
        assert_eq!(outcome(&[("Zones", "c")]), Err("Assertion of rule Zones failed.".into()));
        assert_eq!(outcome(&[("Zones", "a")]), Ok(()));
    }
}
