//! What a series is called: a template's text, or the labels that tell it apart. The page's script
//! names series by the same rule (`assets/names.js`).

use crate::model::{Labels, METRIC_NAME};

/// Labels that are the same for nearly every series of a host, and so tell nothing apart.
const PLAIN: [&str; 3] = [METRIC_NAME, "instance", "job"];

/// The name of a series. In `template`, `{{label}}` stands for the label's value. An empty template
/// gives the labels but name, instance and job as `k=v, …`; when none is left, the panel's `title`
/// for a series that is alone, else the metric name.
pub fn text(template: &str, labels: &Labels, title: &str, alone: bool) -> String {
    if !template.is_empty() {
        return filled(template, labels);
    }
    let kept = labels.iter().filter(|(name, _)| !PLAIN.contains(name));
    let kept: Vec<String> = kept.map(|(name, value)| format!("{name}={value}")).collect();
    match (kept.is_empty(), alone || labels.name().is_empty()) {
        (false, _) => kept.join(", "),
        (true, true) => title.to_owned(),
        (true, false) => labels.name().to_owned(),
    }
}

fn filled(template: &str, labels: &Labels) -> String {
    let mut out = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("{{") {
        let place = after.split_once("}}").map(|(name, behind)| (name.trim(), behind));
        let usable = |name: &str| !name.is_empty() && !name.contains([' ', '}']);
        out.push_str(before);
        if let Some((name, behind)) = place.filter(|(name, _)| usable(name)) {
            out.push_str(labels.value(name));
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
        let check = |template: &str, labels: &Labels, alone: bool, expected: &str| {
            assert_eq!(text(template, labels, "CPU", alone), expected, "{template}");
        };
        check("{{mode}}", &cpu, false, "user");
        check("core {{ cpu }}, {{mode}}{{gone}}", &cpu, false, "core 3, user");
        check("a {{", &cpu, false, "a {{");
        check("{{}} {{mode}}", &cpu, false, "{{}} user");
        check("{{a b}}", &cpu, false, "{{a b}}");
        check("", &cpu, false, "cpu=3, mode=user");
        check("", &Labels::named("up"), true, "CPU");
        check("", &Labels::named("up"), false, "up");
        check("", &Labels::empty(), false, "CPU");
    }
}
