//! The order in which resources are made: which comes before which, and why not at all.
//!
//! Edges come from `DependsOn`, from the references in the branches that are taken, and from a
//! short table of what only AWS knows (see `implied`). Orders are deterministic: among
//! resources that could go at once, the one that stands first in the template goes first.

mod implied;

use crate::eval::{Conditions, holds};
use crate::problem::Problem;
use crate::references::walk;
use crate::template::{Resource, Template};
use std::collections::{BTreeMap, BTreeSet};

/// Which resources of a template come before which.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Graph {
    names: Vec<String>,
    index: BTreeMap<String, usize>,
    /// For each resource, those that it waits for.
    before: Vec<BTreeSet<usize>>,
    /// For each resource, those that wait for it.
    after: Vec<BTreeSet<usize>>,
}

impl Graph {
    /// A graph of these resources without edges, in this order.
    pub fn new(names: impl IntoIterator<Item = String>) -> Graph {
        let names: Vec<String> = names.into_iter().collect();
        let index = names.iter().enumerate().map(|(at, name)| (name.clone(), at)).collect();
        let edges = vec![BTreeSet::new(); names.len()];
        Graph { names, index, before: edges.clone(), after: edges }
    }

    /// Says that `dependent` waits for `dependency`; names that are not there are ignored.
    pub fn connect(&mut self, dependent: &str, dependency: &str) {
        if let (Some(&late), Some(&early)) = (self.index.get(dependent), self.index.get(dependency))
        {
            self.before[late].insert(early);
            self.after[early].insert(late);
        }
    }

    /// The resources, in the template's order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(String::as_str)
    }

    /// What a resource waits for, directly.
    pub fn dependencies(&self, name: &str) -> impl Iterator<Item = &str> {
        self.neighbours(&self.before, name)
    }

    /// What waits for a resource, directly.
    pub fn dependents(&self, name: &str) -> impl Iterator<Item = &str> {
        self.neighbours(&self.after, name)
    }

    fn neighbours<'g>(
        &'g self,
        edges: &'g [BTreeSet<usize>],
        name: &str,
    ) -> impl Iterator<Item = &'g str> {
        let set = self.index.get(name).map(|&at| &edges[at]);
        set.into_iter().flatten().map(|&at| self.names[at].as_str())
    }

    /// The order of creation, or AWS's text about a circle.
    pub fn order(&self) -> Result<Vec<&str>, Problem> {
        let mut waiting: Vec<usize> = self.before.iter().map(BTreeSet::len).collect();
        let mut ready: BTreeSet<usize> =
            (0..self.names.len()).filter(|&at| waiting[at] == 0).collect();
        let mut order = Vec::with_capacity(self.names.len());
        while let Some(at) = ready.pop_first() {
            order.push(self.names[at].as_str());
            for &late in &self.after[at] {
                waiting[late] -= 1;
                if waiting[late] == 0 {
                    ready.insert(late);
                }
            }
        }
        if order.len() == self.names.len() {
            return Ok(order);
        }
        let left = (0..self.names.len()).filter(|&at| waiting[at] > 0).collect();
        Err(Problem::validation(format!(
            "Circular dependency between resources: [{}]",
            self.circle(left).join(", ")
        )))
    }

    /// The order of deletion: the reverse of creation.
    pub fn reverse_order(&self) -> Result<Vec<&str>, Problem> {
        let mut order = self.order()?;
        order.reverse();
        Ok(order)
    }

    /// Drops what only waits for a circle and keeps the circle itself.
    fn circle(&self, mut left: BTreeSet<usize>) -> Vec<&str> {
        loop {
            let outside = left.iter().copied().find(|&at| self.after[at].is_disjoint(&left));
            match outside {
                Some(at) => left.remove(&at),
                None => return left.into_iter().map(|at| self.names[at].as_str()).collect(),
            };
        }
    }

    /// Whether `from` waits for `to`, directly or not.
    fn reaches(&self, from: usize, to: usize) -> bool {
        let mut seen = BTreeSet::from([from]);
        let mut stack = vec![from];
        while let Some(at) = stack.pop() {
            if at == to {
                return true;
            }
            stack.extend(self.before[at].iter().copied().filter(|&next| seen.insert(next)));
        }
        false
    }
}

