//! The sheet: an answer's cells, read and written by place, within the schema's bounds.
//!
//! What the data gave is never written over, and no figure leaves the bounds of its own member. Nothing is worked out here.

use std::collections::HashSet;

use serde_json::{Map, Value};

use crate::agents::shape::{Members, Shape};

/// Where a value stands: the list or object that it is in, empty at the top; its number in that list, else 0; its name.
pub(in super::super) type Cell<'a> = (&'a str, usize, &'a str);

/// The cells that the data gave, and the lists that were made from its entries.
#[derive(Default)]
pub(in super::super) struct Given(HashSet<(String, usize, String)>);

impl Given {
    /// Notes a cell.
    pub(in super::super) fn note(&mut self, (parent, at, name): Cell<'_>) {
        self.0.insert((parent.to_owned(), at, name.to_owned()));
    }

    fn has(&self, (parent, at, name): Cell<'_>) -> bool {
        self.0.contains(&(parent.to_owned(), at, name.to_owned()))
    }
}

/// An answer while its figures are made to agree.
pub(in super::super) struct Sheet<'a> {
    pub output: &'a mut Map<String, Value>,
    pub shape: &'a Members,
    pub given: &'a Given,
}

impl Sheet<'_> {
    /// Gives the names of the lists of objects, and of the objects, that the schema has.
    pub(super) fn parents(&self) -> Vec<String> {
        let shapes = self.shape.properties.iter();
        let held = shapes.filter(|(_, shape)| match shape {
            Shape::Object(_) => true,
            Shape::Array { items, .. } => matches!(**items, Shape::Object(_)),
            _ => false,
        });
        held.map(|(name, _)| name.clone()).collect()
    }

    /// Gives how many entries a list has; an object counts as one, and what is not there as none.
    pub(super) fn len(&self, parent: &str) -> usize {
        match self.output.get(parent) {
            Some(Value::Array(entries)) => entries.len(),
            Some(Value::Object(_)) => 1,
            _ => 0,
        }
    }

    pub(super) fn has(&self, cell: Cell<'_>) -> bool {
        self.value(cell).is_some()
    }

    pub(super) fn value(&self, (parent, at, name): Cell<'_>) -> Option<&Value> {
        if parent.is_empty() {
            return self.output.get(name);
        }
        match self.output.get(parent)? {
            Value::Array(entries) => entries.get(at)?.get(name),
            object => object.get(name),
        }
    }

    pub(super) fn figure(&self, cell: Cell<'_>) -> Option<f64> {
        self.value(cell).and_then(Value::as_f64)
    }

    pub(super) fn word(&self, cell: Cell<'_>) -> Option<&str> {
        self.value(cell).and_then(Value::as_str)
    }

    pub(super) fn is_true(&self, cell: Cell<'_>) -> bool {
        self.value(cell) == Some(&Value::Bool(true))
    }

    pub(super) fn is_given(&self, cell: Cell<'_>) -> bool {
        self.given.has(cell)
    }

    /// Says whether the data gave a member of any entry of a list.
    pub(super) fn is_any_given(&self, list: &str, member: &str) -> bool {
        (0..self.len(list)).any(|at| self.is_given((list, at, member)))
    }

    /// Gives a member of every entry of a list; none where the list is empty or an entry lacks it.
    pub(super) fn column(&self, list: &str, member: &str) -> Option<Vec<f64>> {
        let figures = (0..self.len(list)).map(|at| self.figure((list, at, member)));
        figures
            .collect::<Option<Vec<_>>>()
            .filter(|figures| !figures.is_empty())
    }

    /// Gives how many entries of a list have a word.
    pub(super) fn count(&self, list: &str, member: &str, word: &str) -> usize {
        (0..self.len(list))
            .filter(|at| self.word((list, *at, member)) == Some(word))
            .count()
    }

    /// Writes a figure over one that is there and was not given, in the member's own bounds.
    pub(super) fn put(&mut self, cell: Cell<'_>, figure: f64) {
        let value = match self.member(cell) {
            Some(Shape::Integer { minimum, maximum }) => {
                Value::from(figure.round().clamp(minimum.ceil(), maximum.floor()) as i64)
            }
            Some(Shape::Number { minimum, maximum }) => Value::from(cents(figure).clamp(*minimum, *maximum)),
            _ => return,
        };
        self.set(cell, value);
    }

    /// Writes a value over one that is there and was not given. Whoever calls it keeps to the schema.
    pub(super) fn set(&mut self, cell: Cell<'_>, value: Value) {
        if self.is_given(cell) {
            return;
        }
        let (parent, at, name) = cell;
        let object = match parent {
            "" => Some(&mut *self.output),
            _ => match self.output.get_mut(parent) {
                Some(Value::Array(entries)) => entries.get_mut(at).and_then(Value::as_object_mut),
                object => object.and_then(Value::as_object_mut),
            },
        };
        if let Some(held) = object.and_then(|object| object.get_mut(name)) {
            *held = value;
        }
    }

    /// Takes a member of the top away that may be left out and was not given.
    pub(super) fn leave_out(&mut self, name: &str) {
        if !self.is_given(("", 0, name)) && !self.shape.required.iter().any(|known| known == name) {
            self.output.remove(name);
        }
    }

    fn member(&self, (parent, _, name): Cell<'_>) -> Option<&Shape> {
        let members = match self.shape.properties.get(parent) {
            None => self.shape,
            Some(Shape::Object(members)) => members,
            Some(Shape::Array { items, .. }) => match &**items {
                Shape::Object(members) => members,
                _ => return None,
            },
            Some(_) => return None,
        };
        members.properties.get(name)
    }
}

/// Rounds to two places.
pub(in super::super) fn cents(figure: f64) -> f64 {
    (figure * 100.0).round() / 100.0
}
