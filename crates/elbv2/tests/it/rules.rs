//! Rules of listeners.

use crate::harness::{Elb, forward};
use api::elbv2::{self, ops};
use smol_str::SmolStr;

fn path(value: &str) -> elbv2::RuleCondition {
    elbv2::RuleCondition {
        field: Some("path-pattern".into()),
        values: Some(vec![value.into()]),
        ..Default::default()
    }
}

fn new_rule(listener: &SmolStr, priority: i64, group: &SmolStr) -> elbv2::CreateRuleInput {
    elbv2::CreateRuleInput {
        listener_arn: listener.clone(),
        priority,
        conditions: vec![path("/x/*")],
        actions: vec![forward(group)],
        ..Default::default()
    }
}

/// A listener on port 80 and its group.
fn listening(elb: &Elb) -> (SmolStr, SmolStr) {
    let (balancer, group) = (elb.balancer("web"), elb.group("web"));
    (elb.listener(&balancer, 80, &group), group)
}

fn rules(elb: &Elb, listener: &SmolStr) -> Vec<elbv2::Rule> {
    let input =
        elbv2::DescribeRulesInput { listener_arn: Some(listener.clone()), ..Default::default() };
    elb.ok::<ops::DescribeRules>(input).rules.expect("a list")
}

fn priorities(elb: &Elb, listener: &SmolStr) -> Vec<String> {
    let rules = rules(elb, listener).into_iter();
    rules.map(|rule| rule.priority.expect("a priority").to_string()).collect()
}

#[test]
fn the_default_rule_comes_last_and_stays() {
    let elb = Elb::new();
    let (listener, group) = listening(&elb);
    for priority in [20, 3, 100] {
        elb.ok::<ops::CreateRule>(new_rule(&listener, priority, &group));
    }
    assert_eq!(priorities(&elb, &listener), ["3", "20", "100", "default"]);
    let default = rules(&elb, &listener).pop().expect("the default rule");
    assert_eq!(default.is_default, Some(true));
    assert_eq!(default.actions.expect("actions")[0].target_group_arn, Some(group));
    let arn = default.rule_arn.expect("an ARN");
    let below = listener.replacen(":listener/", ":listener-rule/", 1);
    assert_eq!(arn.strip_prefix(&format!("{below}/")).map(str::len), Some(16), "{arn}");
    elb.fails::<ops::DeleteRule>(
        elbv2::DeleteRuleInput { rule_arn: arn.clone() },
        "OperationNotPermitted",
        &format!("Default rule '{arn}' cannot be deleted"),
    );
}

#[test]
fn a_priority_is_used_once() {
    let elb = Elb::new();
    let (listener, group) = listening(&elb);
    elb.ok::<ops::CreateRule>(new_rule(&listener, 1, &group));
    elb.fails::<ops::CreateRule>(
        new_rule(&listener, 1, &group),
        "PriorityInUse",
        "Priority '1' is currently in use",
    );
    elb.fails_as::<ops::CreateRule>(new_rule(&listener, 0, &group), "ValidationError");
}

#[test]
fn priorities_are_set_all_or_none() {
    let elb = Elb::new();
    let (listener, group) = listening(&elb);
    let arns: Vec<SmolStr> = [1, 2, 3]
        .map(|priority| {
            let made = elb.ok::<ops::CreateRule>(new_rule(&listener, priority, &group));
            made.rules.and_then(|mut all| all.pop()?.rule_arn).expect("an ARN")
        })
        .into();
    let set = |pairs: &[(usize, i64)]| elbv2::SetRulePrioritiesInput {
        rule_priorities: pairs
            .iter()
            .map(|(at, priority)| elbv2::RulePriorityPair {
                rule_arn: Some(arns[*at].clone()),
                priority: Some(*priority),
            })
            .collect(),
    };
    elb.ok::<ops::SetRulePriorities>(set(&[(0, 2), (1, 1)]));
    let first = rules(&elb, &listener)[0].rule_arn.clone();
    assert_eq!(first.as_ref(), Some(&arns[1]));
    elb.fails_as::<ops::SetRulePriorities>(set(&[(0, 9), (1, 3)]), "PriorityInUse");
    assert_eq!(priorities(&elb, &listener), ["1", "2", "3", "default"]);
}

