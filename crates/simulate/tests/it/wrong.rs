//! Scenarios that are wrong say what is, and where.

use crate::playing::played;

#[track_caller]
fn check(scenario: &str, expected: &[&str]) {
    let error = played(scenario).map(drop).expect_err(scenario);
    for part in expected {
        assert!(error.contains(part), "{scenario}\n{error}\nlacks: {part}");
    }
}

#[test]
fn mistakes_in_the_text_are_told_with_their_line() {
    check("for: 1h\nregoin: us-west-1\n", &["unknown field `regoin`", "`region`", "line 2"]);
    check("for: soon\n", &["'soon' is no duration", "line 1 column 6"]);
    check("start: today\n", &["'today' is no instant: say 2017-09-28T00:00:00Z", "line 1"]);
    check("pace: fast\n", &["'fast' is no pace: say instant, brisk or realistic"]);
    check(
        "for: 1h\nassert:\n  - max(cpu) < 80\n  - max(cpuu) < 80\n",
        &["assert[1]", "'cpuu' is no series", "line 4 column 5"],
    );
    check(
        "for: 1h\ncalls:\n  - call: ec2:RunInstance\n",
        &["ec2 has no such operation; did you mean RunInstances?", "line 3"],
    );
    check("faults:\n  - kind: flood\n", &["unknown variant `flood`", "`zone-outage`", "line 2"]);
    check("load:\n  - demand: much\n", &["expected a number, or { ramp: … }", "line 2"]);
    check("load:\n  - demand: { wave: 1 }\n", &["unknown field `wave`", "`ramp`"]);
    check("load:\n  - group: { logical: Web }\n", &["unknown variant `logical`", "`resource`"]);
    check("for: 1h\nload: [\n", &["line 3"]);
}

#[test]
fn what_cannot_be_is_refused_before_anything_is_played() {
    let call = "calls: [{ call: ec2:CreateVpc, input: { CidrBlock: 10.0.0.0/16 } }]";
    check(call, &["say how long the scenario lasts: for: 24h"]);
    check("for: 1h\n", &["nothing would be there"]);
    check(&format!("for: 90d\n{call}"), &["for: 90d is not possible", "six weeks"]);
    check(&format!("for: 1h\nsample: 10ms\n{call}"), &["sample: 10ms is not possible"]);
    check(&format!("for: 1h\n{call}\nload: [{{ at: 2h, cpu: 1 }}]"), &["load[0].at: 2h is after"]);
    check(&format!("for: 1h\n{call}\nload: [{{ at: 1m }}]"), &["load[0]: a load is either cpu"]);
    check(
        &format!("for: 1h\n{call}\nload: [{{ cpu: 1, group: a, instance: b }}]"),
        &["load[0]: a load has one bearer"],
    );
    check(
        &format!("for: 1h\n{call}\nload: [{{ demand: {{ trace: none.csv }} }}]"),
        &["load[0]: none.csv cannot be read"],
    );
    check(&format!("for: 1h\n{call}\nload: [{{ demand: {{}} }}]"), &["load[0]: an amount is"]);
    check(
        "for: 1h\ncalls: [{ call: cloudformation:CreateStack, input: { StackName: a, TemplateBody: { \
         file: none.yaml } } }]",
        &["cloudformation:CreateStack: none.yaml cannot be read"],
    );
    check(
        &format!("for: 1h\n{call}\nfaults: [{{ kind: throttle, rate: 2 }}]"),
        &["faults[0]: rate is between 0 and 1"],
    );
    check(
        "for: 1h\ncalls: [{ call: ec2:CreateVpc, input: { Cidr: 10.0.0.0/16 } }]",
        &["calls[0]: ec2:CreateVpc: input: there is no member 'Cidr'", "CidrBlock"],
    );
    check("for: 1h\nregion: mars-1\ncalls: []\nstack: 'Resources: {}'", &["region"]);
}

#[test]
fn what_goes_wrong_on_the_way_says_when_and_why() {
    let vpc = "{ call: ec2:CreateVpc, input: { CidrBlock: 10.0.0.0/16 } }";
    check(
        "for: 1h\ncalls: [{ at: 10m, call: ec2:DeleteVpc, input: { VpcId: vpc-0123456789abcdef0 } }]",
        &["calls[0] (ec2:DeleteVpc at 10m): InvalidVpcID.NotFound"],
    );
    check(
        "for: 1h\ncalls: [{ call: ec2:CreateVpc, input: { CidrBlock: 10.0.0.0/16 }, expect_error: X }]",
        &["X was expected, but it succeeded"],
    );
    check(
        &format!("for: 1h\ncalls: [{vpc}]\nload: [{{ at: 10m, group: g, cpu: 1 }}]"),
        &["load[0] at 10m: there is no group 'g'"],
    );
    check(
        &format!("for: 1h\ncalls: [{vpc}]\nload: [{{ cpu: 1 }}]"),
        &["load[0]: there is no group to give the load to"],
    );
    check(
        &format!("for: 1h\ncalls: [{vpc}]\nload: [{{ at: 1m, cpu: 1, group: {{ resource: G }} }}]"),
        &["the scenario has no template"],
    );
    check(
        "for: 1h\nstack: 'Resources: { T: { Type: \"AWS::SNS::Topic\" } }'\n\
         load: [{ at: 10m, cpu: 1, group: { resource: G } }]",
        &["load[0] at 10m: the stack has no resource 'G' yet", "CREATE_COMPLETE"],
    );
    check("for: 1h\nstack: 'Resources: 5'", &["the stack cannot be made: ValidationError"]);
    check(
        "for: 1h\ncalls: [{ call: ec2:DeleteVpc, input: { VpcId: { result: a.VpcId } } }]",
        &["no call before this one is saved as: a"],
    );
}
