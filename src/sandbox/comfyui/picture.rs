//! Made-up pictures: a sky, a sun or moon, hills, a figure. The same words, seed and files give the same picture.

use std::io::Write;

use bytes::Bytes;
use image::{DynamicImage, ImageFormat, Rgb, RgbImage, imageops::FilterType};
use serde_json::{Map, Value};
use xxhash_rust::xxh3::xxh3_64;

/// Pixels are computed at this size and stretched: it is smooth, and quick even without optimisation.
const CANVAS: u32 = 120;
/// Longest side of a preview.
const PREVIEW: u32 = 320;

/// What is to be drawn.
#[derive(Debug, Clone, Default)]
pub(super) struct Subject {
    pub(super) prompt: String,
    /// Everything that was loaded.
    pub(super) files: String,
    pub(super) seed: u64,
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) count: u32,
}

/// One PNG, with the workflow in its metadata as ComfyUI writes it.
pub(super) fn png(subject: &Subject, number: u32, graph: &Map<String, Value>, extra: Option<&Value>) -> Bytes {
    let small = canvas(subject, number);
    let mut large = image::imageops::resize(&small, subject.width.max(1), subject.height.max(1), FilterType::CatmullRom);
    mark(&mut large);
    let mut plain = std::io::Cursor::new(Vec::new());
    if DynamicImage::ImageRgb8(large).write_to(&mut plain, ImageFormat::Png).is_err() {
        return Bytes::new();
    }
    let mut texts = vec![("prompt".to_owned(), Value::Object(graph.clone()).to_string())];
    let more = extra.and_then(Value::as_object).into_iter().flatten();
    texts.extend(more.map(|(name, value)| (name.clone(), value.to_string())));
    with_texts(&plain.into_inner(), &texts).into()
}

/// JPEGs that go from a blur to the picture, one a step.
pub(super) fn previews(subject: &Subject, steps: u32) -> Vec<Vec<u8>> {
    let small = canvas(subject, 0);
    let longest = subject.width.max(subject.height).max(1);
    let scale = f64::from(PREVIEW) / f64::from(longest);
    let side = |side: u32| ((f64::from(side) * scale) as u32).max(8);
    let (width, height) = (side(subject.width), side(subject.height));
    let shown = steps.min(60);
    let frames: Vec<Vec<u8>> = (1..=shown)
        .map(|step| {
            let sharp = f64::from(step) / f64::from(shown);
            let grid = (4.0 + sharp * sharp * f64::from(CANVAS)) as u32;
            let coarse = image::imageops::resize(&small, grid.min(CANVAS), grid.min(CANVAS), FilterType::Triangle);
            let frame = image::imageops::resize(&coarse, width, height, FilterType::Triangle);
            let mut bytes = std::io::Cursor::new(Vec::new());
            let written = DynamicImage::ImageRgb8(frame).write_to(&mut bytes, ImageFormat::Jpeg);
            if written.is_ok() { bytes.into_inner() } else { Vec::new() }
        })
        .collect();
    let frame_of = |step: u32| frames[((step * shown).div_ceil(steps).max(1) - 1) as usize].clone();
    (1..=steps).map(frame_of).collect()
}

/// The scene, square; it is stretched to the picture's shape.
fn canvas(subject: &Subject, number: u32) -> RgbImage {
    let scene = Scene::of(subject, number);
    RgbImage::from_fn(CANVAS, CANVAS, |x, y| {
        let at = |place: u32| f64::from(place) / f64::from(CANVAS);
        scene.colour(at(x), at(y), f64::from(subject.width) / f64::from(subject.height.max(1)))
    })
}

type Colour = [f64; 3];

