//! Templates as the AWS CDK synthesizes them: its parameter, rule, condition and metadata.

use crate::harness::{Stacks, creation};
use api::cloudformation::ops;
use api::ssm;
use serde_json::{Value, json};

/// A topic, with all that the CDK puts beside it.
fn synthesized() -> Value {
    let known: Vec<Value> = ["1", "2", "3", "4", "5"].iter().map(|v| json!(v)).collect();
    json!({
        "Resources": {
            "TopicBFC7AF6E": {
                "Type": "AWS::SNS::Topic",
                "Metadata": {"aws:cdk:path": "Shop/Topic/Resource"},
            },
            "CDKMetadata": {
                "Type": "AWS::CDK::Metadata",
                "Properties": {"Analytics": "v2:deflate64:H4sIAAAA/zPSM7A00DNQTCwv1k1OydbNyUzSqw4uSUzO1kksL9YPSs0vLUpOrdVxzknNS3POz0vJLMnMz6vVyctPSdXLKtYvMzLSMzTWM1DMKs7M1C0qzSvJzE3VC4LQAKLqEnxUAAAA"},
                "Metadata": {"aws:cdk:path": "Shop/CDKMetadata/Default"},
                "Condition": "CDKMetadataAvailable",
            },
        },
        "Conditions": {
            "CDKMetadataAvailable": {"Fn::Or": [
                {"Fn::Or": [{"Fn::Equals": [{"Ref": "AWS::Region"}, "af-south-1"]},
                            {"Fn::Equals": [{"Ref": "AWS::Region"}, "us-west-1"]}]},
                {"Fn::Or": [{"Fn::Equals": [{"Ref": "AWS::Region"}, "us-west-2"]},
                            {"Fn::Equals": [{"Ref": "AWS::Region"}, "us-east-1"]}]},
            ]},
        },
        "Parameters": {
            "BootstrapVersion": {
                "Type": "AWS::SSM::Parameter::Value<String>",
                "Default": "/cdk-bootstrap/hnb659fds/version",
                "Description": "Version of the CDK Bootstrap resources in this environment, \
                                automatically retrieved from SSM Parameter Store. [cdk:skip]",
            },
        },
        "Rules": {
            "CheckBootstrapVersion": {"Assertions": [{
                "Assert": {"Fn::Not": [{"Fn::Contains": [known, {"Ref": "BootstrapVersion"}]}]},
                "AssertDescription": "CDK bootstrap stack version 6 required. Please run \
                                      'cdk bootstrap' with a recent version of the CDK CLI.",
            }]},
        },
    })
}

impl Stacks {
    fn bootstrap(&self, version: &str) {
        self.ok::<ssm::ops::PutParameter>(ssm::PutParameterRequest {
            name: "/cdk-bootstrap/hnb659fds/version".into(),
            value: version.into(),
            r#type: Some("String".into()),
            overwrite: Some(true),
            ..Default::default()
        });
    }
}

#[test]
fn a_synthesized_template_needs_a_bootstrapped_account() {
    let stacks = Stacks::new();
    stacks.fails::<ops::CreateStack>(
        creation("s", &synthesized()),
        "ValidationError",
        "Unable to fetch parameters [/cdk-bootstrap/hnb659fds/version] from parameter store for \
         this account.",
    );
    stacks.bootstrap("5");
    let error = stacks.call::<ops::CreateStack>(creation("s", &synthesized())).expect_err("old");
    assert!(error.message.contains("CDK bootstrap stack version 6 required."), "{}", error.message);
    stacks.bootstrap("21");
    stacks.create("s", &synthesized());
    assert_eq!(stacks.status("s"), "CREATE_COMPLETE");
    let resources = stacks.resources("s");
    assert_eq!(resources.len(), 2);
    assert!(resources.iter().any(|r| r.0 == "CDKMetadata" && r.1.len() == 36));
    let parameters = stacks.shown("s").parameters.unwrap_or_default();
    assert_eq!(parameters[0].resolved_value.as_deref(), Some("21"));
}
