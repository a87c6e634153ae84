//! Figure 3: the features of every clip in two dimensions, principal components left and t-SNE right.

use super::axis::{Scale, tick_text};
use super::caption::{Caption, class_label, clip_name};
use super::color::Color;
use super::drawing::{Anchor, Area, Drawing, Style, Text};
use super::features::Features;
use super::figure::{Figure, FigureError, MARGIN_PX};
use super::font::{Weight, text_width_px};
use super::marker::put_marker;
use super::pca::{Components, principal_components};
use super::table::Table;
use super::tsne::{Embedding, TsneSettings, embed};
use avar_base::job::Cancelled;
use avar_labels::{AnomalyClass, Modalities};
use avar_metrics::runs::Run;

/// More take too long and hide each other.
pub const MOST_POINTS: usize = 3_000;

const WIDTH_PX: f64 = 960.0;
const GAP_PX: f64 = 32.0;
const AXIS_PX: f64 = 52.0;
const TEXT_PX: f64 = 12.0;
const HEADING_PX: f64 = 14.0;
const LEGEND_LINE_PX: f64 = 20.0;

/// Takes a minute or two for thousands of clips: not for the window's own thread. `watch` hears how much is done, 0 to
/// 1, and may say that it is to stop.
pub fn projection(
    run: &Run,
    settings: TsneSettings,
    watch: &dyn Fn(f32) -> Result<(), Cancelled>,
) -> Result<Figure, FigureError> {
    let features = Features::of(run, MOST_POINTS)?;
    let points = features.matrix.standardized();
    let components = principal_components(&points);
    let embedding = embed(&points, &components.scores, settings, watch)?;
    let [early, last] = embedding.divergences;
    let mut notes = vec![format!(
        "Each sign is a clip: the mean over its steps of the {} features that the temporal head is given, every one \
         brought to mean zero and variance one. Left: principal components. Right: exact t-SNE (perplexity {:.0}, {} \
         iterations from the principal components, seed {}; divergence {last:.3} after {early:.3} when exaggeration \
         ended): distances between far groups mean nothing there.",
        features.matrix.columns, embedding.perplexity, settings.iterations, settings.seed
    )];
    notes.extend(modality_note(run, &features));
    if features.beyond > 0 {
        notes.push(format!("{} further clips were left out, evenly by path.", features.beyond));
    }
    if features.without > 0 {
        notes.push(format!("{} clips have no features and are not shown.", features.without));
    }
    let plot = Plot { run, features: &features, components: &components, embedding: &embedding };
    let caption = Caption::new("Figure 3. Projection of the features.", notes, run);
    Ok(Figure::new(plot.drawing(), caption, plot.table()))
}

/// Clips that lack picture or sound form groups of their own, whatever their class.
fn modality_note(run: &Run, features: &Features) -> Option<String> {
    let mut counts = std::collections::BTreeMap::<&str, usize>::new();
    for place in &features.clips {
        let words = run.clips[*place].scored.modalities.map_or("what is not known", Modalities::short);
        *counts.entry(words).or_default() += 1;
    }
    let list: Vec<String> = counts.iter().map(|(words, count)| format!("{count} with {words}")).collect();
    let note = || format!("Clips: {}; what a clip lacks is zero in its features.", list.join(", "));
    (counts.len() > 1).then(note)
}

struct Plot<'a> {
    run: &'a Run,
    features: &'a Features,
    components: &'a Components,
    embedding: &'a Embedding,
}

