//! What is kept of a stack.

use super::triggers::Triggers;
use crate::errors;
use cfn_template::{ParameterValue, Parameters, PseudoValues, Template};
use kernel::{
    ApiError, Caller, IndexSink, Row, Snapshot, Timestamp, Tx, dns_suffix, partition_of,
};
use serde::{Deserialize, Serialize};
use smol_str::{SmolStr, format_smolstr};
use std::sync::Arc;

/// A stack's status, as AWS spells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum Status {
    /// Made by a change set that has not been executed yet.
    ReviewInProgress,
    CreateInProgress,
    CreateComplete,
    CreateFailed,
    RollbackInProgress,
    RollbackComplete,
    RollbackFailed,
    UpdateInProgress,
    UpdateCompleteCleanupInProgress,
    UpdateComplete,
    UpdateFailed,
    UpdateRollbackInProgress,
    UpdateRollbackCompleteCleanupInProgress,
    UpdateRollbackComplete,
    UpdateRollbackFailed,
    DeleteInProgress,
    DeleteComplete,
    DeleteFailed,
    ImportInProgress,
    ImportComplete,
    /// Of resources only.
    ImportFailed,
    ImportRollbackInProgress,
    ImportRollbackComplete,
    /// Of resources only.
    DeleteSkipped,
}

impl Status {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::ReviewInProgress => "REVIEW_IN_PROGRESS",
            Self::CreateInProgress => "CREATE_IN_PROGRESS",
            Self::CreateComplete => "CREATE_COMPLETE",
            Self::CreateFailed => "CREATE_FAILED",
            Self::RollbackInProgress => "ROLLBACK_IN_PROGRESS",
            Self::RollbackComplete => "ROLLBACK_COMPLETE",
            Self::RollbackFailed => "ROLLBACK_FAILED",
            Self::UpdateInProgress => "UPDATE_IN_PROGRESS",
            Self::UpdateCompleteCleanupInProgress => "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",
            Self::UpdateComplete => "UPDATE_COMPLETE",
            Self::UpdateFailed => "UPDATE_FAILED",
            Self::UpdateRollbackInProgress => "UPDATE_ROLLBACK_IN_PROGRESS",
            Self::UpdateRollbackCompleteCleanupInProgress => {
                "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS"
            }
            Self::UpdateRollbackComplete => "UPDATE_ROLLBACK_COMPLETE",
            Self::UpdateRollbackFailed => "UPDATE_ROLLBACK_FAILED",
            Self::DeleteInProgress => "DELETE_IN_PROGRESS",
            Self::DeleteComplete => "DELETE_COMPLETE",
            Self::DeleteFailed => "DELETE_FAILED",
            Self::DeleteSkipped => "DELETE_SKIPPED",
            Self::ImportInProgress => "IMPORT_IN_PROGRESS",
            Self::ImportComplete => "IMPORT_COMPLETE",
            Self::ImportFailed => "IMPORT_FAILED",
            Self::ImportRollbackInProgress => "IMPORT_ROLLBACK_IN_PROGRESS",
            Self::ImportRollbackComplete => "IMPORT_ROLLBACK_COMPLETE",
        }
    }

    /// Whether a resource was left as its failure left it.
    pub(crate) const fn has_failed(self) -> bool {
        matches!(self, Self::CreateFailed | Self::UpdateFailed)
    }

    /// Whether an update may begin: also one that goes on where another failed.
    pub(crate) const fn may_update(self) -> bool {
        matches!(
            self,
            Self::CreateComplete
                | Self::CreateFailed
                | Self::UpdateComplete
                | Self::UpdateFailed
                | Self::UpdateRollbackComplete
                | Self::ImportComplete
                | Self::ImportRollbackComplete
        )
    }

    /// Whether a deletion may begin. A creation, or its rollback, is broken off by it.
    pub(crate) const fn may_delete(self) -> bool {
        !matches!(
            self,
            Self::UpdateInProgress
                | Self::UpdateCompleteCleanupInProgress
                | Self::UpdateRollbackInProgress
                | Self::UpdateRollbackCompleteCleanupInProgress
                | Self::ImportInProgress
                | Self::ImportRollbackInProgress
        )
    }

    /// Whether an operation is going on.
    pub(crate) fn in_motion(self) -> bool {
        self.name().ends_with("_IN_PROGRESS") && self != Self::ReviewInProgress
    }

    /// Whether a resource of this status exists.
    pub(crate) const fn exists(self) -> bool {
        !matches!(self, Self::DeleteComplete | Self::DeleteSkipped)
    }
}