/// A palette with a name in the prompt, else one by chance.
const PALETTES: [(&[&str], [Colour; 4]); 7] = [
    (&["dawn", "sunrise", "morning", "beach"], [[0.99, 0.80, 0.62], [0.93, 0.52, 0.47], [0.42, 0.30, 0.50], [0.12, 0.12, 0.26]]),
    (&["forest", "green", "wood", "garden"], [[0.85, 0.93, 0.76], [0.42, 0.65, 0.47], [0.13, 0.36, 0.31], [0.04, 0.13, 0.15]]),
    (&["night", "moon", "neon", "late"], [[0.47, 0.42, 0.80], [0.26, 0.20, 0.55], [0.12, 0.10, 0.32], [0.04, 0.03, 0.13]]),
    (&["lake", "sea", "water", "ocean", "mist"], [[0.88, 0.95, 0.95], [0.46, 0.73, 0.79], [0.13, 0.42, 0.52], [0.04, 0.16, 0.25]]),
    (&["snow", "winter", "ice"], [[0.96, 0.97, 1.00], [0.72, 0.82, 0.93], [0.40, 0.52, 0.70], [0.13, 0.20, 0.36]]),
    (&["desk", "city", "paper", "office", "street"], [[0.98, 0.84, 0.61], [0.76, 0.47, 0.30], [0.33, 0.22, 0.24], [0.09, 0.08, 0.13]]),
    (&["crystal", "magic", "dream", "mystic"], [[0.97, 0.78, 0.91], [0.70, 0.49, 0.85], [0.34, 0.25, 0.60], [0.10, 0.08, 0.26]]),
];

struct Scene {
    palette: [Colour; 4],
    chance: Chance,
    sun: (f64, f64, f64),
    hills: [(f64, f64, f64, f64); 3],
    figure: (f64, f64),
}

impl Scene {
    fn of(subject: &Subject, number: u32) -> Self {
        let words = subject.prompt.to_lowercase();
        let mixed = format!("{}|{}|{}|{number}", subject.prompt, subject.files, subject.seed);
        let mut chance = Chance(xxh3_64(mixed.as_bytes()));
        // What comes last in a prompt is what was asked for this time.
        let named = PALETTES
            .iter()
            .filter_map(|(names, palette)| Some((names.iter().filter_map(|name| words.rfind(name)).max()?, palette)))
            .max_by_key(|(place, _)| *place);
        let palette = named.map_or_else(|| PALETTES[(chance.next() * 7.0) as usize % 7].1, |(_, palette)| *palette);
        let sun = (0.2 + 0.6 * chance.next(), 0.16 + 0.26 * chance.next(), 0.06 + 0.07 * chance.next());
        let hills = [0.50, 0.63, 0.78]
            .map(|base| (base + 0.06 * chance.next(), 0.05 + 0.07 * chance.next(), 2.0 + 3.0 * chance.next(), 6.3 * chance.next()));
        let figure = (0.28 + 0.44 * chance.next(), 0.9 + 0.3 * chance.next());
        Self { palette, chance, sun, hills, figure }
    }

    fn colour(&self, x: f64, y: f64, aspect: f64) -> Rgb<u8> {
        let mut colour = mix(self.palette[1], self.palette[0], (1.0 - (y - 0.45).abs() * 1.9).clamp(0.0, 1.0));
        colour = mix(self.palette[2], colour, (y * 2.6).clamp(0.0, 1.0));
        let (sun_x, sun_y, radius) = self.sun;
        let distance = ((x - sun_x) * aspect).hypot(y - sun_y);
        colour = mix(colour, [1.0, 0.97, 0.90], (0.55 * (-distance * 6.0).exp()).clamp(0.0, 1.0));
        colour = mix(colour, [1.0, 0.98, 0.93], smooth((radius - distance) * 60.0 + 0.5));
        for (layer, (base, height, frequency, phase)) in self.hills.iter().enumerate() {
            let ridge = base + height * ((x * frequency * 2.0 + phase).sin() * 0.6 + (x * frequency * 5.1 + phase * 1.7).sin() * 0.25);
            let depth = (layer as f64 + 1.0) / 3.0;
            let hill = mix(mix(self.palette[1], self.palette[2], depth), self.palette[3], depth * 0.75);
            // Haze lies in the valleys.
            let hill = mix(hill, self.palette[0], (0.35 * (1.0 - depth) + 0.25 * (y - ridge)).clamp(0.0, 0.5));
            colour = mix(colour, hill, smooth((y - ridge) * 90.0));
        }
        colour = mix(colour, mix(self.palette[3], [0.02, 0.02, 0.04], 0.45), self.figure_at(x, y, aspect));
        let edge = (x - 0.5).hypot(y - 0.5);
        colour = mix(colour, self.palette[3], (edge - 0.45).clamp(0.0, 0.35));
        let grain = (self.chance.at(x, y) - 0.5) * 0.025;
        Rgb(colour.map(|part| ((part + grain).clamp(0.0, 1.0) * 255.0) as u8))
    }