/// The graph of the resources that exist under the conditions.
pub fn dependencies(template: &Template, conditions: &Conditions) -> Graph {
    let active: Vec<(&str, &Resource)> = template
        .resources
        .iter()
        .filter(|(_, r)| holds(conditions, r.condition.as_deref()))
        .collect();
    let mut graph = Graph::new(active.iter().map(|(name, _)| (*name).to_owned()));
    for (name, resource) in &active {
        for dependency in &resource.depends_on {
            graph.connect(name, &dependency.logical_id);
        }
        for part in parts(resource) {
            walk(part, Some(conditions), &mut |reference| graph.connect(name, &reference.name));
        }
    }
    for (dependent, dependency) in implied::edges(&active) {
        let place = |name: &str| graph.index.get(name).copied();
        if let (Some(late), Some(early)) = (place(dependent), place(dependency))
            && !graph.reaches(early, late)
        {
            graph.connect(dependent, dependency);
        }
    }
    graph
}

/// The parts of a resource whose references order it.
pub(crate) fn parts(resource: &Resource) -> impl Iterator<Item = &crate::node::Node> {
    let Resource { properties, metadata, creation_policy, update_policy, .. } = resource;
    [properties, metadata, creation_policy, update_policy].into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graph(text: &str) -> Graph {
        let template = crate::parse::parse(text).expect("valid");
        dependencies(&template, &Conditions::from([("Yes".into(), true), ("No".into(), false)]))
    }

    fn order(graph: &Graph) -> Vec<&str> {
        graph.order().expect("no circle")
    }

    #[test]
    fn what_could_go_at_once_goes_in_the_order_of_the_template() {
        let graph = graph(
            "Resources:\n  C: {Type: T, DependsOn: A}\n  B: {Type: T}\n  A: {Type: T}\n  \
             D: {Type: T, Properties: {x: !Sub '${C}'}}",
        );
        assert_eq!(order(&graph), ["B", "A", "C", "D"]);
        assert_eq!(graph.reverse_order().expect("no circle"), ["D", "C", "A", "B"]);
        assert_eq!(graph.dependencies("D").collect::<Vec<_>>(), ["C"]);
        assert_eq!(graph.dependents("A").collect::<Vec<_>>(), ["C"]);
    }

    #[test]
    fn a_circle_is_named_without_its_hangers_on() {
        let graph = graph(
            "Resources:\n  A: {Type: T, Properties: {x: !Ref B}}\n  \
             B: {Type: T, Properties: {x: !GetAtt A.y}}\n  C: {Type: T, DependsOn: A}",
        );
        assert_eq!(
            graph.order().expect_err("a circle").message,
            "Circular dependency between resources: [A, B]"
        );
    }

    #[test]
    fn branches_not_taken_and_false_resources_have_no_edges() {
        let graph = graph(
            "Resources:\n  A: {Type: T, Properties: {x: !If [Yes, !Ref B, !Ref C]}}\n  \
             B: {Type: T}\n  C: {Type: T, Properties: {x: !Ref A}}\n  \
             D: {Type: T, Condition: No}",
        );
        assert_eq!(order(&graph), ["B", "A", "C"]);
    }

    #[test]
    fn a_route_waits_for_the_attachment_of_its_gateway() {
        let graph = graph(
            "Resources:\n  Route: {Type: 'AWS::EC2::Route', Properties: {GatewayId: !Ref Igw}}\n  \
             Address: {Type: 'AWS::EC2::EIP'}\n  \
             Attach: {Type: 'AWS::EC2::VPCGatewayAttachment', Properties: {InternetGatewayId: \
             !Ref Igw, VpcId: !Ref Vpc}}\n  Igw: {Type: 'AWS::EC2::InternetGateway'}\n  \
             Vpc: {Type: 'AWS::EC2::VPC'}",
        );
        assert_eq!(order(&graph), ["Igw", "Vpc", "Attach", "Route", "Address"]);
    }

    #[test]
    fn an_implied_edge_never_makes_a_circle() {
        let graph = graph(
            "Resources:\n  Route: {Type: 'AWS::EC2::Route', Properties: {GatewayId: !Ref Igw}}\n  \
             Attach: {Type: 'AWS::EC2::VPCGatewayAttachment', DependsOn: Route, Properties: \
             {InternetGatewayId: !Ref Igw}}\n  Igw: {Type: 'AWS::EC2::InternetGateway'}",
        );
        assert_eq!(order(&graph), ["Igw", "Route", "Attach"]);
    }
}