#[test]
fn conditions_are_shown_in_both_forms() {
    let elb = Elb::new();
    let (listener, group) = listening(&elb);
    let mut input = new_rule(&listener, 1, &group);
    input.conditions.push(elbv2::RuleCondition {
        field: Some("query-string".into()),
        query_string_config: Some(elbv2::QueryStringConditionConfig {
            values: Some(vec![elbv2::QueryStringKeyValuePair {
                key: Some("v".into()),
                value: Some("1".into()),
            }]),
        }),
        ..Default::default()
    });
    elb.ok::<ops::CreateRule>(input.clone());
    let shown = rules(&elb, &listener)[0].conditions.clone().expect("conditions");
    assert_eq!(shown[0].values, Some(vec!["/x/*".into()]));
    let config = shown[0].path_pattern_config.clone().expect("a configuration");
    assert_eq!(config.values, Some(vec!["/x/*".into()]));
    assert_eq!(shown[1], input.conditions[1]);
}

#[test]
fn wrong_conditions_are_refused() {
    let elb = Elb::new();
    let (listener, group) = listening(&elb);
    let mut wrong = new_rule(&listener, 1, &group);
    wrong.conditions[0].field = Some("nonsense".into());
    elb.fails::<ops::CreateRule>(
        wrong,
        "ValidationError",
        "Condition field 'nonsense' must be one of '[path-pattern, host-header, http-header, \
         http-request-method, query-string, source-ip]'",
    );
    let mut many = new_rule(&listener, 1, &group);
    many.conditions[0].values = Some((0..6).map(|n| format!("/{n}").into()).collect());
    elb.fails_as::<ops::CreateRule>(many, "TooManyRules");
    assert_eq!(rules(&elb, &listener).len(), 1);
}

#[test]
fn a_rule_uses_its_group_as_a_listener_does() {
    let elb = Elb::new();
    let (listener, _) = listening(&elb);
    let other = elb.group("other");
    let made = elb.ok::<ops::CreateRule>(new_rule(&listener, 1, &other));
    let arn = made.rules.and_then(|mut all| all.pop()?.rule_arn).expect("an ARN");
    let deletion = || elbv2::DeleteTargetGroupInput { target_group_arn: other.clone() };
    elb.fails_as::<ops::DeleteTargetGroup>(deletion(), "ResourceInUse");
    elb.ok::<ops::DeleteRule>(elbv2::DeleteRuleInput { rule_arn: arn });
    elb.ok::<ops::DeleteTargetGroup>(deletion());
}

#[test]
fn rules_and_listeners_answer_by_themselves_too() {
    let elb = Elb::new();
    let (listener, group) = listening(&elb);
    let act = |action: elbv2::Action| {
        let mut input = new_rule(&listener, 1, &group);
        input.actions = vec![action];
        input
    };
    let fixed = |status: &str| elbv2::Action {
        r#type: "fixed-response".into(),
        fixed_response_config: Some(elbv2::FixedResponseActionConfig {
            status_code: status.into(),
            ..Default::default()
        }),
        ..Default::default()
    };
    elb.fails_as::<ops::CreateRule>(act(fixed("302")), "InvalidLoadBalancerAction");
    let redirect = |status: &str, port: Option<&str>| elbv2::Action {
        r#type: "redirect".into(),
        redirect_config: Some(elbv2::RedirectActionConfig {
            status_code: status.into(),
            port: port.map(Into::into),
            ..Default::default()
        }),
        ..Default::default()
    };
    elb.fails_as::<ops::CreateRule>(act(redirect("HTTP_301", None)), "InvalidLoadBalancerAction");
    elb.ok::<ops::CreateRule>(act(redirect("HTTP_301", Some("443"))));
    let shown = rules(&elb, &listener)[0].actions.clone().expect("actions").remove(0);
    let shown = shown.redirect_config.expect("a configuration");
    assert_eq!(
        (shown.protocol.as_deref(), shown.path.as_deref(), shown.query.as_deref()),
        (Some("#{protocol}"), Some("/#{path}"), Some("#{query}"))
    );
}
