//! The tree of a parsed expression. Every node knows the place in the text it came from, so that an
//! error found later can point at it; two trees are compared by their printed form, never by place.

use crate::model::{Matcher, Span, Timestamp};

use super::function::Function;

/// A place in the query text: byte offsets, the end excluded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Place {
    /// The first byte.
    pub start: usize,
    /// The byte after the last.
    pub end: usize,
}

/// The type of an expression's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ValueType {
    /// One number without labels.
    Scalar,
    /// A text.
    String,
    /// One value a series (`vector` in error texts: `instant vector`).
    Vector,
    /// A stretch of samples a series (`range vector`).
    Matrix,
}

/// One node.
#[derive(Debug, Clone)]
pub struct Expr {
    /// What it is.
    pub node: Node,
    /// Where it stands.
    pub place: Place,
}

/// What a node can be.
#[derive(Debug, Clone)]
pub enum Node {
    /// A number; durations written as numbers are seconds.
    Number(f64),
    /// A quoted text, unescaped.
    String(String),
    /// `name{matchers}` with its modifiers: an instant vector.
    Selector(Selector),
    /// `selector[range]`: a range vector.
    Range {
        /// What is selected; its modifiers are those written after the brackets.
        selector: Selector,
        /// How far back.
        range: Length,
        /// `anchored` or `smoothed`, if written.
        edge: Edge,
    },
    /// `expr[range:step]`: a range vector of an instant expression.
    Subquery {
        /// What is evaluated at each inner step.
        expr: Box<Expr>,
        /// How far back.
        range: Length,
        /// The inner step; the server's default when left out.
        step: Option<Length>,
        /// `offset` and `@`.
        shift: Shift,
    },
    /// `(expr)`.
    Paren(Box<Expr>),
    /// `+expr` or `-expr`.
    Unary {
        /// Whether the sign is a minus.
        negative: bool,
        /// What it stands before.
        expr: Box<Expr>,
    },
    /// `lhs op rhs`.
    Binary(Box<Binary>),
    /// `function(args)`.
    Call {
        /// Which function.
        function: Function,
        /// Its arguments as written; left-out optional ones are not filled in.
        args: Vec<Expr>,
    },
    /// `op by (labels) (param, expr)`.
    Aggregate(Box<Aggregate>),
}

/// What a selector selects.
#[derive(Debug, Clone)]
pub struct Selector {
    /// All conditions, that on `__name__` included.
    pub matchers: Vec<Matcher>,
    /// `offset` and `@`.
    pub shift: Shift,
    /// `smoothed` or `anchored` without a range; a range has its own.
    pub edge: Edge,
}

/// How a selector's or subquery's window is moved.
#[derive(Debug, Clone, Default)]
pub struct Shift {
    /// `offset`: back when positive.
    pub offset: Option<Length>,
    /// `@`: instead of the evaluation time.
    pub at: Option<At>,
}

/// The time that `@` names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum At {
    /// A fixed time.
    Time(Timestamp),
    /// The start of the query's range.
    Start,
    /// The end of the query's range.
    End,
}

/// A length of time: fixed, or an expression of durations that depends on the query's step or
/// range.
#[derive(Debug, Clone)]
pub enum Length {
    /// Known when parsed.
    Fixed(Span),
    /// Known when the step and the range of the query are (`step()`, `range()` inside).
    Computed(Box<LengthExpr>),
}

/// A duration expression that could not be folded when parsed.
#[derive(Debug, Clone)]
pub struct LengthExpr {
    /// What it is.
    pub node: LengthNode,
    /// Where it stands.
    pub place: Place,
}

/// What a duration expression can be. Numbers are seconds.
#[derive(Debug, Clone)]
pub enum LengthNode {
    /// A number of seconds.
    Seconds(f64),
    /// `step()`: the query's step.
    Step,
    /// `range()`: the length of the query's range.
    Range,
    /// `-x`.
    Negate(Box<LengthExpr>),
    /// `min(a, b)`.
    Min(Box<LengthExpr>, Box<LengthExpr>),
    /// `max(a, b)`.
    Max(Box<LengthExpr>, Box<LengthExpr>),
    /// `a op b` with `+ - * / % ^`.
    Binary(BinaryOp, Box<LengthExpr>, Box<LengthExpr>),
}

/// How the edges of a range selector are treated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Edge {
    /// The samples inside alone.
    #[default]
    Plain,
    /// `anchored`: with the sample before the window as the value at its edge.
    Anchored,
    /// `smoothed`: interpolated at both edges.
    Smoothed,
}

/// A binary operation.
#[derive(Debug, Clone)]
pub struct Binary {
    /// Which one.
    pub op: BinaryOp,
    /// The left side.
    pub lhs: Expr,
    /// The right side.
    pub rhs: Expr,
    /// `bool`: a comparison answers 0 or 1 instead of filtering.
    pub return_bool: bool,
    /// How elements of two vectors find each other; the default for two vectors without a clause.
    pub matching: Matching,
}

/// Binary operators.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the operators are named as Prometheus names them")]
pub enum BinaryOp {
    Add,
    Sub,
    Mul,
    Div,
    Mod,
    Pow,
    Atan2,
    Eq,
    Ne,
    Gt,
    Lt,
    Ge,
    Le,
    And,
    Or,
    Unless,
}

