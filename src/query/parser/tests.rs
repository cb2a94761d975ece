#[test]
fn scratch() {
    let mut n = (0, 0);
    for path in std::fs::read_dir("/work/shared/promqltest").unwrap() {
        let path = path.unwrap().path();
        if path.extension().is_none_or(|e| e != "test") { continue; }
        let text = std::fs::read_to_string(&path).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        for (i, line) in lines.iter().enumerate() {
            let l = line.trim();
            let Some(rest) = l.strip_prefix("eval") else { continue };
            let fail = rest.starts_with("_fail") || lines.get(i+1).is_some_and(|l| l.contains("expect fail"));
            let re = regex::Regex::new(r"^eval\S* (instant( at \S+)?|range from \S+ to \S+ step \S+) (.*)$").unwrap();
            let Some(c) = re.captures(l) else { eprintln!("? {l}"); continue };
            let q = c.get(3).unwrap().as_str();
            n.0 += 1;
            match crate::query::Plan::new(q) {
                Ok(p) => { 
                    if fail { eprintln!("OK-FAIL {q}  {:?}", lines.get(i+1)); }
                    let again = crate::query::Plan::new(p.text());
                    if again.as_ref().map(|p| p.text()) != Ok(p.text()) { eprintln!("REPRINT {q} -> {} -> {again:?}", p.text()); }
                    if n.0 % 40 == 0 { eprintln!("  {q}   =>   {}", p.text()); }
                }
                Err(e) => { n.1 += 1; eprintln!("{}: {}:{} {q}\n    {e}", if fail {"fail"} else {"BAD"}, path.display(), i+1); }
            }
        }
    }
    eprintln!("{n:?}");
}
