//! What scenarios do, and what reports tell of it.

use simulate::{Report, Scenario, csv, json, play, summary};
use std::path::Path;

const STACK: &str = "
region: us-west-1
for: 2h
stack:
  AWSTemplateFormatVersion: 2010-09-09
  Parameters:
    Size: { Type: Number, Default: 1 }
  Resources:
    Config:
      Type: AWS::AutoScaling::LaunchConfiguration
      Properties: { ImageId: ami-09d2fb69, InstanceType: t2.micro }
    Web:
      Type: AWS::AutoScaling::AutoScalingGroup
      Properties:
        LaunchConfigurationName: !Ref Config
        AvailabilityZones: !GetAZs \"\"
        MinSize: !Ref Size
        MaxSize: 10
        DefaultInstanceWarmup: 60
  Outputs:
    Group: { Value: !Ref Web }
parameters: { Size: 2 }
";

pub fn played(text: &str) -> Result<Report, String> {
    let mut scenario = Scenario::parse(text).map_err(|error| error.to_string())?;
    scenario.complete(Path::new("")).map_err(|error| error.to_string())?;
    play(&scenario, &lowcloud::wiring(), &mut |_| ()).map_err(|error| error.to_string())
}

#[track_caller]
fn report(rest: &str) -> Report {
    played(&format!("{STACK}{rest}")).expect("the scenario can be played")
}

const POLICY: &str = "
  - at: 5m
    call: autoscaling:PutScalingPolicy
    as: policy
    input:
      AutoScalingGroupName: { resource: Web }
      PolicyName: cpu
      PolicyType: TargetTrackingScaling
      TargetTrackingConfiguration:
        PredefinedMetricSpecification: { PredefinedMetricType: ASGAverageCPUUtilization }
        TargetValue: 50
";

#[test]
fn a_group_grows_under_load_and_assertions_say_so() {
    let report = report(&format!(
        "calls:{POLICY}
load:
  - at: 10m
    group: {{ resource: Web }}
    demand: 300
assert:
  - max(cpu) > 95 between 10m and 20m
  - max(cpu) <= 60 after 1h
  - final(desired of Web) == 6
  - count(failed_activities) == 0
  - count(alarms) >= 1
  - sum(instance_hours) < 13
  - final(desired) == 2
"
    ));
    let verdicts: Vec<(&str, bool)> =
        report.assertions.iter().map(|v| (v.text.as_str(), v.holds)).collect();
    let (last, rest) = verdicts.split_last().expect("assertions");
    assert!(rest.iter().all(|(_, holds)| *holds), "{:?}", report.assertions);
    assert_eq!((last, report.holds()), (&("final(desired) == 2", false), false));

    assert_eq!(report.times.len(), 121);
    let group = &report.groups[0];
    assert_eq!((report.groups.len(), group.resource.as_deref()), (1, Some("Web")));
    assert_eq!(group.cpu_target(), Some(50.0));
    assert_eq!((group.demand[9], group.demand[10]), (None, Some(300.0)));
    assert!(group.pending.iter().flatten().any(|pending| *pending > 0));
    assert_eq!(group.in_service.last(), Some(&Some(6)));
    assert_eq!(report.alarms.len(), 2);
    let high = &report.alarms[0];
    let states: Vec<&str> = high.states.iter().map(|state| state.value.as_str()).collect();
    assert!(high.name.contains("AlarmHigh") && states.contains(&"ALARM"), "{states:?}");
    assert!(high.states.windows(2).all(|pair| pair[0].to == pair[1].from));
    let hours = report.instance_hours["t2.micro"];
    assert!((9.0..12.0).contains(&hours), "{hours}");
    let caused = report.activities.iter().filter(|a| a.cause.contains("triggered policy cpu"));
    assert!(caused.count() > 0);
}

#[test]
fn the_same_seed_gives_the_same_report_and_another_another() {
    let rest = format!(
        "calls:{POLICY}load:\n  - demand: {{ sine: {{ low: 20, high: 400, period: 2h }} }}\n"
    );
    let texts = |seed: u64| {
        let report = report(&format!("{rest}seed: {seed}\n"));
        [json(&report), csv(&report), summary(&report), simulate::html(&report)]
    };
    assert_eq!(texts(1), texts(1));
    assert_ne!(texts(1)[0], texts(2)[0]);
}

#[test]
fn a_failed_zone_is_in_the_report_and_its_instances_are_replaced() {
    let report = report(
        "faults: [{ at: 30m, kind: zone-outage, zone: us-west-1a, for: 20m }]
assert: ['min(in_service) < 2 between 30m and 50m', final(in_service) == 2]
",
    );
    assert!(report.holds(), "{:?}", report.assertions);
    let fault = &report.faults[0];
    assert_eq!((fault.from, fault.to), (1_800_000, 3_000_000));
    assert_eq!(fault.label, "zone-outage in us-west-1a");
}

