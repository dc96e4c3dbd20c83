//! What a test runner says of its failed tests once it ran them all, kept so that it can be said again at the end of everything.

/// Reads a runner's output line by line.
#[derive(Default)]
pub struct Faults {
    telling: bool,
    lines: Vec<String>,
}

impl Faults {
    /// Keeps a line if it tells of failed tests: cargo's harness does between `failures:` and its result, Node's runner from
    /// `✖ failing tests:` to its end.
    pub fn see(&mut self, line: &str) {
        match line {
            "failures:" | "✖ failing tests:" => self.telling = true,
            _ if line.starts_with("test result: ") => self.telling = false,
            _ if self.telling && !line.is_empty() => self.lines.push(format!("  {line}\n")),
            _ => {}
        }
    }

    /// Gives what was kept, each line set in.
    pub fn told(self) -> String {
        self.lines.concat()
    }
}

#[cfg(test)]
mod promises {
    use super::Faults;

    fn told(output: &str) -> String {
        let mut faults = Faults::default();
        output.lines().for_each(|line| faults.see(line));
        faults.told()
    }

    #[test]
    fn what_cargo_says_of_failed_tests_is_kept() {
        let output = "test a ... FAILED\n\nfailures:\n\n---- a stdout ----\nleft: 1\n\nfailures:\n    a\n\n\
                      test result: FAILED. 0 passed; 1 failed\nrunning 2 tests\n";
        assert_eq!(told(output), "  ---- a stdout ----\n  left: 1\n      a\n");
    }

    #[test]
    fn what_node_says_of_failed_tests_is_kept() {
        let output = "✖ room (3ms)\nℹ fail 1\n\n✖ failing tests:\n\ntest at x.js:3:1\n✖ a (2ms)\n  Error: no\n";
        assert_eq!(told(output), "  test at x.js:3:1\n  ✖ a (2ms)\n    Error: no\n");
    }

    #[test]
    fn nothing_is_kept_where_nothing_failed() {
        assert_eq!(told("running 1 test\ntest a ... ok\n\ntest result: ok. 1 passed\n"), "");
    }
}
