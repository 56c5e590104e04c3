//! Queues.

use super::messages::Message;
use super::{attributes, errors, names, tags};
use api::sqs::{
    CreateQueueRequest, CreateQueueResult, DeleteQueueRequest, GetQueueUrlRequest,
    GetQueueUrlResult, ListDeadLetterSourceQueuesRequest, ListDeadLetterSourceQueuesResult,
    ListQueuesRequest, ListQueuesResult, PurgeQueueRequest,
};
use kernel::{
    ApiError, Caller, Page, PageError, Row, Snapshot, Tags, Timestamp, Tx, Wait, paginate, resource,
};
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use std::collections::BTreeMap;
use std::sync::Arc;

resource! { sqs:
    operations {
        write CreateQueue => create_queue,
        read GetQueueUrl => get_queue_url,
        read ListQueues => list_queues,
        write DeleteQueue => delete_queue,
        write PurgeQueue => purge_queue,
        read ListDeadLetterSourceQueues => list_dead_letter_source_queues,
    }
    tables { Queue, Gone }
    housekeeping { "sqs.gone" => forget }
}

/// A queue, with the attributes that somebody set.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Queue {
    pub(super) name: SmolStr,
    pub(super) created_at: Timestamp,
    pub(super) modified_at: Timestamp,
    pub(super) attributes: BTreeMap<SmolStr, SmolStr>,
    pub(super) tags: Tags,
    /// Messages that it has taken.
    pub(super) taken: u64,
    pub(super) purged_at: Option<Timestamp>,
}

impl Row for Queue {
    const TABLE: &'static str = "sqs.queues";

    fn key(&self) -> SmolStr {
        self.name.clone()
    }
}

/// A queue that was deleted a moment ago, whose name cannot be used yet.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Gone {
    name: SmolStr,
}

impl Row for Gone {
    const TABLE: &'static str = "sqs.gone-queues";

    fn key(&self) -> SmolStr {
        self.name.clone()
    }
}

impl Queue {
    pub(super) fn is_fifo(&self) -> bool {
        self.name.ends_with(".fifo")
    }

    /// A numeric attribute: the one that was set, else its default.
    pub(super) fn number(&self, name: &str) -> i64 {
        let text = self.attributes.get(name).map(SmolStr::as_str);
        text.or(attributes::default_of(name)).and_then(|text| text.parse().ok()).unwrap_or(0)
    }

    pub(super) fn is_on(&self, name: &str) -> bool {
        self.attributes.get(name).is_some_and(|value| value == "true")
    }

    /// Where messages go that were received too often: the other queue's ARN, and how often.
    pub(super) fn redrive(&self) -> Option<(String, u64)> {
        attributes::redrive(self.attributes.get("RedrivePolicy")?)
    }
}

/// Making a queue that is there already finds it, unless an attribute differs.
fn create_queue(
    tx: &mut Tx,
    caller: &Caller,
    input: CreateQueueRequest,
) -> Result<CreateQueueResult, ApiError> {
    let given: BTreeMap<SmolStr, SmolStr> = input.attributes.into_iter().flatten().collect();
    let fifo = given.get("FifoQueue").is_some_and(|value| value == "true");
    names::check(&input.queue_name, fifo)?;
    given.iter().try_for_each(|(name, value)| attributes::check(name, value, fifo))?;
    let tags = tags::checked(&Tags::default(), input.tags.into_iter().flatten())?;
    let queue_url = Some(names::url(tx, &input.queue_name));
    if let Some(queue) = tx.get::<Queue>(&input.queue_name) {
        let shown = |name: &SmolStr| {
            queue.attributes.get(name).map(SmolStr::as_str).or(attributes::default_of(name))
        };
        return match given.iter().find(|(name, value)| shown(name) != Some(value.as_str())) {
            Some((name, _)) => Err(errors::queue_exists(name)),
            None => Ok(CreateQueueResult { queue_url }),
        };
    }
    if tx.contains::<Gone>(&input.queue_name) {
        return Err(errors::deleted_recently());
    }
    attributes::check_target(tx, caller, &given, fifo)?;
    let now = tx.now();
    tx.put(Queue {
        name: input.queue_name,
        created_at: now,
        modified_at: now,
        attributes: given,
        tags,
        taken: 0,
        purged_at: None,
    });
    Ok(CreateQueueResult { queue_url })
}

