//! A stretch of the past: what the panels of a board ask over it, and the windows that come of the
//! answers, in the form in which a live page has its own.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::model::{Span, Timestamp};
use crate::query::{Column, Grid, Plan, Value};

use super::board::{Asked, BoardSpec, step_for};
use super::channel::Channel;
use super::page::{Page, PageWindow};

/// What the panels of a board ask over a stretch of the past. Each distinct query with its step is
/// asked once.
#[derive(Debug)]
pub struct Past {
    board: Arc<BoardSpec>,
    to: Timestamp,
    panels: Vec<(usize, Vec<u32>)>,
    asked: Vec<(Arc<Plan>, Grid)>,
}

impl Past {
    /// What is asked from `from` to `to`, at the steps that a live page of that length has; columns
    /// lie on multiples of their step.
    pub fn new(board: Arc<BoardSpec>, from: Timestamp, to: Timestamp) -> Self {
        let range = (to - from).max(Span(1000));
        let mut asked: Vec<(Arc<Plan>, Grid)> = Vec::new();
        let mut panels = Vec::new();
        for (index, panel) in board.panels.iter().enumerate() {
            let mut channel = |Asked { plan, finest, .. }: Asked| {
                // All of a page is the stretch that was asked for.
                let step = step_for(range, finest);
                let grid = Grid { start: from.floor_to(step), end: to.floor_to(step), step };
                let same = |(other, at): &(Arc<Plan>, Grid)| {
                    at.step == step && other.text() == plan.text()
                };
                let number = asked.iter().position(same).unwrap_or_else(|| {
                    asked.push((plan, grid));
                    asked.len() - 1
                });
                number as u32 + 1
            };
            let channels = panel.asked(range).into_iter().map(&mut channel).collect();
            panels.push((index, channels));
        }
        Self { board, to, panels, asked }
    }

    /// The queries, each with its columns; their answers make the page.
    pub fn asked(&self) -> &[(Arc<Plan>, Grid)] {
        &self.asked
    }

    /// The page of the answers, in the order of [`Past::asked`]; one that is missing has no window.
    pub fn page(self, answers: Vec<Option<Value>>) -> Page {
        let windows: BTreeMap<u32, PageWindow> = (self.asked.iter().zip(answers).enumerate())
            .filter_map(|(index, ((plan, grid), answer))| {
                let columns = match answer? {
                    Value::Vector(columns) => columns,
                    Value::Scalar(values) => {
                        vec![Column { labels: crate::model::Labels::empty(), values }]
                    }
                    Value::String(_) | Value::Matrix(_) => return None,
                };
                let id = index as u32 + 1;
                Some((id, window(id, plan, *grid, columns)))
            })
            .collect();
        Page { board: self.board, now: self.to, panels: self.panels, windows }
    }
}

fn window(id: u32, plan: &Arc<Plan>, grid: Grid, columns: Vec<Column>) -> PageWindow {
    let mut channel = Channel::new(id, Arc::clone(plan), grid.step, "past".to_owned());
    let (first, last) = (channel.column_at(grid.start), channel.column_at(grid.end));
    let length = usize::try_from(last - first + 1).unwrap_or(1);
    channel.keep(length);
    channel.fill(first, last, columns);
    PageWindow::of(&channel, length, None)
}

#[cfg(test)]
mod tests {
    use serde_json::Value as Json;

    use super::*;
    use crate::live::PanelSpec;
    use crate::model::Labels;

    fn panel(id: &str, query: &str) -> PanelSpec {
        PanelSpec {
            id: id.to_owned(),
            spans: Vec::new(),
            step: None,
            plans: vec![Arc::new(Plan::new(query).expect("a query"))],
            bands: Vec::new(),
            is_chart: true,
            document: Json::Null,
        }
    }

    #[test]
    fn what_two_panels_ask_alike_is_asked_once_and_windows_end_where_it_was_asked() {
        let panels = vec![panel("a", "x"), panel("b", "y"), panel("c", "x")];
        let board = BoardSpec { slug: "b".to_owned(), revision: 1, document: Json::Null, panels };
        let past = Past::new(Arc::new(board), Timestamp(10_400), Timestamp(70_900));
        let texts: Vec<&str> = past.asked().iter().map(|(plan, _)| plan.text()).collect();
        assert_eq!(texts, ["x", "y"]);
        let (_, grid) = past.asked()[0].clone();
        assert_eq!(
            (grid.start, grid.end, grid.step),
            (Timestamp(10_000), Timestamp(70_000), Span(1000))
        );
        let values = vec![5.0; grid.count() as usize];
        let column = Column { labels: Labels::named("x"), values };
        let page = past.page(vec![Some(Value::Vector(vec![column])), None]);
        assert_eq!(page.panels, [(0, vec![1]), (1, vec![2]), (2, vec![1])]);
        assert_eq!(page.windows.keys().collect::<Vec<_>>(), [&1]);
        let window = &page.windows[&1];
        assert_eq!((window.end, window.series[0].1.len()), (Timestamp(70_000), 61));
        assert_eq!(page.now, Timestamp(70_900));
    }
}
