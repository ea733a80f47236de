// SPDX-License-Identifier: Apache-2.0
#include "sql/check.h"

#include "sqlite_file.h"

namespace ringcache {
namespace {

using namespace ringcache::testing;
using Role = SqlStatement::Role;

std::string mistake(Role role, const StatementShape& shape) {
  return mistake_in({.role = role, .label = "x", .text = "x"}, shape);
}

TEST(CheckTest, SoundStatementsPass) {
  EXPECT_EQ(mistake(Role::get, {.parameters = {"key"}, .columns = {"score"}}), "");
  EXPECT_EQ(mistake(Role::put, {.parameters = {"value", "key"}, .writes = true}), "");
  EXPECT_EQ(mistake(Role::erase, {.parameters = {"key"}, .writes = true}), "");
}

TEST(CheckTest, AColumnNameThatIsNotUtf8IsRefused) {
  EXPECT_NE(mistake(Role::get, {.parameters = {"key"}, .columns = {"\xff"}}), "");
}

/// What rows() says of statements that are wrong.
class WrongStatementTest : public SchoolTest {
 protected:
  std::string complaint(const SqlStatements& statements) {
    const auto rows = open(options())->rows(statements);
    if (rows) return "none";
    EXPECT_EQ(rows.error().code, Errc::invalid_argument);
    return rows.error().message;
  }
  std::string of_get(const std::string& get) { return complaint({.group = "scores", .get = get}); }
  std::string of_put(const std::string& put) {
    SqlStatements statements = scores();
    statements.put = put;
    return complaint(statements);
  }
};

TEST_F(WrongStatementTest, TheComplaintNamesSourceGroupAndStatement) {
  EXPECT_EQ(of_get("SELECT scroe FROM students WHERE name = :key"),
            "source school, get of group scores: no such column: scroe");
  EXPECT_EQ(of_put("UPDATE student SET score = :value WHERE name = :key"),
            "source school, put of group scores: no such table: student");
}

TEST_F(WrongStatementTest, UnknownParametersAreNamed) {
  const std::string where = "source school, get of group scores: unknown parameter '";
  EXPECT_EQ(of_get("SELECT score FROM students WHERE name = :kye"), where + "kye': there is :key");
  EXPECT_EQ(of_get("SELECT score FROM students WHERE name = ? OR name = :key"),
            where + "?': there is :key");
  EXPECT_EQ(of_get("SELECT score FROM students WHERE name = @key"), where + "@key': there is :key");
  EXPECT_EQ(of_get("SELECT :value FROM students WHERE name = :key"),
            where + "value': there is :key");
}

TEST_F(WrongStatementTest, AParameterInATextOrACommentIsNone) {
  EXPECT_EQ(of_get("SELECT ':key' AS k FROM students -- :key"),
            "source school, get of group scores: it does not use :key");
}

TEST_F(WrongStatementTest, WritesMustUseKeyAndValue) {
  EXPECT_EQ(of_put("UPDATE students SET score = :value"),
            "source school, put of group scores: it does not use :key");
  EXPECT_EQ(of_put("UPDATE students SET score = 1 WHERE name = :key"),
            "source school, put of group scores: it does not use :value");
}

TEST_F(WrongStatementTest, AGetMustReadAndAWriteMustWrite) {
  EXPECT_EQ(of_get("DELETE FROM students WHERE name = :key"),
            "source school, get of group scores: it writes, but a get only reads");
  EXPECT_EQ(of_put("SELECT :key, :value"), "source school, put of group scores: it does not write");
  EXPECT_NE(of_put("UPDATE students SET score = :value WHERE name = :key RETURNING score")
                .find("leave RETURNING out"),
            std::string::npos);
}

TEST_F(WrongStatementTest, OnlyOneStatementIsTaken) {
  const std::string get = "SELECT score FROM students WHERE name = :key";
  EXPECT_EQ(of_get(get + "; -- the score"), "none");
  EXPECT_EQ(of_get(get + "; DROP TABLE students"),
            "source school, get of group scores: it is more than one statement");
  EXPECT_EQ(of_get("-- nothing"), "source school, get of group scores: it is empty");
}

TEST_F(WrongStatementTest, ColumnsNeedNamesOfTheirOwn) {
  EXPECT_NE(of_get("SELECT name, score, name FROM students WHERE name = :key").find("'name'"),
            std::string::npos);
}

TEST_F(WrongStatementTest, AGetIsNeededAndNulIsRefused) {
  EXPECT_EQ(of_get(""), "source school, group scores: a get statement is needed");
  EXPECT_EQ(of_get(std::string("SELECT 1 WHERE :key\0 <> ''", 25)),
            "source school, group scores: a statement must not hold NUL");
}

}  // namespace
}  // namespace ringcache
