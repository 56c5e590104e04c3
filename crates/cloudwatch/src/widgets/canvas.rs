//! Pixels, lines and text.

use super::font;

/// Red, green, blue.
pub(super) type Colour = [u8; 3];

pub(super) const WHITE: Colour = [255, 255, 255];

/// A picture. What is drawn beyond its edges is lost.
#[derive(Debug)]
pub(super) struct Canvas {
    width: usize,
    pixels: Vec<Colour>,
}

impl Canvas {
    pub(super) fn new(width: usize, height: usize) -> Self {
        Self { width, pixels: vec![WHITE; width * height] }
    }

    pub(super) const fn width(&self) -> usize {
        self.width
    }

    pub(super) fn height(&self) -> usize {
        self.pixels.len() / self.width
    }

    pub(super) fn rows(&self) -> impl Iterator<Item = &[Colour]> {
        self.pixels.chunks(self.width)
    }

    fn dot(&mut self, x: i64, y: i64, colour: Colour) {
        let (Ok(x), Ok(y)) = (usize::try_from(x), usize::try_from(y)) else { return };
        if x < self.width
            && let Some(pixel) = self.pixels.get_mut(y * self.width + x)
        {
            *pixel = colour;
        }
    }

    pub(super) fn rectangle(&mut self, from: (i64, i64), to: (i64, i64), colour: Colour) {
        for y in from.1..to.1 {
            for x in from.0..to.0 {
                self.dot(x, y, colour);
            }
        }
    }

    /// Bresenham's line, as thick as asked.
    pub(super) fn line(&mut self, from: (i64, i64), to: (i64, i64), thick: i64, colour: Colour) {
        let (dx, dy) = ((to.0 - from.0).abs(), -(to.1 - from.1).abs());
        let (sx, sy) = ((to.0 - from.0).signum(), (to.1 - from.1).signum());
        let (mut x, mut y) = from;
        let mut error = dx + dy;
        loop {
            self.rectangle((x, y), (x + thick, y + thick), colour);
            if (x, y) == to {
                return;
            }
            let twice = 2 * error;
            if twice >= dy {
                error += dy;
                x += sx;
            }
            if twice <= dx {
                error += dx;
                y += sy;
            }
        }
    }

    /// Text with its upper left corner at a place.
    pub(super) fn text(&mut self, at: (i64, i64), text: &str, colour: Colour) {
        for (number, character) in text.chars().enumerate() {
            let left = at.0 + number as i64 * font::ADVANCE;
            for (x, column) in font::columns(character).iter().enumerate() {
                for y in 0..font::HEIGHT {
                    if column >> y & 1 == 1 {
                        self.dot(left + x as i64, at.1 + y, colour);
                    }
                }
            }
        }
    }
}

/// How wide a text is.
pub(super) fn text_width(text: &str) -> i64 {
    text.chars().count() as i64 * font::ADVANCE
}