impl Plot<'_> {
    fn drawing(&self) -> Drawing {
        let side = (WIDTH_PX - 2.0 * MARGIN_PX - GAP_PX - 2.0 * AXIS_PX) / 2.0;
        let top = MARGIN_PX + HEADING_PX + 12.0;
        let legend = self.legend();
        let legend_top = top + side + 56.0;
        let mut drawing = Drawing::new(WIDTH_PX, legend_top + LEGEND_LINE_PX * legend.len() as f64 + 8.0);
        let left = MARGIN_PX + AXIS_PX;
        let first = Area::new(left, top, side, side);
        let second = Area::new(left + side + GAP_PX + AXIS_PX, top, side, side);
        let percent = self.components.share.map(|share| 100.0 * share);
        let names = [0, 1].map(|at| format!("Component {} ({:.1} % of the variance)", at + 1, percent[at]));
        self.put_panel(&mut drawing, first, "Principal components", &self.components.scores, names, true);
        let names = ["First dimension", "Second dimension"].map(str::to_owned);
        self.put_panel(&mut drawing, second, "t-SNE", &self.embedding.places, names, false);
        self.put_legend(&mut drawing, &legend, legend_top);
        drawing
    }

    fn put_panel(
        &self,
        drawing: &mut Drawing,
        area: Area,
        heading: &str,
        places: &[[f64; 2]],
        names: [String; 2],
        has_ticks: bool,
    ) {
        let heading = Text::new((area.left, MARGIN_PX + HEADING_PX), heading, HEADING_PX).bold();
        drawing.text("panel-title", heading, Color::INK);
        drawing.rectangle("panel", area, Style::stroked(Color::HAIRLINE, 1.0));
        let [across, down] = scales(places, area);
        if has_ticks {
            put_ticks(drawing, area, across, down);
        }
        let below = Text::new((area.center().0, area.bottom() + 36.0), &names[0], TEXT_PX);
        drawing.text("axis-name", below.anchored(Anchor::Middle), Color::WEAK_INK);
        let beside = Text::new((area.left - AXIS_PX + TEXT_PX, area.center().1), &names[1], TEXT_PX);
        drawing.text("axis-name", beside.anchored(Anchor::Middle).turned(-90.0), Color::WEAK_INK);
        let radius_px = if places.len() > 1000 { 3.0 } else { 4.2 };
        // Normal clips first, so that they hide nothing.
        let mut order: Vec<usize> = (0..places.len()).collect();
        order.sort_by_key(|point| (self.class_of(*point).is_anomaly(), *point));
        for point in order {
            let center = (across.px(places[point][0]), down.px(places[point][1]));
            put_marker(drawing, self.class_of(point), center, radius_px);
        }
    }

    fn class_of(&self, point: usize) -> AnomalyClass {
        self.run.clips[self.features.clips[point]].scored.truth
    }

    /// Lines of entries: a class and its words.
    fn legend(&self) -> Vec<Vec<(AnomalyClass, String)>> {
        let mut lines: Vec<Vec<(AnomalyClass, String)>> = vec![Vec::new()];
        let mut left = 0.0;
        for class in AnomalyClass::ALL {
            let count = (0..self.features.clips.len()).filter(|point| self.class_of(*point) == class).count();
            if count == 0 {
                continue;
            }
            let words = format!("{} ({count})", class_label(class, &self.run.about));
            let width = entry_width_px(&words);
            if left + width > WIDTH_PX - 2.0 * MARGIN_PX - AXIS_PX {
                lines.push(Vec::new());
                left = 0.0;
            }
            left += width;
            lines.last_mut().expect("there is a first line").push((class, words));
        }
        lines
    }

    fn put_legend(&self, drawing: &mut Drawing, lines: &[Vec<(AnomalyClass, String)>], top: f64) {
        for (line, entries) in lines.iter().enumerate() {
            let baseline = top + line as f64 * LEGEND_LINE_PX + TEXT_PX;
            let mut left = MARGIN_PX + AXIS_PX;
            for (class, words) in entries {
                put_marker(drawing, *class, (left + 6.0, baseline - 4.0), 5.0);
                drawing.text("legend", Text::new((left + 18.0, baseline), words, TEXT_PX), Color::INK);
                left += entry_width_px(words);
            }
        }
    }

    fn table(&self) -> Table {
        let mut table = Table::new(["clip", "truth", "predicted", "pca_1", "pca_2", "tsne_1", "tsne_2"]);
        for (point, place) in self.features.clips.iter().enumerate() {
            let clip = &self.run.clips[*place].scored;
            let of = |places: &[[f64; 2]]| places[point].map(|value| format!("{value:.6}"));
            let [pca_1, pca_2] = of(&self.components.scores);
            let [tsne_1, tsne_2] = of(&self.embedding.places);
            let (truth, predicted) = (clip.truth.name().to_owned(), clip.predicted.name().to_owned());
            table.push([clip_name(&clip.path), truth, predicted, pca_1, pca_2, tsne_1, tsne_2]);
        }
        table
    }
}

fn entry_width_px(words: &str) -> f64 {
    18.0 + text_width_px(words, TEXT_PX, Weight::Regular) * 1.05 + 20.0
}

