//! The dialect: in which form an endpoint takes a schema, and under which name the token limit.
//!
//! The best form first: held to the schema by its own name for it, by the older one, by a tool that must be used, by words
//! alone. Whichever it is, the answer is read and checked in the same way.

/// A form in which an endpoint may be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Dialect {
    pub rung: Rung,
    pub limit: Limit,
}

/// How the schema is put.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rung {
    /// `response_format` of type `json_schema`: OpenAI, vLLM, llama.cpp's own server.
    JsonSchema,
    /// `response_format` of type `json_object` with the schema beside it: llama-cpp-python.
    JsonObject,
    /// A tool whose input has the schema, and no choice but to use it.
    Tool,
    /// In words.
    Prompt,
}

/// What the token limit is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Limit {
    /// Everywhere but there.
    MaxTokens,
    /// At OpenAI, for models that think; their thoughts count.
    MaxCompletionTokens,
}

/// What an endpoint would not take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NotTaken {
    /// The schema in this form.
    Schema,
    /// The limit by this name.
    Limit,
    /// It does not say, or not whether it never would.
    Unsaid,
}

const RUNGS: [Rung; 4] = [Rung::JsonSchema, Rung::JsonObject, Rung::Tool, Rung::Prompt];

impl Dialect {
    /// What is tried first.
    pub(super) const FIRST: Self = Self {
        rung: Rung::JsonSchema,
        limit: Limit::MaxTokens,
    };

    /// The next form to try without what was not taken; none after the last.
    pub(super) fn without(self, what: NotTaken) -> Option<Self> {
        match (what, self.limit) {
            (NotTaken::Limit, Limit::MaxTokens) => Some(Self {
                limit: Limit::MaxCompletionTokens,
                ..self
            }),
            _ => {
                let rung = *RUNGS.get(self.rung as usize + 1)?;
                Some(Self { rung, ..self })
            }
        }
    }

    /// A number for it, to be kept in an atomic.
    pub(super) const fn code(self) -> u8 {
        self.rung as u8 * 2 + self.limit as u8
    }

    /// The dialect of a number; a number that has none is the last.
    pub(super) fn from_code(code: u8) -> Self {
        Self {
            rung: *RUNGS.get(usize::from(code / 2)).unwrap_or(&Rung::Prompt),
            limit: if code.is_multiple_of(2) {
                Limit::MaxTokens
            } else {
                Limit::MaxCompletionTokens
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_dialect_has_a_number_of_its_own() {
        for code in 0..8 {
            assert_eq!(Dialect::from_code(code).code(), code);
        }
        assert_eq!(Dialect::from_code(0), Dialect::FIRST);
    }

    #[test]
    fn goes_down_rung_by_rung_and_ends() {
        let mut dialect = Dialect::FIRST;
        let mut walked = vec![dialect.rung];
        while let Some(next) = dialect.without(NotTaken::Schema) {
            walked.push(next.rung);
            dialect = next;
        }
        assert_eq!(walked, RUNGS);
    }

    #[test]
    fn tries_the_other_name_of_the_limit_once_and_keeps_the_rung() {
        let other = Dialect::FIRST.without(NotTaken::Limit).expect("another name");
        assert_eq!(
            (other.rung, other.limit),
            (Rung::JsonSchema, Limit::MaxCompletionTokens)
        );
        let next = other.without(NotTaken::Limit).expect("another rung");
        assert_eq!((next.rung, next.limit), (Rung::JsonObject, Limit::MaxCompletionTokens));
    }
}
