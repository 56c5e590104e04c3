//! Filters of DescribeSecurityGroups. Those about rules look at each rule by itself: "the results
//! include security groups for which any combination of rules match all filters".

use super::SecurityGroup;
use crate::security_group_rules::{Peer, SecurityGroupRule};
use kernel::{FilterRow, Snapshot};

pub(super) static FILTERS: &[FilterRow<SecurityGroup>] = &[
    FilterRow { name: "description", values: |g, _, emit| emit(&g.description) },
    FilterRow { name: "egress.ip-permission.cidr", values: |g, s, emit| cidr(g, s, true, emit) },
    FilterRow {
        name: "egress.ip-permission.from-port",
        values: |g, s, emit| from_port(g, s, true, emit),
    },
    FilterRow {
        name: "egress.ip-permission.group-id",
        values: |g, s, emit| group_id(g, s, true, emit),
    },
    FilterRow {
        name: "egress.ip-permission.group-name",
        values: |g, s, emit| group_name(g, s, true, emit),
    },
    FilterRow {
        name: "egress.ip-permission.ipv6-cidr",
        values: |g, s, emit| ipv6_cidr(g, s, true, emit),
    },
    FilterRow { name: "egress.ip-permission.prefix-list-id", values: |_, _, _| () },
    FilterRow {
        name: "egress.ip-permission.protocol",
        values: |g, s, emit| protocol(g, s, true, emit),
    },
    FilterRow {
        name: "egress.ip-permission.to-port",
        values: |g, s, emit| to_port(g, s, true, emit),
    },
    FilterRow {
        name: "egress.ip-permission.user-id",
        values: |g, s, emit| user_id(g, s, true, emit),
    },
    FilterRow { name: "group-id", values: |g, _, emit| emit(&g.id) },
    FilterRow { name: "group-name", values: |g, _, emit| emit(&g.name) },
    FilterRow { name: "ip-permission.cidr", values: |g, s, emit| cidr(g, s, false, emit) },
    FilterRow {
        name: "ip-permission.from-port",
        values: |g, s, emit| from_port(g, s, false, emit),
    },
    FilterRow { name: "ip-permission.group-id", values: |g, s, emit| group_id(g, s, false, emit) },
    FilterRow {
        name: "ip-permission.group-name",
        values: |g, s, emit| group_name(g, s, false, emit),
    },
    FilterRow {
        name: "ip-permission.ipv6-cidr",
        values: |g, s, emit| ipv6_cidr(g, s, false, emit),
    },
    FilterRow { name: "ip-permission.prefix-list-id", values: |_, _, _| () },
    FilterRow { name: "ip-permission.protocol", values: |g, s, emit| protocol(g, s, false, emit) },
    FilterRow { name: "ip-permission.to-port", values: |g, s, emit| to_port(g, s, false, emit) },
    FilterRow { name: "ip-permission.user-id", values: |g, s, emit| user_id(g, s, false, emit) },
    FilterRow { name: "owner-id", values: |_, s, emit| emit(s.account()) },
    FilterRow { name: "vpc-id", values: |g, _, emit| emit(&g.vpc_id) },
];

type Emit<'a> = &'a mut dyn FnMut(&str);

fn rules<'a>(
    group: &SecurityGroup,
    snapshot: &'a Snapshot,
    egress: bool,
) -> impl Iterator<Item = &'a SecurityGroupRule> + use<'a> {
    let rules = snapshot.rows_by::<SecurityGroupRule>("group", &group.id);
    rules.filter(move |rule| rule.is_egress == egress).map(|rule| &**rule)
}

fn cidr(group: &SecurityGroup, snapshot: &Snapshot, egress: bool, emit: Emit<'_>) {
    for rule in rules(group, snapshot, egress) {
        if let Peer::V4(cidr) = &rule.permission.peer {
            emit(&cidr.to_string());
        }
    }
}

fn ipv6_cidr(group: &SecurityGroup, snapshot: &Snapshot, egress: bool, emit: Emit<'_>) {
    for rule in rules(group, snapshot, egress) {
        if let Peer::V6(cidr) = &rule.permission.peer {
            emit(&cidr.to_string());
        }
    }
}

fn group_id(group: &SecurityGroup, snapshot: &Snapshot, egress: bool, emit: Emit<'_>) {
    for rule in rules(group, snapshot, egress) {
        if let Peer::Group(id) = &rule.permission.peer {
            emit(id);
        }
    }
}

fn group_name(group: &SecurityGroup, snapshot: &Snapshot, egress: bool, emit: Emit<'_>) {
    for rule in rules(group, snapshot, egress) {
        if let Peer::Group(id) = &rule.permission.peer
            && let Some(referenced) = snapshot.get::<SecurityGroup>(id)
        {
            emit(&referenced.name);
        }
    }
}

fn user_id(group: &SecurityGroup, snapshot: &Snapshot, egress: bool, emit: Emit<'_>) {
    for rule in rules(group, snapshot, egress) {
        if let Peer::Group(_) = &rule.permission.peer {
            emit(snapshot.account());
        }
    }
}

fn protocol(group: &SecurityGroup, snapshot: &Snapshot, egress: bool, emit: Emit<'_>) {
    rules(group, snapshot, egress).for_each(|rule| emit(&rule.permission.protocol));
}

fn from_port(group: &SecurityGroup, snapshot: &Snapshot, egress: bool, emit: Emit<'_>) {
    rules(group, snapshot, egress).for_each(|rule| emit(&rule.permission.from.to_string()));
}

fn to_port(group: &SecurityGroup, snapshot: &Snapshot, egress: bool, emit: Emit<'_>) {
    rules(group, snapshot, egress).for_each(|rule| emit(&rule.permission.to.to_string()));
}