    /// How much of the figure is at a place: a head, a neck, shoulders.
    fn figure_at(&self, x: f64, y: f64, aspect: f64) -> f64 {
        let (centre, size) = self.figure;
        let (dx, dy) = ((x - centre) * aspect / size, (y - 0.62) / size);
        let head = 0.085 - dx.hypot(dy * 0.82);
        let neck = (0.034 - dx.abs()).min(0.2 - (dy - 0.12).abs());
        let slope = 0.15 + (dx * 2.3).powi(2).min(1.0) * 0.25;
        let shoulders = (dy - slope).min(0.25 - dx.abs());
        smooth(head.max(neck).max(shoulders) * 110.0 + 0.5)
    }
}

/// Numbers by chance that are the same each time.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> f64 {
        self.0 = xxh3_64(&self.0.to_le_bytes());
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn at(&self, x: f64, y: f64) -> f64 {
        let key = [self.0, x.to_bits(), y.to_bits()].map(u64::to_le_bytes).concat();
        (xxh3_64(&key) >> 11) as f64 / (1_u64 << 53) as f64
    }
}

fn mix(from: Colour, to: Colour, amount: f64) -> Colour {
    std::array::from_fn(|part| from[part] + (to[part] - from[part]) * amount)
}

fn smooth(value: f64) -> f64 {
    let value = value.clamp(0.0, 1.0);
    value * value * (3.0 - 2.0 * value)
}

/// The letters of "sandbox", three by five points each, a row a number.
const LETTERS: [[u8; 5]; 7] = [
    [0b011, 0b100, 0b010, 0b001, 0b110],
    [0b010, 0b101, 0b111, 0b101, 0b101],
    [0b110, 0b101, 0b101, 0b101, 0b101],
    [0b110, 0b101, 0b101, 0b101, 0b110],
    [0b110, 0b101, 0b110, 0b101, 0b110],
    [0b010, 0b101, 0b101, 0b101, 0b010],
    [0b101, 0b101, 0b010, 0b101, 0b101],
];

/// Writes "sandbox" into the corner: nobody shall take these for drawn pictures.
fn mark(picture: &mut RgbImage) {
    let dot = (picture.width() / 420).max(1);
    let (width, height) = (LETTERS.len() as u32 * 4 * dot, 5 * dot);
    let (Some(left), Some(top)) = (picture.width().checked_sub(width + 4 * dot), picture.height().checked_sub(height + 4 * dot)) else {
        return;
    };
    let points = LETTERS
        .iter()
        .enumerate()
        .flat_map(|(letter, rows)| rows.iter().enumerate().map(move |(row, bits)| (letter as u32, row as u32, *bits)));
    for (letter, row, bits) in points {
        for column in (0..3).filter(|column| bits & (0b100 >> column) != 0) {
            let (x, y) = (left + (letter * 4 + column) * dot, top + row * dot);
            for (dx, dy) in (0..dot).flat_map(|dx| (0..dot).map(move |dy| (dx, dy))) {
                let pixel = picture.get_pixel_mut(x + dx, y + dy);
                pixel.0 = pixel.0.map(|part| part.saturating_add(70));
            }
        }
    }
}

/// Puts texts before the last chunk of a PNG.
fn with_texts(png: &[u8], texts: &[(String, String)]) -> Vec<u8> {
    /// Length, name and checksum of `IEND`.
    const END: usize = 12;
    let (body, end) = png.split_at(png.len().saturating_sub(END));
    let mut whole = body.to_vec();
    for (name, text) in texts {
        let mut chunk = b"tEXt".to_vec();
        chunk.extend(name.as_bytes());
        chunk.push(0);
        // Latin-1 is all this chunk can hold; JSON can say the rest in escapes.
        chunk.extend(escaped(text).as_bytes());
        let length = (chunk.len() - 4) as u32;
        let written = whole
            .write_all(&length.to_be_bytes())
            .and_then(|()| whole.write_all(&chunk))
            .and_then(|()| whole.write_all(&crc32fast::hash(&chunk).to_be_bytes()));
        written.expect("writing into memory does not fail");
    }
    whole.extend(end);
    whole
}

fn escaped(text: &str) -> String {
    let mut units = [0; 2];
    text.chars()
        .map(
            |c| if c.is_ascii() { c.to_string() } else { c.encode_utf16(&mut units).iter().map(|unit| format!("\\u{unit:04x}")).collect() },
        )
        .collect()
}
