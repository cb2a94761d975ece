//! The first page: hosts and services, what its file says, what is pinned, and a panel for each
//! pushed name.

use std::collections::BTreeSet;

use super::host::{Rhythm, bound, is_of_host};
use super::places::Places;
use super::{Dashboard, Panel, automatic, targets};
use crate::model::Metadata;

/// Rows of the grid that a list of hosts or services takes at most.
const LIST_ROWS: u8 = 6;
/// The section of panels that other dashboards pin.
const PINNED: &str = "Pinned";

/// What the first page is made of.
#[derive(Debug, Clone)]
pub struct First<'a> {
    /// What a file says of it.
    pub base: &'a Dashboard,
    /// The host that its panels are about; empty when none is read here.
    pub host: &'a str,
    /// The hosts and services that are known.
    pub places: &'a Places,
    /// The other dashboards, whose pinned panels it shows.
    pub others: Vec<&'a Dashboard>,
    /// The pushed names, in the order of their arrival.
    pub names: Vec<(String, Option<Metadata>)>,
    /// The most panels for these.
    pub panels_max: usize,
}

impl First<'_> {
    /// The dashboard, and the names for which it has no panel.
    pub fn board(&self) -> (Dashboard, Vec<String>) {
        let mut taken: BTreeSet<String> =
            self.base.panels.iter().map(|panel| panel.id.clone()).collect();
        let lists =
            [targets::hosts(self.places, LIST_ROWS), targets::services(self.places, LIST_ROWS)];
        let lists = lists.into_iter().flatten().filter(|panel| taken.insert(panel.id.clone()));
        let mut panels: Vec<Panel> = lists.collect();
        panels.extend(self.base.panels.iter().map(|panel| self.own(panel)));
        for board in &self.others {
            let pinned = |panel: &&Panel| board.pinned.contains(&panel.id);
            for panel in board.panels.iter().filter(pinned) {
                let mut panel = panel.clone();
                PINNED.clone_into(&mut panel.section);
                if !taken.insert(panel.id.clone()) {
                    panel.id = format!("{}-{}", board.slug, panel.id);
                    if !taken.insert(panel.id.clone()) {
                        continue;
                    }
                }
                panels.push(panel);
            }
        }
        let (pushed, beyond) = automatic::sections(&self.names, self.panels_max, &mut taken);
        panels.extend(pushed);
        let mut board = self.base.clone();
        board.panels = by_section(panels);
        if !self.host.is_empty() {
            self.host.clone_into(&mut board.title);
        }
        (board, beyond)
    }

    /// A panel of the file. What is about a host is about this one, and says so beside others.
    fn own(&self, panel: &Panel) -> Panel {
        if self.host.is_empty() || !is_of_host(panel) {
            return panel.clone();
        }
        let mut panel = bound(panel, self.host, Rhythm::Own);
        let others = self.places.hosts().any(|host| host != self.host);
        if others && panel.section.is_empty() {
            self.host.clone_into(&mut panel.section);
        }
        panel
    }
}

/// Panels in the order of their sections: first those of none, then each section from its first
/// panel on.
pub(super) fn by_section(panels: Vec<Panel>) -> Vec<Panel> {
    let mut groups: Vec<(String, Vec<Panel>)> = vec![(String::new(), Vec::new())];
    for panel in panels {
        match groups.iter_mut().find(|(section, _)| *section == panel.section) {
            Some((_, group)) => group.push(panel),
            None => groups.push((panel.section.clone(), vec![panel])),
        }
    }
    groups.into_iter().flat_map(|(_, group)| group).collect()
}
