//! The texts of constraint failures, as recorded from AWS where a recording exists.

use super::*;

fn text(text: &str) -> Value {
    Value::Text(text.into())
}

fn failure(service: &str, operation: &str, protocol: Protocol, value: Value) -> String {
    let service = model::service(service).expect("listed");
    let operation = service.operation(operation).expect("the service has it");
    let error = check(service, operation, protocol, &value).expect_err("breaks a rule");
    format!("{}: {}", error.code, error.message)
}

#[test]
fn a_broken_pattern_is_quoted_with_the_value() {
    let value = Value::Struct(vec![("StackName", text("1st"))]);
    assert_eq!(
        failure("cloudformation", "CreateStack", Protocol::Query, value),
        "ValidationError: 1 validation error detected: Value '1st' at 'stackName' failed to \
         satisfy constraint: Member must satisfy regular expression pattern: \
         [a-zA-Z][-a-zA-Z0-9]*|arn:[-a-zA-Z0-9:/._+]*"
    );
}

#[test]
fn enum_values_are_listed_in_awss_order() {
    let value = Value::Struct(vec![
        ("AlarmName", text("a")),
        ("StateValue", text("INVALID")),
        ("StateReason", text("r")),
    ]);
    let rule = "1 validation error detected: Value 'INVALID' at 'stateValue' failed to satisfy \
                constraint: Member must satisfy enum value set: [INSUFFICIENT_DATA, ALARM, OK]";
    let query = failure("cloudwatch", "SetAlarmState", Protocol::Query, value.clone());
    assert_eq!(query, format!("ValidationError: {rule}"));
    let json = failure("cloudwatch", "SetAlarmState", Protocol::Json, value);
    assert_eq!(json, format!("ValidationException: {rule}"));
}

#[test]
fn every_failure_is_collected_with_its_path() {
    let tag = Value::Struct(vec![("Key", text(""))]);
    let value = Value::Struct(vec![
        ("AutoScalingGroupName", text("")),
        ("MinSize", Value::Int(1)),
        ("Tags", Value::List(vec![tag])),
    ]);
    assert_eq!(
        failure("autoscaling", "CreateAutoScalingGroup", Protocol::Query, value),
        "ValidationError: 3 validation errors detected: Value '' at 'autoScalingGroupName' failed \
         to satisfy constraint: Member must have length greater than or equal to 1; Value null at \
         'maxSize' failed to satisfy constraint: Member must not be null; Value '' at \
         'tags.1.member.key' failed to satisfy constraint: Member must have length greater than \
         or equal to 1"
    );
}

#[test]
fn simple_elements_fail_as_their_list() {
    let value = Value::Struct(vec![
        ("StackName", text("s")),
        ("Capabilities", Value::List(vec![text("CAPABILITY_IAM"), text("X")])),
    ]);
    let message = failure("cloudformation", "CreateStack", Protocol::Query, value);
    assert!(
        message.contains(
            "Value '[CAPABILITY_IAM, X]' at 'capabilities' failed to satisfy constraint: Member \
             must satisfy constraint: [Member must satisfy enum value set: ["
        ),
        "{message}"
    );
}

#[test]
fn ec2_names_the_first_missing_parameter_and_checks_nothing_else() {
    let value = Value::Struct(vec![("MaxCount", Value::Int(1))]);
    assert_eq!(
        failure("ec2", "RunInstances", Protocol::Ec2, value),
        "MissingParameter: The request must contain the parameter MinCount"
    );
    let ec2 = model::service("ec2").expect("listed");
    let run = ec2.operation("RunInstances").expect("EC2 has it");
    let value = Value::Struct(vec![
        ("InstanceType", text("x99.huge")),
        ("MinCount", Value::Int(-1)),
        ("MaxCount", Value::Int(1)),
    ]);
    assert_eq!(check(ec2, run, Protocol::Ec2, &value), Ok(()));
}

#[test]
fn nulls_count_as_absent() {
    let value = Value::Struct(vec![("Name", Value::Null)]);
    assert_eq!(
        failure("ssm", "GetParameter", Protocol::Json, value),
        "ValidationException: 1 validation error detected: Value null at 'name' failed to satisfy \
         constraint: Member must not be null"
    );
}

#[test]
fn logs_has_a_code_of_its_own() {
    let value = Value::Struct(vec![("logGroupName", text("g")), ("limit", Value::Int(10_001))]);
    assert_eq!(
        failure("logs", "FilterLogEvents", Protocol::Json, value),
        "InvalidParameterException: 1 validation error detected: Value '10001' at 'limit' failed \
         to satisfy constraint: Member must have value less than or equal to 10000"
    );
}

#[test]
fn the_engine_knows_nearly_every_pattern_and_java_matches_alike() {
    let mut refused = Vec::new();
    for name in model::all_services() {
        let service = model::service(name).expect("listed");
        for limits in service.constraints.iter().filter(|c| !c.pattern.is_empty()) {
            if compile(limits.pattern).is_none() {
                refused.push((name, limits.pattern));
            }
        }
    }
    assert!(refused.len() <= 20, "{refused:#?}");
    let xml = "[\\u0020-\\uD7FF\\uE000-\\uFFFD\\uD800\\uDC00-\\uDBFF\\uDFFF\\r\\n\\t]*";
    assert!(matches(xml, "plain text, é, 😀"));
    assert!(!matches(xml, "\u{1}"));
}