/// A parameter's value, as a stack keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StackParameter {
    pub(crate) key: String,
    pub(crate) value: String,
    pub(crate) resolved: Option<String>,
    pub(crate) no_echo: bool,
    pub(crate) is_list: bool,
}

/// An output's value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StackOutput {
    pub(crate) key: String,
    pub(crate) value: String,
    pub(crate) description: Option<String>,
    pub(crate) export_name: Option<String>,
}

/// Where the stack set of a stack lives.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SetLink {
    pub(crate) account: SmolStr,
    pub(crate) region: SmolStr,
    pub(crate) set_id: SmolStr,
}

/// A stack.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Stack {
    /// Its ARN.
    pub(crate) id: SmolStr,
    pub(crate) name: SmolStr,
    pub(crate) status: Status,
    pub(crate) reason: String,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Option<Timestamp>,
    pub(crate) deleted_at: Option<Timestamp>,
    /// The template as it was sent.
    pub(crate) template: Arc<str>,
    /// What its transforms made of it, if it has any: JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) processed: Option<Arc<str>>,
    pub(crate) description: Option<String>,
    pub(crate) parameters: Vec<StackParameter>,
    pub(crate) tags: Vec<(SmolStr, SmolStr)>,
    pub(crate) capabilities: Vec<SmolStr>,
    pub(crate) notification_arns: Vec<SmolStr>,
    pub(crate) role_arn: Option<SmolStr>,
    pub(crate) outputs: Vec<StackOutput>,
    /// Names of exports of other stacks that its resources use.
    pub(crate) imports: Vec<SmolStr>,
    /// `ROLLBACK`, `DELETE` or `DO_NOTHING`.
    pub(crate) on_failure: SmolStr,
    pub(crate) timeout_minutes: Option<i64>,
    pub(crate) termination_protection: bool,
    pub(crate) retain_except_on_create: bool,
    /// The caller's token of the present operation.
    pub(crate) token: Option<SmolStr>,
    /// `CREATE_STACK`, `UPDATE_STACK`, `DELETE_STACK`, and a UUID.
    pub(crate) operation: (SmolStr, SmolStr),
    /// When its last event was: no two have the same time.
    pub(crate) last_event_at: Timestamp,
    /// The change set that was executed last, unless the stack was updated without one since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) change_set_id: Option<SmolStr>,
    /// Whether it has drifted, and when that was found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) drift: Option<(bool, Timestamp)>,
    /// Alarms that undo its operations.
    #[serde(default)]
    pub(crate) triggers: Triggers,
    /// The stack of which it is a resource, and the one at the top.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) parent_id: Option<SmolStr>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) root_id: Option<SmolStr>,
    /// The stack set that it is an instance of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) stack_set: Option<SetLink>,
    /// JSON: what updates may do, and what the present one may do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) policy: Option<Arc<str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) policy_during_update: Option<Arc<str>>,
}

/// What a caller says of a stack, checked: what creations and updates bring to it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Revision {
    pub(crate) template: Arc<str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) processed: Option<Arc<str>>,
    pub(crate) description: Option<String>,
    pub(crate) parameters: Vec<StackParameter>,
    pub(crate) tags: Vec<(SmolStr, SmolStr)>,
    pub(crate) capabilities: Vec<SmolStr>,
    pub(crate) notification_arns: Vec<SmolStr>,
    pub(crate) role_arn: Option<SmolStr>,
    #[serde(default)]
    pub(crate) triggers: Triggers,
}

impl Revision {
    /// What a stack is like now.
    pub(crate) fn of(stack: &Stack) -> Self {
        Self {
            template: stack.template.clone(),
            processed: stack.processed.clone(),
            description: stack.description.clone(),
            parameters: stack.parameters.clone(),
            tags: stack.tags.clone(),
            capabilities: stack.capabilities.clone(),
            notification_arns: stack.notification_arns.clone(),
            role_arn: stack.role_arn.clone(),
            triggers: stack.triggers.clone(),
        }
    }

    /// Brings it to a stack.
    pub(crate) fn apply(self, stack: &mut Stack) {
        stack.template = self.template;
        stack.processed = self.processed;
        stack.description = self.description;
        stack.parameters = self.parameters;
        stack.tags = self.tags;
        stack.capabilities = self.capabilities;
        stack.notification_arns = self.notification_arns;
        stack.role_arn = self.role_arn;
        stack.triggers = self.triggers;
    }
}

