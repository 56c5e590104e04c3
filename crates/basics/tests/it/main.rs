//! Scenarios of STS, IAM, the parameter store and SNS: typed calls on a manual clock.

mod elb;
mod harness;
mod iam;
mod sns;
mod sns_delivery;
mod ssm;
mod sts;