/// How elements of two vectors find each other.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Matching {
    /// `on` (true) or `ignoring`.
    pub on: bool,
    /// The labels named by `on` or `ignoring`.
    pub labels: Vec<String>,
    /// `group_left`, `group_right` or neither.
    pub cardinality: Cardinality,
    /// The labels copied from the one side.
    pub include: Vec<String>,
    /// `fill` and `fill_left`: the value of a missing left element.
    pub fill_left: Option<f64>,
    /// `fill` and `fill_right`: the value of a missing right element.
    pub fill_right: Option<f64>,
}

/// How many elements of each side may meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Cardinality {
    /// One on each side.
    #[default]
    OneToOne,
    /// `group_left`: many on the left.
    ManyToOne,
    /// `group_right`: many on the right.
    OneToMany,
    /// Set operators.
    ManyToMany,
}

/// An aggregation.
#[derive(Debug, Clone)]
pub struct Aggregate {
    /// Which one.
    pub op: AggregateOp,
    /// The parameter of `topk`, `bottomk`, `quantile`, `count_values`, `limitk`, `limit_ratio`.
    pub param: Option<Expr>,
    /// What is aggregated.
    pub expr: Expr,
    /// `without` (true) or `by`.
    pub without: bool,
    /// The labels named.
    pub grouping: Vec<String>,
}

impl BinaryOp {
    /// The operator as it is written.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Add => "+",
            Self::Sub => "-",
            Self::Mul => "*",
            Self::Div => "/",
            Self::Mod => "%",
            Self::Pow => "^",
            Self::Atan2 => "atan2",
            Self::Eq => "==",
            Self::Ne => "!=",
            Self::Gt => ">",
            Self::Lt => "<",
            Self::Ge => ">=",
            Self::Le => "<=",
            Self::And => "and",
            Self::Or => "or",
            Self::Unless => "unless",
        }
    }

    /// How strongly it binds, from 1; all but [`Self::Pow`] join from the left.
    pub const fn precedence(self) -> u8 {
        match self {
            Self::Or => 1,
            Self::And | Self::Unless => 2,
            Self::Eq | Self::Ne | Self::Gt | Self::Lt | Self::Ge | Self::Le => 3,
            Self::Add | Self::Sub => 4,
            Self::Mul | Self::Div | Self::Mod | Self::Atan2 => 5,
            Self::Pow => 6,
        }
    }

    /// Whether it compares.
    pub const fn is_comparison(self) -> bool {
        matches!(self, Self::Eq | Self::Ne | Self::Gt | Self::Lt | Self::Ge | Self::Le)
    }

    /// Whether it is `and`, `or` or `unless`.
    pub const fn is_set(self) -> bool {
        matches!(self, Self::And | Self::Or | Self::Unless)
    }
}

/// Aggregation operators.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the operators are named as Prometheus names them")]
pub enum AggregateOp {
    Sum,
    Avg,
    Count,
    Min,
    Max,
    Group,
    Stddev,
    Stdvar,
    Topk,
    Bottomk,
    CountValues,
    Quantile,
    Limitk,
    LimitRatio,
}

impl AggregateOp {
    /// All of them with their names.
    const NAMES: [(Self, &'static str); 14] = [
        (Self::Sum, "sum"),
        (Self::Avg, "avg"),
        (Self::Count, "count"),
        (Self::Min, "min"),
        (Self::Max, "max"),
        (Self::Group, "group"),
        (Self::Stddev, "stddev"),
        (Self::Stdvar, "stdvar"),
        (Self::Topk, "topk"),
        (Self::Bottomk, "bottomk"),
        (Self::CountValues, "count_values"),
        (Self::Quantile, "quantile"),
        (Self::Limitk, "limitk"),
        (Self::LimitRatio, "limit_ratio"),
    ];

    /// All names.
    pub fn names() -> impl Iterator<Item = &'static str> {
        Self::NAMES.iter().map(|(_, name)| *name)
    }

    /// The operator of that name, in whatever case.
    pub fn by_name(name: &str) -> Option<Self> {
        Self::NAMES.iter().find_map(|(op, text)| text.eq_ignore_ascii_case(name).then_some(*op))
    }

    /// The operator as it is written.
    pub fn text(self) -> &'static str {
        Self::NAMES.iter().find_map(|(op, text)| (*op == self).then_some(*text)).unwrap_or_default()
    }

    /// The type of its parameter, if it takes one.
    pub const fn param_type(self) -> Option<ValueType> {
        match self {
            Self::Topk | Self::Bottomk | Self::Quantile | Self::Limitk | Self::LimitRatio => {
                Some(ValueType::Scalar)
            }
            Self::CountValues => Some(ValueType::String),
            _ => None,
        }
    }
}

impl ValueType {
    /// The type in error texts.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Scalar => "scalar",
            Self::String => "string",
            Self::Vector => "instant vector",
            Self::Matrix => "range vector",
        }
    }
}

impl Expr {
    /// The type of its value; of an expression whose types were not checked, the type it claims.
    pub fn value_type(&self) -> ValueType {
        match &self.node {
            Node::Number(_) => ValueType::Scalar,
            Node::String(_) => ValueType::String,
            Node::Selector(_) | Node::Aggregate(_) => ValueType::Vector,
            Node::Range { .. } | Node::Subquery { .. } => ValueType::Matrix,
            Node::Paren(expr) | Node::Unary { expr, .. } => expr.value_type(),
            Node::Binary(binary) => {
                let scalar = |expr: &Self| expr.value_type() == ValueType::Scalar;
                if scalar(&binary.lhs) && scalar(&binary.rhs) {
                    ValueType::Scalar
                } else {
                    ValueType::Vector
                }
            }
            Node::Call { function, .. } => function.result(),
        }
    }
}