impl Stack {
    /// A stack of which nothing is there but its name.
    pub(crate) fn new(tx: &mut Tx, caller: &Caller, name: &SmolStr, status: Status) -> Self {
        let uuid = tx.new_time_uuid();
        Self {
            id: caller.arn("cloudformation", format_smolstr!("stack/{name}/{uuid}")),
            name: name.clone(),
            status,
            reason: String::new(),
            created_at: tx.now(),
            updated_at: None,
            deleted_at: None,
            template: "".into(),
            processed: None,
            description: None,
            parameters: Vec::new(),
            tags: Vec::new(),
            capabilities: Vec::new(),
            notification_arns: Vec::new(),
            role_arn: None,
            outputs: Vec::new(),
            imports: Vec::new(),
            on_failure: SmolStr::new_static("ROLLBACK"),
            timeout_minutes: None,
            termination_protection: false,
            retain_except_on_create: false,
            token: None,
            operation: ("CREATE_STACK".into(), tx.new_uuid()),
            last_event_at: tx.now().plus_millis(-1),
            change_set_id: None,
            drift: None,
            triggers: Triggers::default(),
            parent_id: None,
            root_id: None,
            stack_set: None,
            policy: None,
            policy_during_update: None,
        }
    }

    /// The stack of this ARN, whatever its status, or of this name, if it is not deleted.
    pub(crate) fn find(snapshot: &Snapshot, name_or_id: &str) -> Option<Arc<Self>> {
        if name_or_id.starts_with("arn:") {
            return snapshot.get::<Self>(name_or_id);
        }
        snapshot.rows_by::<Self>("name", name_or_id).next().cloned()
    }

    /// The same, or the error of the operations that word it so.
    pub(crate) fn with_id(snapshot: &Snapshot, name: &str) -> Result<Arc<Self>, ApiError> {
        Self::find(snapshot, name).ok_or_else(|| errors::no_stack_with_id(name))
    }

    /// The part of its ARN that is its own: a UUID.
    pub(crate) fn uuid(&self) -> &str {
        self.id.rsplit('/').next().unwrap_or_default()
    }

    /// The values of its pseudo parameters.
    pub(crate) fn pseudo(&self, caller: &Caller) -> PseudoValues {
        PseudoValues {
            account_id: caller.account.to_string(),
            region: caller.region.to_string(),
            partition: partition_of(&caller.region).to_owned(),
            url_suffix: dns_suffix(&caller.region).to_owned(),
            stack_id: self.id.to_string(),
            stack_name: self.name.to_string(),
            notification_arns: self.notification_arns.iter().map(|a| a.to_string()).collect(),
        }
    }

    /// Its parameters, for evaluation.
    pub(crate) fn parameters(&self) -> Parameters {
        as_parameters(&self.parameters)
    }

    /// Its template, which was checked when it was accepted.
    pub(crate) fn parsed(&self) -> Result<Template, ApiError> {
        let text = self.processed.as_ref().unwrap_or(&self.template);
        cfn_template::parse(text).map_err(errors::of_problem)
    }
}

/// Kept parameters, for evaluation.
pub(crate) fn as_parameters(kept: &[StackParameter]) -> Parameters {
    let mut parameters = Parameters::default();
    for p in kept {
        let value = ParameterValue {
            value: p.value.clone(),
            resolved: p.resolved.clone(),
            no_echo: p.no_echo,
            is_list: p.is_list,
        };
        parameters.push(p.key.clone(), value);
    }
    parameters
}

/// Parameters, as a stack keeps them.
pub(crate) fn stored(parameters: &Parameters) -> Vec<StackParameter> {
    let store = |(key, p): (&str, &ParameterValue)| StackParameter {
        key: key.to_owned(),
        value: p.value.clone(),
        resolved: p.resolved.clone(),
        no_echo: p.no_echo,
        is_list: p.is_list,
    };
    parameters.iter().map(store).collect()
}

impl Row for Stack {
    const TABLE: &'static str = "cloudformation.stacks";
    const INDEXES: &'static [&'static str] = &["name", "import"];

    fn key(&self) -> SmolStr {
        self.id.clone()
    }

    fn index(&self, sink: &mut IndexSink) {
        if self.status != Status::DeleteComplete {
            sink.put("name", self.name.clone());
            self.imports.iter().for_each(|name| sink.put("import", name.clone()));
        }
    }
}
