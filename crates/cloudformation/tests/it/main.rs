//! Scenarios: whole stacks on a cloud whose clock is stepped by hand.

mod harness;

mod alarms;
mod cdk;
mod change_sets;
mod creation;
mod custom_resources;
mod deletion;
mod description;
mod drift;
mod ec2_network;
mod exports;
mod failure;
mod import;
mod launch_templates;
mod load_balancing;
mod messaging;
mod nested;
mod operations;
mod parameters;
mod placeholders;
mod recovery;
mod refusals;
mod restart;
mod rollback;
mod rolling_updates;
mod scaling;
mod signals;
mod stack_policies;
mod stack_sets;
mod transforms;
mod updates;
