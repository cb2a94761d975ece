//! What a series is called: a template's text, or the labels that tell it apart. The page's script
//! names series by the same rule (`assets/rows.js`).

use crate::model::{Labels, METRIC_NAME};

/// Labels that are the same for nearly every series of a host, and so tell nothing apart.
const PLAIN: [&str; 3] = [METRIC_NAME, "instance", "job"];

/// What the series of one panel are called after.
#[derive(Debug)]
pub struct Names<'a> {
    title: &'a str,
    alone: bool,
    /// Names of labels that have the same value in all of them.
    alike: Vec<&'a str>,
}

impl<'a> Names<'a> {
    /// For a panel with this title and series with these labels.
    pub fn new(title: &'a str, all: &[&'a Labels]) -> Self {
        let mut alike = Vec::new();
        if let [first, others @ ..] = all
            && !others.is_empty()
        {
            let same = |name: &str, value: &str| others.iter().all(|o| o.value(name) == value);
            alike.extend(first.iter().filter(|(name, value)| same(name, value)).map(|(n, _)| n));
        }
        Self { title, alone: all.len() == 1, alike }
    }

    /// The name of one of them. In `template`, `{{label}}` stands for the label's value. An empty
    /// template gives the labels as `k=v, …`, without name, instance and job and without those that
    /// are alike in all series; when none is left, the panel's title for a series that is alone,
    /// else the metric name.
    pub fn text(&self, template: &str, labels: &Labels) -> String {
        if !template.is_empty() {
            return filled(template, labels, str::to_owned);
        }
        let tells = |name: &str| !PLAIN.contains(&name) && !self.alike.contains(&name);
        let kept = labels.iter().filter(|(name, _)| tells(name));
        let kept: Vec<String> = kept.map(|(name, value)| format!("{name}={value}")).collect();
        match (kept.is_empty(), self.alone || labels.name().is_empty()) {
            (false, _) => kept.join(", "),
            (true, true) => self.title.to_owned(),
            (true, false) => labels.name().to_owned(),
        }
    }
}

/// A template with the values of labels in their places, each as `written` writes it.
pub(super) fn filled(template: &str, labels: &Labels, written: impl Fn(&str) -> String) -> String {
    let mut out = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("{{") {
        let place = after.split_once("}}").map(|(name, behind)| (name.trim(), behind));
        let usable = |name: &str| !name.is_empty() && !name.contains([' ', '}']);
        out.push_str(before);
        if let Some((name, behind)) = place.filter(|(name, _)| usable(name)) {
            out.push_str(&written(labels.value(name)));
            rest = behind;
        } else {
            out.push_str("{{");
            rest = after;
        }
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn series_are_named_by_template_or_by_what_tells_them_apart() {
        let cpu = Labels::from_pairs([
            ("__name__", "node_cpu"),
            ("mode", "user"),
            ("cpu", "3"),
            ("job", "node"),
            ("instance", "web-01"),
        ]);
        let cpu = cpu.expect("labels");
        let check = |template: &str, all: &[&Labels], expected: &str| {
            let names = Names::new("CPU", all);
            assert_eq!(names.text(template, all[0]), expected, "{template} {all:?}");
        };
        let (up, none) = (Labels::named("up"), Labels::empty());
        check("{{mode}}", &[&cpu], "user");
        check("core {{ cpu }}, {{mode}}{{gone}}", &[&cpu], "core 3, user");
        check("a {{", &[&cpu], "a {{");
        check("{{}} {{mode}}", &[&cpu], "{{}} user");
        check("{{a b}}", &[&cpu], "{{a b}}");
        check("", &[&cpu], "cpu=3, mode=user");
        check("", &[&cpu, &cpu.with("cpu", "4"), &cpu.with("cpu", "5")], "cpu=3");
        check("", &[&cpu, &none], "cpu=3, mode=user");
        check("", &[&none, &cpu], "CPU");
        check("", &[&up], "CPU");
        check("", &[&up, &none], "up");
    }
}
