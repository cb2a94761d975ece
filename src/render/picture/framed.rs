//! A picture to be kept: as large as is wanted, with a line below it that says where it is from.

use super::{FONT, FOOT, Look, cut};
use crate::render::still::escaped;

/// The picture so many times as large, with these words below it.
pub fn framed(svg: &str, look: &Look, scale: u32, foot: Option<&str>) -> String {
    let height = look.height + foot.map_or(0, |_| FOOT);
    let (width, ground) = (look.width, look.palette.surface);
    let words = foot.map(|foot| {
        format!(
            r#"<text x="14" y="{y}" font-size="11" fill="{muted}">{foot}</text>"#,
            y = f64::from(height) - 8.0,
            muted = look.palette.muted,
            foot = escaped(&cut(foot, 11.0, f64::from(width) - 28.0))
        )
    });
    format!(
        concat!(
            r#"<svg xmlns="http://www.w3.org/2000/svg" width="{w}" height="{h}" "#,
            r#"viewBox="0 0 {width} {height}" font-family="{font}">"#,
            r#"<rect width="{width}" height="{height}" fill="{ground}"/>{svg}{words}</svg>"#
        ),
        w = width * scale,
        h = height * scale,
        width = width,
        height = height,
        font = FONT,
        ground = ground,
        svg = svg,
        words = words.unwrap_or_default()
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::picture::LIGHT;

    #[test]
    fn a_picture_grows_and_says_where_it_is_from() {
        let look = Look { width: 300, height: 176, palette: LIGHT, stretches: true };
        let both = framed("<svg/>", &look, 2, Some("<b> & more"));
        assert!(both.contains(r#"width="600" height="400" viewBox="0 0 300 200""#), "{both}");
        assert!(both.contains("<svg/>") && both.contains("&lt;b&gt; &amp; more</text>"), "{both}");
        let plain = framed("<svg/>", &look, 3, None);
        assert!(plain.contains(r#"width="900" height="528""#) && !plain.contains("<text"));
    }
}
