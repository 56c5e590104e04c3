//! Stacks in stacks: how a parent knows of them, and how they go back with it.
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-nested-stacks.html>

use super::operation::Standing;
use super::run::Run;
use super::wording;
use super::{continue_rollback, roll_back};
use crate::resources::StackResource;
use crate::stacks::{Stack, Status};
use api::cloudformation::{DeleteStackInput, ops};
use kernel::{ApiError, Caller, Tx};
use serde_json::{Value, json};
use std::sync::Arc;

/// The type of nested stacks.
pub(super) const STACK: &str = "AWS::CloudFormation::Stack";

/// `{"stack": ARN, "parent": ARN}`: the stack belongs to the parent.
pub(crate) fn adopt(tx: &mut Tx, _: &Caller, request: &Value) -> Result<Value, ApiError> {
    let text = |name: &str| request[name].as_str().unwrap_or_default();
    let Some(parent) = tx.get::<Stack>(text("parent")) else { return Ok(json!({})) };
    let root = parent.root_id.clone().unwrap_or_else(|| parent.id.clone());
    tx.update::<Stack>(text("stack"), |stack| {
        stack.parent_id = Some(parent.id.clone());
        stack.root_id = Some(root.clone());
    });
    Ok(json!({}))
}

impl Run<'_, '_> {
    fn child(&self, row: &StackResource) -> Option<Arc<Stack>> {
        self.world.with(|tx, _| tx.get::<Stack>(&row.physical_id))
    }

    /// A nested stack on its way back: one that is still on its way is broken off, one that has
    /// been updated is updated back.
    pub(super) fn nested_back(
        &mut self,
        number: usize,
        row: &StackResource,
    ) -> Result<Standing, String> {
        let Some(child) = self.child(row) else { return Ok(Standing::Done) };
        let told = std::mem::replace(&mut self.operation.steps[number].told_back, true);
        self.wake_by_poll();
        match child.status {
            Status::UpdateInProgress if !told => {
                self.world.with(|tx, _| roll_back(tx, Stack::clone(&child)));
                Ok(Standing::Running)
            }
            status if status.in_motion() => {
                self.operation.steps[number].told_back = told;
                Ok(Standing::Running)
            }
            Status::UpdateComplete if !told => {
                let properties = row.properties();
                self.modify(row, &properties, &properties).map(|()| Standing::Running)
            }
            Status::UpdateRollbackFailed if !told => {
                self.world.with(|tx, _| continue_rollback(tx, Stack::clone(&child), &[]));
                Ok(Standing::Running)
            }
            Status::UpdateRollbackFailed | Status::UpdateFailed => Err(format!(
                "Embedded stack {} was not successfully updated: {}",
                child.id, child.reason
            )),
            _ => Ok(Standing::Done),
        }
    }

    /// A nested stack whose deletion has failed before is deleted once more.
    pub(super) fn delete_again(&self, physical_id: &str) -> Result<(), String> {
        let child = self.world.with(|tx, _| tx.get::<Stack>(physical_id));
        if child.is_none_or(|child| child.status != Status::DeleteFailed) {
            return Ok(());
        }
        let input = DeleteStackInput { stack_name: physical_id.into(), ..Default::default() };
        self.world.with(|tx, caller| {
            tx.call::<ops::DeleteStack>(caller, input)
                .map_err(|error| wording::of_error(tx, STACK, &error))
        })
    }
}