#[test]
fn calls_refer_to_the_stack_and_to_each_other() {
    let report = report(
        "before:
  - { call: ec2:CreateKeyPair, input: { KeyName: demo, KeyType: ed25519 }, as: key }
calls:
  - at: 10m
    call: autoscaling:PutScalingPolicy
    as: policy
    input:
      AutoScalingGroupName: { output: Group }
      PolicyName: more
      AdjustmentType: ChangeInCapacity
      ScalingAdjustment: 3
  - at: 11m
    call: cloudwatch:PutMetricAlarm
    input:
      AlarmName: busy
      Namespace: AWS/EC2
      MetricName: CPUUtilization
      Dimensions: [{ Name: AutoScalingGroupName, Value: { resource: Web } }]
      Statistic: Average
      Period: 60
      EvaluationPeriods: 2
      Threshold: 70
      ComparisonOperator: GreaterThanThreshold
      AlarmActions: [{ result: policy.PolicyARN }]
  - at: 12m
    call: ec2:DeleteKeyPair
    input: { KeyPairId: { result: key.KeyPairId } }
  - at: 13m
    call: autoscaling:SetDesiredCapacity
    input: { AutoScalingGroupName: { resource: Web }, DesiredCapacity: 11 }
    expect_error: ValidationError
load: [{ at: 20m, cpu: 90 }]
assert: ['max(desired) >= 5', count(alarms of busy) == 1]
",
    );
    assert!(report.holds(), "{:?}", report.assertions);
    assert_eq!(report.alarms[0].threshold, Some(70.0));
    let refused = report.events.iter().find(|event| event.outcome.starts_with("ValidationError"));
    assert_eq!(refused.map(|event| event.at), Some(780_000));
}

#[test]
fn a_stack_that_fails_is_an_assertion_that_fails() {
    let report = played(
        "{ region: us-west-1, for: 10m, stack: { Resources: { G: { Type: \
         'AWS::AutoScaling::AutoScalingGroup', Properties: { LaunchConfigurationName: nowhere, \
         MinSize: '1', MaxSize: '1', AvailabilityZones: [us-west-1a] } } } } }",
    )
    .expect("it can be played");
    assert!(!report.holds());
    assert_eq!(report.stack.as_ref().map(|stack| stack.status.as_str()), Some("ROLLBACK_COMPLETE"));
    assert!(report.events.iter().any(|event| event.outcome.starts_with("CREATE_FAILED")));
}

#[test]
fn reports_tell_the_same_in_every_form() {
    let report = report("load: [{ demand: 50 }]\n");
    let table = csv(&report);
    let lines: Vec<&str> = table.lines().collect();
    let group = &report.groups[0];
    let there = group.desired.iter().flatten().count();
    assert_eq!(lines.len(), there + 1);
    let cells: Vec<&str> = lines[lines.len() - 1].split(',').collect();
    assert_eq!(cells[..2], ["2017-09-28T02:00:00Z", "7200"]);
    assert_eq!(cells[3..9], ["50", "25", "2", "10", "2", "2"]);
    let document: serde_json::Value = serde_json::from_str(&json(&report)).expect("JSON");
    assert_eq!(document["groups"][0]["cpu"][120], 25.0);
    assert_eq!(document["scenario"]["lasts"], 7_200_000);
    let lines = summary(&report);
    assert!(lines.contains("stack simulation: CREATE_COMPLETE"), "{lines}");
    assert!(lines.contains("2 launches, 0 terminations, 0 failed"), "{lines}");
}

#[test]
fn a_demand_on_a_target_group_is_that_of_the_group_behind_it() {
    let report = report(
        "before:
  - call: ec2:DescribeVpcs
    as: vpcs
  - call: elbv2:CreateTargetGroup
    as: made
    input: { Name: web, Protocol: HTTP, Port: 80, VpcId: { result: vpcs.Vpcs.0.VpcId } }
calls:
  - at: 5m
    call: autoscaling:AttachLoadBalancerTargetGroups
    input:
      AutoScalingGroupName: { resource: Web }
      TargetGroupARNs: [{ result: made.TargetGroups.0.TargetGroupArn }]
load:
  - at: 10m
    target_group: { result: made.TargetGroups.0.TargetGroupArn }
    demand: 120
",
    );
    let demand = &report.groups[0].demand;
    assert_eq!((demand[9], demand[10]), (None, Some(120.0)));
}

#[test]
fn what_happens_between_samples_counts_all_the_same() {
    let rest = format!("calls:{POLICY}load: [{{ at: 10m, demand: 300 }}]\n");
    let (fine, coarse) = (report(&rest), report(&format!("{rest}sample: 30m\n")));
    assert_eq!((fine.times.len(), coarse.times.len()), (121, 5));
    let hours = |report: &Report| report.instance_hours["t2.micro"];
    assert!((hours(&fine) - hours(&coarse)).abs() < 0.001);
    let states = |report: &Report| report.alarms[0].states.len();
    assert_eq!(states(&fine), states(&coarse));
    assert!(coarse.groups[0].pending[1].is_some_and(|pending| pending > 0));
}

#[test]
fn the_page_shows_what_happened() {
    let report = report(&format!(
        "calls:{POLICY}load: [{{ at: 10m, demand: 300 }}]
faults: [{{ at: 1h, kind: insufficient-capacity, zone: us-west-1c, for: 10m }}]
assert: [final(desired) == 2]
"
    ));
    let page = simulate::html(&report);
    for part in [
        "<h2>Web <span",
        "target 50 %",
        "insufficient-capacity in us-west-1c",
        "class=\"ALARM\"",
        "class=\"mark launch\"",
        "in state ALARM triggered policy cpu changing the desired capacity",
        "1 of 2 assertions fail",
        "demand: 300",
    ] {
        assert!(page.contains(part), "{part}");
    }
    assert_eq!(page.matches("<svg").count(), page.matches("</svg>").count());
}

#[test]
fn money_is_told_only_by_prices_that_are_given() {
    let mut report = report("");
    assert!(report.cost.is_none() && !summary(&report).contains("USD"));
    report.price(&[("t2.micro".into(), 0.01)].into());
    let hours = report.instance_hours["t2.micro"];
    let cost = report.cost.clone().expect("a cost");
    assert!((cost.usd - hours * 0.01).abs() < 1e-4 && cost.unpriced.is_empty());
    report.price(&[("m5.large".into(), 0.1)].into());
    assert_eq!(report.cost.map(|cost| cost.unpriced), Some(vec!["t2.micro".into()]));
}
