//! The account itself: its root user and its aliases, of which it has none.

use super::errors;
use api::iam::{
    GetUserRequest, GetUserResponse, ListAccountAliasesRequest, ListAccountAliasesResponse, User,
};
use kernel::{ApiError, Caller, Snapshot, Timestamp, resource};

resource! { iam:
    operations {
        read GetUser => get_user,
        read ListAccountAliases => list_account_aliases,
    }
}

/// When the account was opened, as far as this cloud tells: 2020-01-01T00:00:00Z.
const OPENED: Timestamp = Timestamp(1_577_836_800_000);

/// Without a name, the caller's own user: the root user of the account. There are no others.
fn get_user(
    _: &Snapshot,
    caller: &Caller,
    input: GetUserRequest,
) -> Result<GetUserResponse, ApiError> {
    if let Some(name) = input.user_name {
        return Err(errors::user_not_found(&name));
    }
    if caller.access_key.starts_with("ASIA") {
        return Err(errors::validation(
            "Must specify userName when calling with non-User credentials",
        ));
    }
    let user = User {
        user_id: Some(caller.account.clone()),
        arn: Some(caller.global_arn("iam", "root")),
        create_date: Some(OPENED),
        ..Default::default()
    };
    Ok(GetUserResponse { user: Some(user) })
}

fn list_account_aliases(
    _: &Snapshot,
    _: &Caller,
    _: ListAccountAliasesRequest,
) -> Result<ListAccountAliasesResponse, ApiError> {
    Ok(ListAccountAliasesResponse {
        account_aliases: Some(Vec::new()),
        is_truncated: Some(false),
        marker: None,
    })
}
