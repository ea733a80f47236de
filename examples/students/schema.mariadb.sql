-- The collation compares byte for byte, as the cache does.
CREATE TABLE students (
  name  varchar(100) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin PRIMARY KEY,
  score decimal(10, 2) NOT NULL
);
