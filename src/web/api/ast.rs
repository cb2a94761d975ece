//! A parsed query as JSON, in the form of Prometheus' `parse_query`.

use serde_json::{Value as Json, json};

use super::number::push_value;
use crate::model::{METRIC_NAME, MatchOp, Matcher};
use crate::query::Function;
use crate::query::ast::{
    Aggregate, At, Binary, Cardinality, Edge, Expr, Length, Node, Selector, Shift, ValueType,
};

/// The tree of an expression.
pub(super) fn tree(expr: &Expr) -> Json {
    match &expr.node {
        Node::Number(number) => {
            let mut text = String::new();
            push_value(*number, &mut text);
            json!({ "type": "numberLiteral", "val": text })
        }
        Node::String(text) => json!({ "type": "stringLiteral", "val": text }),
        Node::Selector(selector) => selected("vectorSelector", selector, selector.edge),
        Node::Range { selector, range, edge } => {
            let mut tree = selected("matrixSelector", selector, *edge);
            tree["range"] = length(range);
            tree
        }
        Node::Subquery { expr, range, step, shift } => {
            let mut own = json!({
                "type": "subquery", "expr": tree(expr), "range": length(range),
                "step": step.as_ref().map_or_else(|| json!(0), length),
            });
            shifted(shift, &mut own);
            own
        }
        Node::Paren(inner) => json!({ "type": "parenExpr", "expr": tree(inner) }),
        Node::Unary { negative, expr } => {
            let op = if *negative { "-" } else { "+" };
            json!({ "type": "unaryExpr", "op": op, "expr": tree(expr) })
        }
        Node::Binary(binary) => binary_tree(binary),
        Node::Call { function, args } => {
            let args: Vec<Json> = args.iter().map(tree).collect();
            json!({ "type": "call", "func": function_json(*function), "args": args })
        }
        Node::Aggregate(aggregate) => aggregate_tree(aggregate),
    }
}

fn aggregate_tree(aggregate: &Aggregate) -> Json {
    json!({
        "type": "aggregation", "op": aggregate.op.text(), "expr": tree(&aggregate.expr),
        "param": aggregate.param.as_ref().map(tree), "grouping": aggregate.grouping,
        "without": aggregate.without,
    })
}

fn binary_tree(binary: &Binary) -> Json {
    let matching = &binary.matching;
    let vectors = binary.lhs.value_type() == ValueType::Vector
        && binary.rhs.value_type() == ValueType::Vector;
    let card = match matching.cardinality {
        _ if binary.op.is_set() => "many-to-many",
        Cardinality::OneToOne => "one-to-one",
        Cardinality::ManyToOne => "many-to-one",
        Cardinality::OneToMany => "one-to-many",
        Cardinality::ManyToMany => "many-to-many",
    };
    let matching = vectors.then(|| {
        json!({
            "card": card, "labels": matching.labels, "on": matching.on,
            "include": matching.include,
            "fillValues": { "lhs": matching.fill_left, "rhs": matching.fill_right },
        })
    });
    json!({
        "type": "binaryExpr", "op": binary.op.text(), "lhs": tree(&binary.lhs),
        "rhs": tree(&binary.rhs), "matching": matching, "bool": binary.return_bool,
    })
}

fn function_json(function: Function) -> Json {
    let types: Vec<&str> = function.arguments().iter().map(|kind| type_name(*kind)).collect();
    // How many arguments more than the types may stand; -1 for any number.
    let variadic = match function.arguments_max() {
        None => -1,
        Some(most) if most == function.arguments_min() => 0,
        Some(most) => (most - function.arguments_min()) as i64,
    };
    json!({
        "name": function.name(), "argTypes": types, "variadic": variadic,
        "returnType": type_name(function.result()),
    })
}

const fn type_name(kind: ValueType) -> &'static str {
    match kind {
        ValueType::Scalar => "scalar",
        ValueType::String => "string",
        ValueType::Vector => "vector",
        ValueType::Matrix => "matrix",
    }
}

fn selected(kind: &str, selector: &Selector, edge: Edge) -> Json {
    let name = selector
        .matchers
        .iter()
        .find(|one| one.name() == METRIC_NAME && one.op() == MatchOp::Equal)
        .map_or("", Matcher::value);
    let matchers: Vec<Json> = selector
        .matchers
        .iter()
        .map(|one| json!({ "name": one.name(), "value": one.value(), "type": one.op().text() }))
        .collect();
    let mut tree = json!({
        "type": kind, "name": name, "matchers": matchers,
        "anchored": edge == Edge::Anchored, "smoothed": edge == Edge::Smoothed,
    });
    shifted(&selector.shift, &mut tree);
    tree
}

fn shifted(shift: &Shift, tree: &mut Json) {
    tree["offset"] = shift.offset.as_ref().map_or_else(|| json!(0), length);
    tree["timestamp"] = match shift.at {
        Some(At::Time(at)) => json!(at.0),
        _ => Json::Null,
    };
    tree["startOrEnd"] = match shift.at {
        Some(At::Start) => json!("start"),
        Some(At::End) => json!("end"),
        _ => Json::Null,
    };
}

/// Milliseconds; a length that depends on the query's range or step has no figure yet.
fn length(length: &Length) -> Json {
    match length {
        Length::Fixed(span) => json!(span.0),
        Length::Computed(_) => Json::Null,
    }
}
