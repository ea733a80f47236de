-- SQLite has no decimal type, and a real would lose cents: the score is text.
CREATE TABLE students (
  name  TEXT PRIMARY KEY CHECK (length(name) <= 100),
  score TEXT NOT NULL
);
