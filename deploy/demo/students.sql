-- SPDX-License-Identifier: Apache-2.0
-- The school of the demo: names to look up, and a score each. One of them has no score yet, which
-- is not the same as not being there.
PRAGMA encoding = 'UTF-8';
PRAGMA journal_mode = WAL;  -- three nodes read while one of them writes

CREATE TABLE students (
  name  TEXT PRIMARY KEY NOT NULL,
  score INTEGER
) WITHOUT ROWID;

INSERT INTO students (name, score) VALUES
  ('张三', 100), ('李四', 90), ('王五', 85), ('赵六', 78), ('孙七', 92), ('周八', 66),
  ('吴九', 73), ('郑十', 88), ('冯十一', 59), ('陈静', 97), ('褚卫', 81), ('蒋雨', 70),
  ('沈星', 95), ('韩梅梅', 99), ('李雷', 64), ('杨帆', 83), ('朱明', 77), ('秦岚', 91),
  ('许诺', 86), ('何晴', 94), ('吕布', 42), ('施诗', 89), ('欧阳修', 98), ('司马光', 96),
  ('Tom', 630), ('Jack', 589), ('Sam', 567), ('Emma Moore', 71), ('José', 80), ('Zoë', 75),
  ('新同学', NULL);