/// One unit is as long in both directions, all points lie within, and the cloud is in the middle.
fn scales(places: &[[f64; 2]], area: Area) -> [Scale; 2] {
    const MARGIN: f64 = 0.06;
    let bounds = [0, 1].map(|axis| {
        let values = || places.iter().map(|place| place[axis]);
        (values().fold(f64::INFINITY, f64::min), values().fold(f64::NEG_INFINITY, f64::max))
    });
    let longest = bounds.iter().map(|(low, high)| high - low).fold(0.0, f64::max);
    let half = if longest > 0.0 { longest * (0.5 + MARGIN) } else { 1.0 };
    let middle = bounds.map(|(low, high)| (low + high) / 2.0);
    let scale = |axis: usize, from_px: f64, to_px: f64| Scale {
        from: middle[axis] - half,
        to: middle[axis] + half,
        from_px,
        to_px,
    };
    [scale(0, area.left, area.right()), scale(1, area.bottom(), area.top)]
}

fn put_ticks(drawing: &mut Drawing, area: Area, across: Scale, down: Scale) {
    for tick in across.ticks(6) {
        let x = across.px(tick);
        drawing.line("tick", (x, area.bottom()), (x, area.bottom() + 5.0), Style::stroked(Color::WEAK_INK, 1.0));
        let text = Text::new((x, area.bottom() + 18.0), tick_text(tick), TEXT_PX).anchored(Anchor::Middle);
        drawing.text("tick-x", text, Color::WEAK_INK);
    }
    for tick in down.ticks(6) {
        let y = down.px(tick);
        drawing.line("tick", (area.left - 5.0, y), (area.left, y), Style::stroked(Color::WEAK_INK, 1.0));
        let text = Text::new((area.left - 8.0, y + TEXT_PX * 0.35), tick_text(tick), TEXT_PX).anchored(Anchor::End);
        drawing.text("tick-y", text, Color::WEAK_INK);
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples::{empty, sample_run};
    use super::super::test_page::Page;
    use super::*;

    const QUICK: TsneSettings = TsneSettings { perplexity: 30.0, iterations: 300, seed: 1 };

    fn project(run: &Run, settings: TsneSettings) -> Result<Figure, FigureError> {
        projection(run, settings, &|_| Ok(()))
    }

    #[test]
    fn a_projection_stops_when_it_is_to_stop() {
        let stop = |_| Err(Cancelled);
        assert!(matches!(projection(&sample_run(), QUICK, &stop), Err(FigureError::Cancelled(_))));
    }

    #[test]
    fn every_clip_has_a_sign_in_both_panels_and_every_class_one_in_the_legend() {
        let figure = project(&sample_run(), QUICK).unwrap();
        let page = Page::of(&figure);
        assert_eq!(page.count("marker"), 2 * 80 + 10);
        assert!(page.texts("legend").contains(&"Police siren (8)".to_owned()));
        assert_eq!(figure.table.rows.len(), 80);
        page.assert_text_within();
        Page::keep(&project(&sample_run(), TsneSettings::default()).unwrap(), "figure-3");
    }

    #[test]
    fn all_signs_lie_within_their_panels() {
        let figure = project(&sample_run(), QUICK).unwrap();
        let page = Page::of(&figure);
        let panels = page.areas("panel");
        let points = page.attributes("marker", "points");
        let in_panels = points.iter().filter(|points| !points.is_empty()).take(2 * 72);
        for points in in_panels {
            let (x, y) = points.split(' ').next().unwrap().split_once(',').unwrap();
            let (x, y): (f64, f64) = (x.parse().unwrap(), y.parse().unwrap());
            let is_in = |area: &Area| (area.left..area.right()).contains(&x) && (area.top..area.bottom()).contains(&y);
            assert!(panels.iter().any(is_in), "{x} {y}");
        }
    }

    #[test]
    fn the_same_run_gives_the_same_bytes() {
        let make = || project(&sample_run(), QUICK).unwrap();
        assert_eq!(make().drawing.to_svg(), make().drawing.to_svg());
        assert_eq!(make().table, make().table);
    }

    #[test]
    fn a_run_without_features_has_no_projection_and_mixed_modalities_are_said() {
        assert!(project(&empty(), QUICK).is_err());
        let mut run = sample_run();
        run.clips[0].scored.modalities = Some(Modalities::SoundOnly);
        let notes = project(&run, QUICK).unwrap().caption.notes;
        assert!(notes.iter().any(|note| note.contains("79 with picture and sound, 1 with sound only")), "{notes:?}");
    }
}
