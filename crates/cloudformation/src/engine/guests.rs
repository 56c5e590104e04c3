//! What simulated guests do for stacks: those whose user data call `cfn-signal` signal once they
//! have booted. They run no code; the call is read.
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cfn-signal.html>

mod script;

use super::run::Run;
use crate::resources::StackResource;
use crate::signals::{self, Signal};
use api::ec2;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kernel::{Timestamp, Wait};
use script::Call;
use smol_str::SmolStr;

/// The most instances that are asked after at once.
const MAX_GUESTS: usize = 1_000;

impl Run<'_, '_> {
    /// Takes the signals that booted guests have for a resource that waits.
    pub(super) fn hear_guests(&mut self, row: &StackResource) {
        if !self.world.with(|tx, _| tx.settings().guest_signals) {
            return;
        }
        let boot = self.world.with(|tx, _| tx.pace().millis(Wait::GuestBoot));
        let expects = self.operation.steps.iter().find(|s| s.logical_id == row.logical_id);
        let from = expects.and_then(|s| s.expects.as_ref()).map_or(&row.logical_id, |e| &e.from);
        let from = from.clone();
        let stack = self.stack.id.clone();
        let heard = self.world.with(|tx, _| signals::of(tx, &stack, &from));
        for (id, since) in self.guests(row) {
            if heard.iter().any(|signal| signal.unique_id == id) {
                continue;
            }
            let Some(call) = self.call_of(&id, row, &from) else { continue };
            let at = since.plus_millis(boot);
            if self.now < at {
                self.wake_at(at);
                continue;
            }
            self.hear(row, &from, id, call);
        }
    }

    fn hear(&mut self, row: &StackResource, from: &SmolStr, guest: SmolStr, call: Call) {
        let unique_id = call.id.unwrap_or(guest);
        let word = if call.success { "SUCCESS" } else { "FAILURE" };
        let event = format!("Received {word} signal with UniqueId {unique_id}");
        let signal = Signal {
            stack_id: self.stack.id.clone(),
            logical_id: from.clone(),
            unique_id,
            success: call.success,
            data: call.data,
            reason: call.reason,
            at: self.now,
            number: 0,
        };
        let news = self.world.with(|tx, _| signals::keep(tx, signal));
        // What comes to a handle leaves no event.
        if news && *from == row.logical_id {
            self.record(&mut row.clone(), row.status, &event);
        }
    }

    /// The running instances behind a resource, and when each was launched: the instance itself, a
    /// group's, or for a wait condition all that the stack has.
    fn guests(&self, row: &StackResource) -> Vec<(SmolStr, Timestamp)> {
        let filter = |name: &str, value: SmolStr| ec2::Filter {
            name: Some(name.into()),
            values: Some(vec![value]),
        };
        let which = match row.resource_type.as_str() {
            "AWS::EC2::Instance" => filter("instance-id", row.physical_id.clone()),
            "AWS::AutoScaling::AutoScalingGroup" => {
                filter("tag:aws:autoscaling:groupName", row.physical_id.clone())
            }
            "AWS::CloudFormation::WaitCondition" => {
                filter("tag:aws:cloudformation:stack-id", self.stack.id.clone())
            }
            _ => return Vec::new(),
        };
        let running = filter("instance-state-name", "running".into());
        let input = ec2::DescribeInstancesRequest {
            filters: Some(vec![which, running]),
            ..Default::default()
        };
        let found = self
            .world
            .with(|tx, caller| tx.call::<ec2::ops::DescribeInstances>(caller, input))
            .unwrap_or_default();
        let reservations = found.reservations.unwrap_or_default();
        reservations
            .into_iter()
            .flat_map(|r| r.instances.unwrap_or_default())
            .filter_map(|i| Some((i.instance_id?, i.launch_time?)))
            .take(MAX_GUESTS)
            .collect()
    }

    /// The call for this resource in a guest's user data.
    fn call_of(&self, id: &SmolStr, row: &StackResource, from: &str) -> Option<Call> {
        let input = ec2::DescribeInstanceAttributeRequest {
            instance_id: id.clone(),
            attribute: "userData".into(),
            ..Default::default()
        };
        let found = self
            .world
            .with(|tx, caller| tx.call::<ec2::ops::DescribeInstanceAttribute>(caller, input));
        let encoded = found.ok()?.user_data?.value?;
        let text = String::from_utf8(STANDARD.decode(encoded.as_bytes()).ok()?).ok()?;
        let handle = (from != row.logical_id).then(|| self.row(from)).flatten();
        let is_meant = |call: &Call| match &handle {
            Some(handle) => call.url.as_ref() == Some(&handle.physical_id),
            None => {
                call.resource.as_deref() == Some(from)
                    && call
                        .stack
                        .as_ref()
                        .is_some_and(|stack| *stack == self.stack.name || *stack == self.stack.id)
            }
        };
        script::calls(&text).into_iter().find(is_meant)
    }
}