fn get_queue_url(
    snapshot: &Snapshot,
    caller: &Caller,
    input: GetQueueUrlRequest,
) -> Result<GetQueueUrlResult, ApiError> {
    let owner = input.queue_owner_aws_account_id.unwrap_or_else(|| caller.account.clone());
    if owner != caller.account || !snapshot.contains::<Queue>(&input.queue_name) {
        return Err(errors::no_such_queue());
    }
    Ok(GetQueueUrlResult { queue_url: Some(names::url(snapshot, &input.queue_name)) })
}

/// Pages are there only for those who ask for them, as on AWS: else a thousand at most.
fn page_size(max_results: Option<i64>) -> Result<usize, ApiError> {
    match max_results {
        None => Ok(1_000),
        Some(n) if (1..=1_000).contains(&n) => Ok(n as usize),
        Some(n) => {
            Err(errors::invalid_because(n, "MaxResults", "Must be between 1 and 1000, if provided."))
        }
    }
}

fn urls(
    snapshot: &Snapshot,
    page: Result<Page<&Arc<Queue>>, PageError>,
    paged: bool,
) -> Result<(Vec<SmolStr>, Option<SmolStr>), ApiError> {
    let page = page.map_err(|_| errors::invalid_next_token())?;
    let urls = page.items.iter().map(|queue| names::url(snapshot, &queue.name)).collect();
    Ok((urls, page.next.filter(|_| paged)))
}

fn list_queues(
    snapshot: &Snapshot,
    _: &Caller,
    input: ListQueuesRequest,
) -> Result<ListQueuesResult, ApiError> {
    let prefix = input.queue_name_prefix.unwrap_or_default();
    let limit = page_size(input.max_results)?;
    let token = input.next_token.as_deref();
    let rows = |after: &str| {
        let prefix = prefix.clone();
        let rows = snapshot.rows_after::<Queue>(after);
        rows.filter(move |queue| queue.name.starts_with(&*prefix))
    };
    let page = paginate("ListQueues", token, limit, rows, |queue| queue.name.clone());
    let (queue_urls, next_token) = urls(snapshot, page, input.max_results.is_some())?;
    Ok(ListQueuesResult { queue_urls: Some(queue_urls), next_token })
}

/// The queues whose dead-letter queue this is.
fn list_dead_letter_source_queues(
    snapshot: &Snapshot,
    caller: &Caller,
    input: ListDeadLetterSourceQueuesRequest,
) -> Result<ListDeadLetterSourceQueuesResult, ApiError> {
    let queue = names::find(snapshot, caller, &input.queue_url)?;
    let limit = page_size(input.max_results)?;
    let arn = caller.arn("sqs", &queue.name);
    let rows = |after: &str| {
        let arn = arn.clone();
        let rows = snapshot.rows_after::<Queue>(after);
        rows.filter(move |queue| queue.redrive().is_some_and(|(target, _)| target == *arn))
    };
    let call = "ListDeadLetterSourceQueues";
    let page = paginate(call, input.next_token.as_deref(), limit, rows, |q| q.name.clone());
    let (queue_urls, next_token) = urls(snapshot, page, input.max_results.is_some())?;
    Ok(ListDeadLetterSourceQueuesResult { queue_urls: Some(queue_urls), next_token })
}

fn empty(tx: &mut Tx, name: &str) {
    let keys: Vec<SmolStr> = tx.rows_by::<Message>("queue", name).map(|row| row.key()).collect();
    for key in keys {
        tx.remove::<Message>(&key);
    }
}

fn delete_queue(tx: &mut Tx, caller: &Caller, input: DeleteQueueRequest) -> Result<(), ApiError> {
    let queue = names::find(tx, caller, &input.queue_url)?;
    empty(tx, &queue.name);
    tx.remove::<Queue>(&queue.name);
    let wait = tx.pace().millis(Wait::QueueDeletion);
    if wait > 0 {
        tx.put(Gone { name: queue.name.clone() });
        tx.schedule(tx.now().plus_millis(wait), "sqs.gone", &queue.name);
    }
    Ok(())
}

/// The housekeeping task: a deleted queue's name is free again.
fn forget(tx: &mut Tx, _: &Caller, name: &str) {
    tx.remove::<Gone>(name);
}

fn purge_queue(tx: &mut Tx, caller: &Caller, input: PurgeQueueRequest) -> Result<(), ApiError> {
    let queue = names::find(tx, caller, &input.queue_url)?;
    let now = tx.now();
    let wait = tx.pace().millis(Wait::QueueDeletion);
    if queue.purged_at.is_some_and(|at| now < at.plus_millis(wait)) {
        return Err(errors::purge_in_progress(&queue.name));
    }
    empty(tx, &queue.name);
    tx.update::<Queue>(&queue.name, |queue| queue.purged_at = Some(now));
    Ok(())
}
